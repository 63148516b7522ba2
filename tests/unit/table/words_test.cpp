#include "table/words.hpp"

#include <initializer_list>

#include <doctest/doctest.h>

using rc::table::Handle;
using rc::table::HeaderWord;
using rc::table::SlotWord;
using rc::table::Tag;

TEST_SUITE("table/words") {
  TEST_CASE("a slot word keeps its fields apart") {
    const Handle last{(std::uint64_t{1} << 38U) - 1};
    const SlotWord word = SlotWord::tentative(0xFFFF, last, 15, true);
    CHECK(word.tag() == 0xFFFF);
    CHECK(word.handle() == last);
    CHECK(word.distance() == 15);
    CHECK(word.ref() == 0);
    CHECK((word.tentative() && word.probation() && word.fresh() && !word.frozen()));
    CHECK(word.has_item());
    CHECK_FALSE(word.visible());
    CHECK(word.finalized().visible());

    const SlotWord other = word.with_handle(Handle{1});
    CHECK(other.handle() == Handle{1});
    CHECK(other.with_handle(last) == word);
  }

  TEST_CASE("untouched and vacated slots are vacant and differ") {
    CHECK(SlotWord().vacant());
    CHECK(SlotWord::vacated().vacant());
    CHECK_FALSE(SlotWord() == SlotWord::vacated());
    CHECK_FALSE(SlotWord::tentative(1, Handle{1}, 0, true).vacant());
    CHECK_FALSE(SlotWord(0x24).vacant());  // vacated and frozen
  }

  TEST_CASE("a hit saturates, so that a hot word stops changing") {
    SlotWord word = SlotWord::tentative(1, Handle{1}, 0, true).finalized();
    for (unsigned hits = 1; hits <= 3; ++hits) {
      word = word.touched();
      CHECK(word.ref() == hits);
    }
    CHECK(word.touched() == word);
    CHECK(word.fresh());
  }

  TEST_CASE("a hit takes the mark from an item of main, also a saturated one") {
    SlotWord word = SlotWord::tentative(1, Handle{1}, 0, false).finalized().with_fresh(true);
    for (int i = 0; i < 3; ++i) word = word.touched();
    CHECK_FALSE(word.fresh());
    word = word.with_fresh(true);
    CHECK(word.touched() == word.with_fresh(false));
  }

  TEST_CASE("promotion leaves probation with a clean slate") {
    const SlotWord word = SlotWord::tentative(9, Handle{5}, 3, true).finalized().touched();
    CHECK(word.promoted() == SlotWord::tentative(9, Handle{5}, 3, false).finalized());
  }

  TEST_CASE("a header remembers the last three ghosts") {
    HeaderWord header(0x8003);  // overflow bits 15 and 1, A
    for (const Tag tag : std::initializer_list<Tag>{1, 2, 3, 4}) header = header.with_ghost(tag);
    CHECK_FALSE(header.has_ghost(1));
    CHECK((header.has_ghost(2) && header.has_ghost(3) && header.has_ghost(4)));
    CHECK((header.bits() & 0xFFFF) == 0x8003);
    CHECK(header.overflow() == 0x8002);
  }

  TEST_CASE("a ghost that returned is forgotten, the others stay in order") {
    for (const Tag gone : std::initializer_list<Tag>{1, 2, 3}) {
      HeaderWord header(0);
      for (const Tag tag : std::initializer_list<Tag>{1, 2, 3}) header = header.with_ghost(tag);
      header = header.without_ghost(gone);
      for (const Tag tag : std::initializer_list<Tag>{1, 2, 3})
        CHECK(header.has_ghost(tag) == (tag != gone));
      CHECK(header.ghost(2) == 0);
      CHECK(header.ghost(0) > header.ghost(1));
    }
  }

  TEST_CASE("a header remembers the last ghost of main beside the others") {
    HeaderWord header(0x8003);
    for (const Tag tag : std::initializer_list<Tag>{1, 2, 3}) header = header.with_ghost(tag);
    header = header.with_main_ghost(0xFFF).with_main_ghost(9);
    CHECK(header.has_main_ghost(9));
    CHECK_FALSE(header.has_main_ghost(0xFFF));
    CHECK((header.has_ghost(1) && header.has_ghost(2) && header.has_ghost(3)));
    CHECK_FALSE(header.has_ghost(9));
    CHECK_FALSE(header.without_main_ghost().has_main_ghost(9));
    CHECK((header.bits() & 0xFFFFU) == 0x8003);
  }

  TEST_CASE("tag zero means no ghost") {
    CHECK_FALSE(HeaderWord(0).has_ghost(0));
    CHECK_FALSE(HeaderWord(0).with_ghost(0).has_ghost(0));
  }
}
