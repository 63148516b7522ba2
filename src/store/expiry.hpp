// When an item dies: memcached's expiry times, read once at the border and absolute from there on.
// Thread: any; plain values.
#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace rc::store {

// The second in which an item becomes invisible. `never` is 0 because that is what nearly every
// item has and what a zeroed header says; `expired` lies so far in the past that it always is.
enum class Expiry : std::uint32_t { never = 0, expired = 1 };

[[nodiscard]] constexpr std::uint32_t count(Expiry e) {
  return static_cast<std::uint32_t>(e);
}

[[nodiscard]] constexpr bool has_passed(Expiry e, UnixSeconds now) {
  return e != Expiry::never && count(e) <= count(now);
}

// The exptime of a request. 0 never expires, a negative one is expired at once, up to 30 days it
// counts from now, above that it is a point in time. Points beyond 2106 are clamped.
[[nodiscard]] constexpr Expiry expiry_from_wire(std::int64_t exptime, UnixSeconds now) {
  constexpr std::int64_t relative_max = 60 * 60 * 24 * 30;
  constexpr std::int64_t latest = UINT32_MAX;
  if (exptime == 0) return Expiry::never;
  if (exptime < 0) return Expiry::expired;
  const std::int64_t point = exptime <= relative_max ? exptime + count(now) : exptime;
  return Expiry{static_cast<std::uint32_t>(point < latest ? point : latest)};
}

// Seconds left, or -1 for an item that never expires: what `mg t` and the dumps print.
[[nodiscard]] constexpr std::int64_t seconds_left(Expiry e, UnixSeconds now) {
  if (e == Expiry::never) return -1;
  return has_passed(e, now) ? 0 : std::int64_t{count(e)} - std::int64_t{count(now)};
}

}  // namespace rc::store
