// Marsaglia's xorshift64: a few cycles per number, and the same numbers in every run, so that
// repeats do the same work.
// Thread: one.
#pragma once

#include <cstdint>

namespace rc::bench {

class Random {
 public:
  std::uint64_t operator()() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
  }

 private:
  std::uint64_t state_ = 0x9E37'79B9'7F4A'7C15U;
};

}  // namespace rc::bench
