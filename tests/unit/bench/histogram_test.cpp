#include "common/histogram.hpp"

#include <cstdint>

#include <doctest/doctest.h>

using rc::bench::Histogram;

TEST_SUITE("bench/histogram") {
  TEST_CASE("an empty one has no values") {
    const Histogram empty;
    CHECK(empty.count() == 0);
    CHECK(empty.max() == 0);
    CHECK(empty.percentile(0.5) == 0);
  }

  TEST_CASE("small values are exact") {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 50; ++value) histogram.add(value);
    CHECK(histogram.percentile(0.5) == 25);
    CHECK(histogram.percentile(0.02) == 1);
    CHECK(histogram.percentile(1.0) == 50);
  }

  TEST_CASE("a percentile is never too low, and at most 0.1 % too high") {
    for (std::uint64_t value = 1; value < 1'000'000'000'000; value = value * 9 / 8 + 1) {
      CAPTURE(value);
      Histogram histogram;
      histogram.add(value);
      histogram.add(~std::uint64_t{0});
      CHECK(histogram.percentile(0.5) >= value);
      CHECK(histogram.percentile(0.5) <= value + value / 1023);
    }
  }

  TEST_CASE("of three values, 99 % do not exceed the third") {
    Histogram histogram;
    for (const std::uint64_t value : {1U, 2U, 3U}) histogram.add(value);
    CHECK(histogram.percentile(0.99) == 3);
    CHECK(histogram.percentile(0.5) == 2);
    CHECK(histogram.mean() == 2.0);
  }

  TEST_CASE("two add up as if one had had all values, and can be emptied") {
    Histogram both, odd, even;
    for (std::uint64_t value = 1; value < 1'000'000; value = value * 5 / 4 + 1) {
      both.add(value);
      (value % 2 == 0 ? even : odd).add(value);
    }
    odd.merge(even);
    CHECK(odd.count() == both.count());
    CHECK(odd.mean() == both.mean());
    CHECK(odd.max() == both.max());
    for (const double share : {0.1, 0.5, 0.9, 0.999}) {
      CHECK(odd.percentile(share) == both.percentile(share));
    }
    odd.clear();
    CHECK(odd.count() == 0);
    CHECK(odd.percentile(1.0) == 0);
  }

  TEST_CASE("the maximum is exact, whatever it is") {
    Histogram histogram;
    histogram.add(1'234'567);
    histogram.add(~std::uint64_t{0});
    CHECK(histogram.max() == ~std::uint64_t{0});
    CHECK(histogram.percentile(1.0) == ~std::uint64_t{0});
    CHECK(histogram.count() == 2);
  }
}
