// The two clocks of the house.
//
// `UnixSeconds` is the wall clock in whole seconds, the resolution of memcached's expiry. 32 bits
// last until 2106. `Nanoseconds` is the monotonic clock, for durations. A worker reads both once
// per loop turn and hands them down: nothing on the request path asks the system for the time.
// Thread: any.
#pragma once

#include <cstdint>

namespace rc {

enum class UnixSeconds : std::uint32_t {};
using Nanoseconds = std::uint64_t;

[[nodiscard]] constexpr std::uint32_t count(UnixSeconds s) {
  return static_cast<std::uint32_t>(s);
}

struct Instant {
  UnixSeconds wall{};
  Nanoseconds monotonic_ns = 0;
};

[[nodiscard]] Instant read_clocks() noexcept;

// The wall clock as finely as anybody is shown it. For what is written down and read by people, off
// the request path.
struct WallTime {
  UnixSeconds seconds{};
  std::uint32_t microseconds = 0;
};

[[nodiscard]] WallTime read_wall_time() noexcept;

}  // namespace rc
