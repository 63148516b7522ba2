// Makes use of freed memory visible in tests: bytes of free chunks are 0xDD under RC_POISON, and
// unreadable under the address sanitizer. In other builds all of this is nothing.
// Thread: any.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define RC_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RC_ASAN 1
#endif
#endif

#ifdef RC_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace rc::store {

inline void poison([[maybe_unused]] std::byte* at, [[maybe_unused]] std::size_t bytes) {
#ifdef RC_POISON
  std::memset(at, 0xDD, bytes);
#endif
#ifdef RC_ASAN
  __asan_poison_memory_region(at, bytes);
#endif
}

inline void unpoison([[maybe_unused]] std::byte* at, [[maybe_unused]] std::size_t bytes) {
#ifdef RC_ASAN
  __asan_unpoison_memory_region(at, bytes);
#endif
}

}  // namespace rc::store
