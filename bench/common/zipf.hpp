// Random ranks by Zipf's law: rank r is drawn with a weight of 1 / (r + 1)^exponent. An exponent
// of 0 makes all ranks alike.
//
// Exact and slow (a binary search in 8 bytes per rank): for drawing before something is measured.
//
// Thread: any; const after construction.
#pragma once

#include <cstdint>
#include <vector>

namespace rc::bench {

class Zipf {
 public:
  Zipf(std::uint64_t ranks, double exponent);

  // `random` is any 64 random bits.
  [[nodiscard]] std::uint64_t operator()(std::uint64_t random) const;

 private:
  std::vector<double> weight_up_to_;  // Of all ranks up to and with this one.
};

}  // namespace rc::bench
