// Marsaglia's xorshift64: a few cycles per number, and the same numbers in every run, so that
// repeats do the same work.
// Thread: one.
#pragma once

#include <cstdint>

namespace rc::bench {

class Random {
 public:
  Random() = default;
  // Neighbouring seeds give unrelated sequences.
  explicit Random(std::uint64_t seed) : state_(mixed(seed) | 1U) {}

  // The finalizer of splitmix64: a good hash of a number.
  [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t bits) {
    bits += 0x9E37'79B9'7F4A'7C15U;
    bits = (bits ^ (bits >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D0'49BB'1331'11EBU;
    return bits ^ (bits >> 31U);
  }
  // The upper bits of a random number, scaled to [0, 1).
  [[nodiscard]] static constexpr double unit(std::uint64_t bits) {
    return static_cast<double>(bits >> 11U) * 0x1.0p-53;
  }

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
