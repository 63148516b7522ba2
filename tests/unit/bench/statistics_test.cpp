#include "ringbench/statistics.hpp"

#include "common/random.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;

TEST_SUITE("bench/statistics") {
  TEST_CASE("the median, of odd and even numbers of samples") {
    CHECK(median({}) == 0);
    CHECK(median({5}) == 5);
    CHECK(median({9, 1, 5}) == 5);
    CHECK(median({9, 1, 5, 7}) == 6);
  }

  TEST_CASE("the range of equal samples is a point, and that of none is nothing") {
    const Estimate equal = estimate(std::vector<double>(20, 3.5), 1);
    CHECK(equal.median == 3.5);
    CHECK(equal.low == 3.5);
    CHECK(equal.high == 3.5);
    CHECK(estimate({}, 1).high == 0);
  }

  TEST_CASE("about 95 of 100 ranges hold the true median, whatever the tail") {
    // Exponential times, whose median is ln 2.
    Random random(3);
    int held = 0;
    constexpr int experiments = 400;
    for (int experiment = 0; experiment < experiments; ++experiment) {
      std::vector<double> samples;
      for (int i = 0; i < 40; ++i) samples.push_back(-std::log(1 - Random::unit(random())));
      const Estimate range = estimate(samples, static_cast<std::uint64_t>(experiment));
      CHECK(range.low <= range.median);
      CHECK(range.median <= range.high);
      held += range.low <= std::log(2.0) && std::log(2.0) <= range.high ? 1 : 0;
    }
    CHECK(held >= experiments * 91 / 100);
    CHECK(held <= experiments * 99 / 100);
  }
}
