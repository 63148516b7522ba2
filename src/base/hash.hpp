// Hashing of keys: the house's only door to xxHash.
//
// XXH3 with a seed drawn at random per process, so that nobody outside can aim keys at one bucket.
// Thread: any; a Hasher is immutable after construction.
#pragma once

#include <cstdint>
#include <string_view>

namespace rc {

// The 64-bit hash of a key. The table takes the bucket from the low bits and the tag from the top
// sixteen, so all bits must be good.
struct Hash {
  std::uint64_t value = 0;

  friend bool operator==(Hash, Hash) = default;
};

class Hasher {
 public:
  explicit Hasher(std::uint64_t seed) : seed_(seed) {}

  // A hasher with a seed from the system's random source.
  [[nodiscard]] static Hasher random();

  [[nodiscard]] Hash operator()(std::string_view key) const noexcept;

 private:
  std::uint64_t seed_;
};

}  // namespace rc
