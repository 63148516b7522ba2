// When the next request is due in an open loop: at a steady rate, or at random moments of that
// average (a Poisson process), whatever the server does.
//
// Thread: one.
#pragma once

#include "common/random.hpp"

#include <cmath>
#include <cstdint>

namespace rc::bench {

enum class Arrivals : std::uint8_t { poisson, constant };

class Pace {
 public:
  // Requires: rate > 0, in requests per second.
  Pace(double rate, Arrivals arrivals, std::uint64_t start_ns, std::uint64_t seed)
      : gap_ns_(1e9 / rate), arrivals_(arrivals), random_(seed), start_ns_(start_ns) {
    advance();
  }

  [[nodiscard]] std::uint64_t due_ns() const {
    return start_ns_ + static_cast<std::uint64_t>(offset_ns_);
  }
  // On to the next request.
  void advance() {
    const bool is_random = arrivals_ == Arrivals::poisson;
    // 1 - unit is never 0.
    offset_ns_ += is_random ? -std::log(1.0 - Random::unit(random_())) * gap_ns_ : gap_ns_;
  }

 private:
  double gap_ns_;
  Arrivals arrivals_;
  Random random_;
  std::uint64_t start_ns_;
  double offset_ns_ = 0;  // From the start; a double is exact to the nanosecond for 100 days.
};

}  // namespace rc::bench
