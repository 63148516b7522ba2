// The cache line, the unit in which cores share memory and fight over it.
#pragma once

#include <cstddef>

namespace rc {

// clang 14 lacks std::hardware_destructive_interference_size; every CPU we run on has 64.
inline constexpr std::size_t cache_line_bytes = 64;

// Tells the CPU that the line at `address` will be read soon. Any address is allowed.
inline void prefetch(const void* address) noexcept {
  __builtin_prefetch(address, 0, 3);
}

// The same for a line that will be written.
inline void prefetch_for_writing(const void* address) noexcept {
  __builtin_prefetch(address, 1, 3);
}

}  // namespace rc
