// Which rate to try next in the search for the highest one that holds a goal: from the saturation
// rate down, or up while it holds, then between the highest that held and the lowest that did not
// until they are 3 % apart.
//
// Thread: any; no clocks, no servers.
#pragma once

#include <cstddef>
#include <optional>

namespace rc::bench {

class RateSearch {
 public:
  // `saturation`: what a closed loop reached, a first guess.
  explicit RateSearch(double saturation) : least_(saturation * 0.02), next_(saturation * 0.8) {}

  // Nothing once the rate is known as well as it will be.
  [[nodiscard]] std::optional<double> next() const;
  void tried(bool held);
  // The highest rate that held; 0 where none did.
  [[nodiscard]] double best() const { return held_; }

 private:
  double least_;  // Below it, nothing is worth finding.
  double next_;
  double held_ = 0;
  std::optional<double> missed_;
  std::size_t trials_ = 0;
};

}  // namespace rc::bench
