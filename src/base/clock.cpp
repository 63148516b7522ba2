#include "base/clock.hpp"

#include <ctime>

namespace rc {

namespace {

timespec read(clockid_t id) noexcept {
  timespec now{};
  // Cannot fail for the two clocks asked for here.
  clock_gettime(id, &now);
  return now;
}

}  // namespace

Instant read_clocks() noexcept {
  const timespec wall = read(CLOCK_REALTIME);
  const timespec steady = read(CLOCK_MONOTONIC);
  return Instant{
      .wall = UnixSeconds{static_cast<std::uint32_t>(wall.tv_sec)},
      .monotonic_ns = static_cast<Nanoseconds>(steady.tv_sec) * 1'000'000'000U +
                      static_cast<Nanoseconds>(steady.tv_nsec),
  };
}

WallTime read_wall_time() noexcept {
  const timespec wall = read(CLOCK_REALTIME);
  return WallTime{
      .seconds = UnixSeconds{static_cast<std::uint32_t>(wall.tv_sec)},
      .microseconds = static_cast<std::uint32_t>(wall.tv_nsec / 1000),
  };
}

}  // namespace rc
