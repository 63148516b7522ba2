#include "common/server_figures.hpp"

#include <doctest/doctest.h>

using rc::bench::parse_stats;
using rc::bench::value_of;

TEST_SUITE("bench/server_figures") {
  TEST_CASE("numbers are kept, other values are left out") {
    const auto stats = parse_stats("STAT bytes 123\r\nSTAT version 2.0.0\r\nSTAT x 7\r\nEND\r\n");
    REQUIRE(stats);
    CHECK(stats->size() == 2);
    CHECK(value_of(*stats, "bytes") == 123);
    CHECK(value_of(*stats, "x") == 7);
    CHECK(value_of(*stats, "version") == 0);
  }

  TEST_CASE("an answer without lines is an answer") {
    const auto stats = parse_stats("END\r\n");
    REQUIRE(stats);
    CHECK(stats->empty());
  }

  TEST_CASE("a cut answer and an error are none") {
    CHECK_FALSE(parse_stats(""));
    CHECK_FALSE(parse_stats("STAT bytes 123\r\n"));
    CHECK_FALSE(parse_stats("ERROR\r\n"));
    CHECK_FALSE(parse_stats("STAT bytes 123\r\nERROR\r\n"));
  }
}
