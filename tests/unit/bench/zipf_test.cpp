#include "common/zipf.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using rc::bench::Zipf;

namespace {

std::vector<int> drawn(const Zipf& zipf, std::uint64_t ranks, int draws) {
  std::mt19937_64 random(7);
  std::vector<int> counts(ranks, 0);
  for (int i = 0; i < draws; ++i) ++counts[zipf(random())];
  return counts;
}

}  // namespace

TEST_SUITE("bench/zipf") {
  TEST_CASE("with exponent 1 the first of four ranks comes 12 times of 25") {
    // 1 + 1/2 + 1/3 + 1/4 = 25/12.
    const std::vector<int> counts = drawn(Zipf(4, 1.0), 4, 25'000);
    CHECK(counts[0] == doctest::Approx(12'000).epsilon(0.03));
    CHECK(counts[1] == doctest::Approx(6000).epsilon(0.05));
    CHECK(counts[3] == doctest::Approx(3000).epsilon(0.06));
  }

  TEST_CASE("with exponent 0 all ranks are alike") {
    for (const int count : drawn(Zipf(10, 0.0), 10, 100'000)) {
      CHECK(count == doctest::Approx(10'000).epsilon(0.05));
    }
  }

  TEST_CASE("the ends of the range are the first and the last rank") {
    const Zipf zipf(1000, 0.99);
    CHECK(zipf(0) == 0);
    CHECK(zipf(~std::uint64_t{0}) == 999);
  }
}
