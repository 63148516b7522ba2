#include "table/overflow.hpp"

#include "unit/table/fixture.hpp"

#include <doctest/doctest.h>

using rc::table::Handle;
using rc::table::HeaderWord;
using rc::table::SlotWord;

namespace {

using Geometry = rc::table::DefaultGeometry;
constexpr std::size_t home = 5;

// A segment whose bucket 5 overflows at distance 2 and 7, with A set.
struct Overflowing {
  rc::table::Segments<Geometry> segments =
      std::move(rc::table::Segments<Geometry>::create(448, 0, false)).value();
  rc::table::OverflowCleaner<Geometry, rc::table::NoHooks> cleaner;

  Overflowing() { header() = (1U << 2U) | (1U << 7U) | HeaderWord::activity; }
  std::atomic<std::uint64_t>& header() { return segments.bucket(home).header; }
  void put(unsigned at, SlotWord word) { segments.window_at(home).at(at).slots[3] = word; }
  unsigned clean() { return cleaner.clean(segments, home); }
};

}  // namespace

TEST_SUITE("table/overflow") {
  TEST_CASE("bits that no item stands behind are cleared") {
    Overflowing one;
    CHECK(one.clean() == 2);
    CHECK(one.header() == 0);
    CHECK(one.clean() == 0);
  }

  TEST_CASE("the bit of an item stays, tentative or not") {
    Overflowing one;
    const SlotWord word = SlotWord::tentative(1, Handle{1}, 7, true);
    one.put(7, word);
    CHECK(one.clean() == 1);
    CHECK(HeaderWord(one.header()).overflow() == 1U << 7U);
    one.put(7, word.finalized());
    CHECK(one.clean() == 0);
    CHECK(HeaderWord(one.header()).overflow() == 1U << 7U);
    one.put(7, SlotWord::vacated());
    CHECK(one.clean() == 1);
    CHECK(one.header() == 0);
  }

  TEST_CASE("another home's item in the same bucket does not count") {
    Overflowing one;
    one.put(7, SlotWord::tentative(1, Handle{1}, 3, true).finalized());
    CHECK(one.clean() == 2);
  }

  TEST_CASE("ghosts survive") {
    Overflowing one;
    one.header() = HeaderWord(one.header()).with_ghost(77).bits();
    CHECK(one.clean() == 2);
    CHECK(HeaderWord(one.header()).has_ghost(77));
  }
}
