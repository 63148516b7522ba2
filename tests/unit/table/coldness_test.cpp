#include "table/coldness.hpp"

#include <doctest/doctest.h>

using rc::table::Coldness;

namespace {

// A cache of 800, so that a window is 100 insertions.
constexpr std::uint64_t held = 800;

// Lets `count` windows end, in each of which so many of 2000 items were read.
void pass(Coldness& coldness, std::uint64_t& inserted, unsigned count, std::uint32_t read) {
  for (unsigned i = 0; i < count; ++i) {
    inserted += held / Coldness::windows_per_cache;
    coldness.note({.items = 2000, .read = read});
    CHECK(coldness.judge(inserted, held));
  }
}

}  // namespace

TEST_SUITE("table/coldness") {
  TEST_CASE("main yields after five windows in which hardly any of it was read") {
    Coldness coldness;
    std::uint64_t inserted = 0;
    pass(coldness, inserted, 10, 100);
    CHECK_FALSE(coldness.main_yields());
    pass(coldness, inserted, 4, 1);
    CHECK_FALSE(coldness.main_yields());
    pass(coldness, inserted, 1, 1);
    CHECK(coldness.main_yields());
    pass(coldness, inserted, 1, 20);
    CHECK_FALSE(coldness.main_yields());
  }

  TEST_CASE("reads within a scan begin the count anew") {
    Coldness coldness;
    std::uint64_t inserted = 0;
    for (int i = 0; i < 3; ++i) {
      pass(coldness, inserted, 4, 0);
      pass(coldness, inserted, 1, 100);
    }
    CHECK_FALSE(coldness.main_yields());
  }

  TEST_CASE("a window ends when an eighth of the cache was inserted and enough was seen") {
    Coldness coldness;
    CHECK_FALSE(coldness.judge(1000, held));
    coldness.note({.items = 600, .read = 0});
    CHECK(coldness.judge(1000, held));
    coldness.note({.items = 600, .read = 0});
    CHECK_FALSE(coldness.judge(1099, held));
    CHECK(coldness.judge(1100, held));
  }

  TEST_CASE("a small main is sampled whole, a large one in part") {
    std::size_t sampled = 0;
    for (std::size_t segment = 0; segment < 1024; ++segment) {
      CHECK(Coldness::samples(segment, 1000));
      if (Coldness::samples(segment, 1'000'000)) ++sampled;
    }
    CHECK(sampled == 64);
  }
}
