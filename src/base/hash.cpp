#include "base/hash.hpp"

#include <random>

// Inlined so that the short keys of a cache are hashed without a call into the shared library.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rc {

Hasher Hasher::random() {
  std::random_device device;
  const std::uint64_t high = device();
  return Hasher{high << 32U | device()};
}

Hash Hasher::operator()(std::string_view key) const noexcept {
  return Hash{XXH3_64bits_withSeed(key.data(), key.size(), seed_)};
}

}  // namespace rc
