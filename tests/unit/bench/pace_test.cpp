#include "ringbench/pace.hpp"

#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

using namespace rc::bench;

TEST_SUITE("bench/pace") {
  TEST_CASE("constant: one every gap, the first after one gap") {
    Pace pace(1000, Arrivals::constant, 5'000'000'000, 1);
    for (std::uint64_t request = 1; request <= 5000; ++request, pace.advance()) {
      CHECK(pace.due_ns() == 5'000'000'000 + request * 1'000'000);
    }
  }

  TEST_CASE("poisson: gaps of the wanted mean, exponentially distributed") {
    Pace pace(1000, Arrivals::poisson, 0, 7);
    constexpr int requests = 100'000;
    std::uint64_t last = 0;
    int longer_than_mean = 0;
    int longer_than_twice = 0;
    for (int request = 0; request < requests; ++request, pace.advance()) {
      const std::uint64_t gap = pace.due_ns() - last;
      last = pace.due_ns();
      longer_than_mean += gap > 1'000'000 ? 1 : 0;
      longer_than_twice += gap > 2'000'000 ? 1 : 0;
    }
    CHECK(static_cast<double>(last) / requests == doctest::Approx(1e6).epsilon(0.02));
    CHECK(longer_than_mean == doctest::Approx(requests * std::exp(-1.0)).epsilon(0.02));
    CHECK(longer_than_twice == doctest::Approx(requests * std::exp(-2.0)).epsilon(0.04));
  }

  TEST_CASE("another seed, another sequence") {
    CHECK(
        Pace(1000, Arrivals::poisson, 0, 1).due_ns() != Pace(1000, Arrivals::poisson, 0, 2).due_ns()
    );
  }
}
