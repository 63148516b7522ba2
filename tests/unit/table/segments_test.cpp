#include "table/segments.hpp"

#include "unit/table/fixture.hpp"

#include <set>

#include <doctest/doctest.h>

using rc::Hash;
using rc::table::DefaultGeometry;
using Segments = rc::table::Segments<DefaultGeometry>;

namespace {

Segments make(std::uint64_t slots) {
  auto made = Segments::create(slots, 0, false);
  REQUIRE(made.ok());
  return std::move(made).value();
}

}  // namespace

TEST_SUITE("table/segments") {
  TEST_CASE("the number of segments is the next power of two") {
    CHECK(make(0).count() == 1);
    CHECK(make(448).count() == 1);
    CHECK(make(449).count() == 2);
    CHECK(make(448 * 5).count() == 8);
    CHECK(make(448 * 5).bytes(8) == 8 * 4096);
  }

  TEST_CASE("a window is sixteen different buckets of one segment") {
    const Segments segments = make(448 * 4);
    for (std::uint64_t home = 0; home < 64; ++home) {
      const auto window = segments.window(Hash{2 * 64 + home}, 4);
      std::set<std::ptrdiff_t> numbers;
      for (unsigned d = 0; d < 16; ++d) {
        numbers.insert(&window.at(d) - &segments.bucket(0));
      }
      CHECK(numbers.size() == 16);
      CHECK(*numbers.begin() >= 2 * 64);
      CHECK(*numbers.rbegin() < 3 * 64);
      CHECK(&window.at(0) == &window.home());
    }
  }

  TEST_CASE("the home of an item is found from where it lies") {
    const Segments segments = make(448);
    for (std::size_t home = 0; home < 64; ++home) {
      const auto window = segments.window_at(home);
      for (unsigned d = 0; d < 16; ++d) {
        const auto number = static_cast<std::size_t>(&window.at(d) - &segments.bucket(0));
        CHECK(&segments.window_at(number).home_of(0, d).home() == &window.home());
        CHECK(&window.home_of(d, d).home() == &window.home());
      }
    }
  }

  TEST_CASE("twice the segments keep every key's place within its segment") {
    const Segments small = make(448 * 4);
    const Segments large = make(448 * 8);
    for (std::uint64_t hash = 0; hash < 64 * 8; ++hash) {
      const auto before = &small.window(Hash{hash}, 4).home() - &small.bucket(0);
      const auto after = &large.window(Hash{hash}, 8).home() - &large.bucket(0);
      CHECK((after == before || after == before + 4 * 64));
    }
  }
}
