#include "ringbench/units.hpp"

#include "ringbench/fifo.hpp"

#include <deque>

#include <doctest/doctest.h>

using namespace rc::bench;

TEST_SUITE("bench/units") {
  TEST_CASE("durations are read") {
    CHECK(parse_duration("30s") == 30'000'000'000);
    CHECK(parse_duration("30") == 30'000'000'000);
    CHECK(parse_duration("1.5s") == 1'500'000'000);
    CHECK(parse_duration("500ms") == 500'000'000);
    CHECK(parse_duration("250us") == 250'000);
    CHECK(parse_duration("2m") == 120'000'000'000);
    CHECK(parse_duration("0") == 0);
    for (const char* text : {"", "s", "-1s", "1h", "1 s", "1s ", "nan", "1e99"}) {
      CHECK(!parse_duration(text));
    }
  }

  TEST_CASE("durations and numbers are written") {
    CHECK(format_duration(30'000'000'000) == "30 s");
    CHECK(format_duration(1'234'567) == "1.23 ms");
    CHECK(format_duration(999) == "0.999 us");
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1'234'567) == "1,234,567");
    CHECK(formatted("%d %s", 7, "x") == "7 x");
  }

  TEST_CASE("a fifo gives back in order, however it is filled and emptied") {
    Fifo<int> fifo;
    std::deque<int> model;
    for (int i = 0; i < 20'000; ++i) {
      fifo.push(i);
      model.push_back(i);
      if (i % 3 != 0) {
        REQUIRE(fifo.front() == model.front());
        fifo.pop();
        model.pop_front();
      }
      REQUIRE(fifo.size() == model.size());
    }
    while (!fifo.empty()) {
      REQUIRE(fifo.items()[0] == model.front());
      fifo.pop();
      model.pop_front();
    }
    CHECK(model.empty());
  }
}
