#include "table/probation_share.hpp"

#include <doctest/doctest.h>

using rc::table::ProbationShare;

TEST_SUITE("table/probation_share") {
  TEST_CASE("returns to probation widen it, returns to main narrow it") {
    ProbationShare share(0.3);
    share.learn(30, 0, 1000);
    const double wider = share.value();
    CHECK(wider > 0.3);
    share.learn(30, 30, 1000);
    CHECK(share.value() < wider);
  }

  TEST_CASE("one return to main weighs about as much as three to probation") {
    ProbationShare share(0.3);
    share.learn(300, 110, 1'000'000);
    CHECK(share.value() == doctest::Approx(0.3));
  }

  TEST_CASE("only what is new counts") {
    ProbationShare share(0.3);
    share.learn(30, 10, 1000);
    const double once = share.value();
    share.learn(30, 10, 1000);
    CHECK(share.value() == once);
  }

  TEST_CASE("neither side is ever given up") {
    ProbationShare share(0.3);
    share.learn(100'000, 0, 100);
    CHECK(share.value() == ProbationShare::share_max);
    share.learn(100'000, 100'000, 100);
    CHECK(share.value() == ProbationShare::share_min);
  }
}
