#include "shift/phases.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

using rc::bench::bytes_of;
using rc::bench::newest;
using rc::bench::object_number;
using rc::bench::parse_phase;
using rc::bench::Phase;
using rc::bench::size_of;

namespace {

Phase phase(const char* text) {
  const auto parsed = parse_phase(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_SUITE("bench/phases") {
  TEST_CASE("a phase is a size or a range") {
    CHECK(phase("700").size_min_bytes == 700);
    CHECK(phase("700").size_max_bytes == 700);
    CHECK(phase("50-100000").size_min_bytes == 50);
    CHECK(phase("50-100000").size_max_bytes == 100'000);
  }

  TEST_CASE("what is neither is refused") {
    for (const char* text : {"", "0", "x", "5-", "-5", "9-5", "5-9-12", "5 - 9"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_phase(text));
    }
  }

  TEST_CASE("an object's size is the same whenever it is asked, key and value count") {
    const Phase mixed = phase("50-100000");
    CHECK(size_of(mixed, 77) == size_of(mixed, 77));
    CHECK(bytes_of(mixed, 77) == size_of(mixed, 77) + 16);
    CHECK(size_of(phase("4096"), 5) == 4096);
  }

  TEST_CASE("sizes of a range keep to it, and every doubling gets as many") {
    const Phase mixed = phase("64-65536");
    std::vector<int> doublings(10, 0);
    for (std::uint64_t number = 0; number < 100'000; ++number) {
      const std::size_t size = size_of(mixed, number);
      REQUIRE(size >= 64);
      REQUIRE(size <= 65536);
      std::size_t doubling = 0;
      while (size >> (doubling + 7) != 0 && doubling < 9) ++doubling;
      ++doublings[doubling];
    }
    for (const int each : doublings) CHECK(std::abs(each - 10'000) < 700);
  }

  TEST_CASE("no two phases share an object, and fifteen digits hold them") {
    CHECK(object_number(0, 9'999'999'999'999) < object_number(1, 0));
    CHECK(object_number(20, 9'999'999'999'999) < 1'000'000'000'000'000);
  }

  TEST_CASE("the newest objects are those that make up the bytes, newest first") {
    // Of 116 bytes each.
    CHECK(newest(phase("100"), 10, 3 * 116, 100) == std::vector<std::uint64_t>{9, 8, 7});
    CHECK(newest(phase("100"), 10, 3 * 116 - 50, 100) == std::vector<std::uint64_t>{9, 8, 7});
    CHECK(newest(phase("100"), 2, 1'000'000, 100) == std::vector<std::uint64_t>{1, 0});
    CHECK(newest(phase("100"), 0, 1'000'000, 100).empty());
  }

  TEST_CASE("too many of them are thinned out evenly") {
    CHECK(newest(phase("100"), 10, 10 * 116, 4) == std::vector<std::uint64_t>{9, 6, 3, 0});
    CHECK(newest(phase("100"), 1'000'000, 900'000 * 116, 1000).size() <= 1000);
  }
}
