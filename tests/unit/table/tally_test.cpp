#include "table/tally.hpp"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

using rc::table::Count;
using rc::table::Tally;

TEST_SUITE("table/tally") {
  TEST_CASE("additions of many threads add up") {
    Tally tally(3);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          tally.add(Count::probation);
          tally.add(Count::main, 2);
          tally.add(Count::probation, i % 2 == 0 ? -1 : 0);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(tally.sum(Count::probation) == 2000);
    CHECK(tally.items().all == 10'000);
    CHECK(tally.sum(Count::promotions) == 0);
  }

  TEST_CASE("a count that is short for a moment reads as zero") {
    Tally tally(1);
    tally.add(Count::main, -1);
    CHECK(tally.sum(Count::main) == 0);
  }
}
