#include "ringbench/rate_search.hpp"

#include <doctest/doctest.h>

using rc::bench::RateSearch;

namespace {

// What the search finds where every rate up to `limit` holds.
double found(double saturation, double limit) {
  RateSearch search(saturation);
  int trials = 0;
  while (const auto rate = search.next()) {
    search.tried(*rate <= limit);
    REQUIRE(++trials <= 14);
  }
  return search.best();
}

}  // namespace

TEST_SUITE("bench/rate_search") {
  TEST_CASE("the highest rate that holds is found within 3 %, below and above the first guess") {
    for (const double limit : {20'000.0, 50'000.0, 79'000.0, 81'000.0, 100'000.0, 250'000.0}) {
      CAPTURE(limit);
      const double best = found(100'000, limit);
      CHECK(best <= limit);
      CHECK(best >= limit / 1.03);
    }
  }

  TEST_CASE("where no rate holds, it ends soon and says so") {
    CHECK(found(100'000, 0) == 0);
    RateSearch search(100'000);
    int trials = 0;
    for (; search.next(); ++trials) search.tried(false);
    CHECK(trials == 6);  // 80, 40, 20, 10, 5 and 2.5 thousand.
  }
}
