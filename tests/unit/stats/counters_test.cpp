#include "stats/counters.hpp"

#include <doctest/doctest.h>

using rc::stats::Counters;
using rc::stats::Metric;
using rc::stats::Snapshot;

TEST_SUITE("stats/counters") {
  TEST_CASE("snapshots of several workers add up") {
    Counters a;
    Counters b;
    a.add(Metric::get_hits);
    b.add(Metric::get_hits, 2);
    b.add(Metric::get_misses);
    Snapshot sum = a.read();
    sum += b.read();
    CHECK(sum[Metric::get_hits] == 3);
    CHECK(sum[Metric::get_misses] == 1);
  }

  TEST_CASE("a reset subtracts what was counted before it") {
    Counters c;
    c.add(Metric::cmd_set, 5);
    const Snapshot base = c.read();
    c.add(Metric::cmd_set, 2);
    Snapshot now = c.read();
    now -= base;
    CHECK(now[Metric::cmd_set] == 2);
  }

  TEST_CASE("metric names are valid in a stats reply") {
    for (const auto& metric : rc::stats::metrics) {
      CHECK(metric.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
      CHECK_FALSE(metric.help.empty());
    }
  }
}
