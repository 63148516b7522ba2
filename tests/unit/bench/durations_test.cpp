#include "micro/durations.hpp"

#include <cstdint>
#include <initializer_list>

#include <doctest/doctest.h>

using rc::bench::Durations;

namespace {

void repeat(Durations& durations, std::initializer_list<std::uint64_t> each) {
  durations.begin_repeat();
  for (const std::uint64_t ns : each) durations.add(ns);
}

}  // namespace

TEST_SUITE("bench/durations") {
  TEST_CASE("a pause that comes once is left out, one that comes back is kept") {
    Durations durations(4);
    repeat(durations, {10, 9'000'000, 10, 5000});
    repeat(durations, {10, 11, 10, 5100});
    repeat(durations, {8'000'000, 10, 12, 5050});
    CHECK(durations.every_time().max() == 5000);
    CHECK(durations.every_time().percentile(0.5) == 10);
    CHECK(durations.every_time().count() == 4);
  }

  TEST_CASE("the first repeat is also kept as it was") {
    Durations durations(2);
    repeat(durations, {10, 9'000'000});
    repeat(durations, {10, 10});
    CHECK(durations.first().max() == 9'000'000);
    CHECK(durations.first().count() == 2);
  }

  TEST_CASE("there may be fewer operations than there is room for") {
    Durations durations(10);
    repeat(durations, {7});
    CHECK(durations.every_time().count() == 1);
    CHECK(durations.every_time().max() == 7);
  }

  TEST_CASE("what takes longer than 32 bits of nanoseconds is not made short") {
    Durations durations(1);
    repeat(durations, {std::uint64_t{1} << 33U});
    CHECK(durations.every_time().max() == 0xFFFF'FFFFU);
  }
}
