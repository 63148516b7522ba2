#include "base/clock.hpp"

#include <ctime>

#include <doctest/doctest.h>

namespace {

rc::Nanoseconds monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<rc::Nanoseconds>(now.tv_sec) * 1'000'000'000U +
         static_cast<rc::Nanoseconds>(now.tv_nsec);
}

}  // namespace

TEST_SUITE("base/clock") {
  TEST_CASE("the monotonic clock does not go back") {
    rc::Nanoseconds before = 0;
    for (int i = 0; i < 1000; ++i) {
      const rc::Nanoseconds now = rc::read_clocks().monotonic_ns;
      CHECK(now >= before);
      before = now;
    }
  }

  TEST_CASE("the wall clock counts the seconds since 1970") {
    const auto before = static_cast<std::uint32_t>(std::time(nullptr));
    const std::uint32_t now = count(rc::read_clocks().wall);
    const auto after = static_cast<std::uint32_t>(std::time(nullptr));
    // The two calls read clocks of different resolution: the coarse one may lag a tick behind.
    CHECK(now + 1 >= before);
    CHECK(now <= after + 1);
  }

  TEST_CASE("the wall time is the wall clock's second, and microseconds of it") {
    const std::uint32_t before = count(rc::read_clocks().wall);
    const rc::WallTime now = rc::read_wall_time();
    CHECK(count(now.seconds) >= before);
    CHECK(count(now.seconds) <= count(rc::read_clocks().wall));
    CHECK(now.microseconds < 1'000'000);
  }

  TEST_CASE("the monotonic clock is the system's, in nanoseconds") {
    const rc::Nanoseconds before = monotonic_ns();
    const rc::Nanoseconds now = rc::read_clocks().monotonic_ns;
    CHECK(now >= before);
    CHECK(now <= monotonic_ns());
  }
}
