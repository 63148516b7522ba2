#include "ringbench/value_sizes.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using rc::bench::ValueSizes;

namespace {

constexpr std::uint64_t objects = 400'000;

ValueSizes sizes_of(const char* text) {
  auto sizes = ValueSizes::parse(text);
  REQUIRE(sizes);
  return std::move(sizes).value();
}

// The share of objects with a size from `least` to `most`.
double share(const ValueSizes& sizes, std::uint32_t least, std::uint32_t most) {
  std::uint64_t count = 0;
  for (std::uint64_t object = 0; object < objects; ++object) {
    const std::uint32_t size = sizes.of(object);
    if (size >= least && size <= most) ++count;
  }
  return static_cast<double>(count) / objects;
}

}  // namespace

TEST_SUITE("bench/value_sizes") {
  TEST_CASE("one size; with a unit; and none") {
    CHECK(share(sizes_of("100"), 100, 100) == 1.0);
    CHECK(share(sizes_of("4k"), 4096, 4096) == 1.0);
    CHECK(share(sizes_of("0"), 0, 0) == 1.0);
  }

  TEST_CASE("a range: all sizes of it alike, both ends included") {
    const ValueSizes sizes = sizes_of("1-4");
    for (std::uint32_t size = 1; size <= 4; ++size) {
      CHECK(share(sizes, size, size) == doctest::Approx(0.25).epsilon(0.02));
    }
  }

  TEST_CASE("weights: each band gets its share") {
    const ValueSizes sizes = sizes_of("10:6,1000-2000:3,5k:1");
    CHECK(share(sizes, 10, 10) == doctest::Approx(0.6).epsilon(0.01));
    CHECK(share(sizes, 1000, 2000) == doctest::Approx(0.3).epsilon(0.02));
    CHECK(share(sizes, 5120, 5120) == doctest::Approx(0.1).epsilon(0.03));
  }

  TEST_CASE("an object's size is always the same") {
    const ValueSizes sizes = sizes_of("1-1000");
    for (std::uint64_t object = 0; object < 100; ++object) {
      CHECK(sizes.of(object) == sizes_of("1-1000").of(object));
    }
  }

  TEST_CASE("etc: the paper's shares of small values, and its Pareto tail") {
    const ValueSizes sizes = sizes_of("etc");
    CHECK(share(sizes, 2, 2) == doctest::Approx(0.1782).epsilon(0.02));
    CHECK(share(sizes, 11, 11) == doctest::Approx(0.08989).epsilon(0.03));
    CHECK(share(sizes, 1, 14) == doctest::Approx(0.43441).epsilon(0.01));
    // (1 + k x / s)^(-1 / k) of a generalized Pareto distribution is above x: 0.9332 for 15,
    // 0.3190 for 301, 0.0626 for 1001; sizes below 15 do not come from it.
    const double rest = 1.0 - 0.43441;
    CHECK(share(sizes, 301, 1 << 20) == doctest::Approx(rest * 0.3418).epsilon(0.03));
    CHECK(share(sizes, 1001, 1 << 20) == doctest::Approx(rest * 0.0670).epsilon(0.06));
    CHECK(share(sizes, 0, 0) == 0.0);
  }

  TEST_CASE("usr: two bytes") {
    CHECK(share(sizes_of("usr"), 2, 2) == 1.0);
  }

  TEST_CASE("what is no size is refused, and the text is named") {
    for (const char* text : {"", "x", "-1", "10-", "20-10", "10:0", "10:x", "10,", "2g"}) {
      CAPTURE(text);
      const auto sizes = ValueSizes::parse(text);
      REQUIRE(!sizes);
      CHECK(sizes.error().message.find("`" + std::string(text) + "`") == 0);
    }
  }
}
