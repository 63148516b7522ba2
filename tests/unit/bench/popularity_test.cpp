#include "ringbench/popularity.hpp"

#include "common/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;

namespace {

constexpr int draws = 400'000;

std::vector<int> counts_of(const char* text, std::uint64_t keys, std::uint64_t elapsed_ns = 0) {
  auto popularity = make_popularity(text, keys);
  REQUIRE(popularity);
  Random random(11);
  std::vector<int> counts(keys, 0);
  for (int i = 0; i < draws; ++i) ++counts[popularity.value()->draw(random(), elapsed_ns)];
  return counts;
}

}  // namespace

TEST_SUITE("bench/popularity") {
  TEST_CASE("uniform: all keys alike") {
    for (const int count : counts_of("uniform", 100)) {
      CHECK(count == doctest::Approx(draws / 100).epsilon(0.08));
    }
  }

  TEST_CASE("zipf: ranks come as often as the law says, below, at and above exponent 1") {
    for (const double exponent : {0.5, 0.99, 1.0, 1.3}) {
      CAPTURE(exponent);
      constexpr std::uint64_t ranks = 1000;
      constexpr int many = 5 * draws;
      const ZipfRanks zipf(ranks, exponent);
      Random random(5);
      std::vector<double> counts(ranks, 0);
      for (int i = 0; i < many; ++i) counts[zipf(random())] += 1;
      double all = 0;
      for (std::uint64_t rank = 1; rank <= ranks; ++rank) {
        all += std::pow(static_cast<double>(rank), -exponent);
      }
      for (const std::uint64_t rank : {1U, 2U, 3U, 10U}) {
        const double wanted = std::pow(static_cast<double>(rank), -exponent) / all * many;
        CHECK(counts[rank - 1] == doctest::Approx(wanted).epsilon(rank < 10 ? 0.02 : 0.04));
      }
      double tail = 0;
      double wanted_tail = 0;
      for (std::uint64_t rank = 501; rank <= ranks; ++rank) {
        tail += counts[rank - 1];
        wanted_tail += std::pow(static_cast<double>(rank), -exponent) / all * many;
      }
      CHECK(tail == doctest::Approx(wanted_tail).epsilon(0.02));
    }
  }

  TEST_CASE("zipf: one rank is always drawn, and the ends of the random numbers stay inside") {
    CHECK(ZipfRanks(1, 0.99)(12345) == 0);
    const ZipfRanks zipf(1000, 0.99);
    CHECK(zipf(0) < 1000);
    CHECK(zipf(~std::uint64_t{0}) < 1000);
  }

  TEST_CASE("zipf: keys are the ranks, spread, and each rank has its own") {
    const std::vector<int> counts = counts_of("zipf:1.2", 50);
    const auto most = std::max_element(counts.begin(), counts.end());
    double all = 0;
    for (int rank = 1; rank <= 50; ++rank) all += std::pow(rank, -1.2);
    CHECK(*most == doctest::Approx(draws / all).epsilon(0.02));
    for (const int count : counts) CHECK(count > 0);
  }

  TEST_CASE("hot: a share of the keys gets its share, and another one after the time") {
    const auto share_of = [](const std::vector<int>& counts, std::size_t from, std::size_t to) {
      double share = 0;
      for (std::size_t at = from; at < to; ++at) share += counts[at];
      return share / draws;
    };
    // A tenth of the other tenth of the requests falls on the hot keys too.
    CHECK(share_of(counts_of("hot:0.1:0.9:10", 100), 0, 10) == doctest::Approx(0.91).epsilon(0.01));
    const std::vector<int> later = counts_of("hot:0.1:0.9:10", 100, 10'000'000'000);
    CHECK(share_of(later, 10, 20) == doctest::Approx(0.91).epsilon(0.01));
    CHECK(share_of(later, 0, 10) == doctest::Approx(0.01).epsilon(0.1));
  }

  TEST_CASE("what is no popularity is refused, and the text is named") {
    for (const char* text :
         {"",
          "zip",
          "uniform:1",
          "zipf:x",
          "zipf:0",
          "zipf:-1",
          "zipf:1:2",
          "hot",
          "hot:0.1:0.9",
          "hot:2:0.9:1",
          "hot:0.1:1.1:1",
          "hot:0.1:0.9:0"}) {
      CAPTURE(text);
      const auto popularity = make_popularity(text, 10);
      REQUIRE(!popularity);
      CHECK(popularity.error().message.find("`" + std::string(text) + "`") == 0);
    }
  }
}
