// Pins: memory that a send still needs outlives the item.
#include "fixture.hpp"

#include <vector>

namespace rc::store {

using testing::Fixture;
using testing::pattern;
using testing::small_store;

TEST_SUITE("pin") {
  TEST_CASE("only values above 4 KiB can be pinned") {
    Fixture f;
    REQUIRE(f.put("small", pattern(4096, 1)) == Outcome::stored);
    REQUIRE(f.put("large", pattern(4097, 1)) == Outcome::stored);
    CHECK_FALSE(f->pin(f->find("small")));
    const auto pin = f->pin(f->find("large"));
    REQUIRE(pin);
    f->release(*pin);
  }

  TEST_CASE("pinned bytes survive the item's end, whatever ended it") {
    for (const std::size_t bytes : {5'000UL, 32'000UL, 50'000UL, 500'000UL}) {
      for (const int way : {0, 1, 2, 3}) {
        CAPTURE(bytes);
        CAPTURE(way);
        Fixture f{small_store(8 * mib)};
        const std::string value = pattern(bytes, 5);
        REQUIRE(f.put("k", value) == Outcome::stored);
        const Item item = f->find("k");
        const auto first = f->pin(item);
        const auto second = f->pin(item);
        REQUIRE((first && second));
        if (way == 0) CHECK(f->erase("k") == Outcome::stored);
        if (way == 1) CHECK(f.put("k", "other") == Outcome::stored);
        if (way == 2) f->flush_all(UnixSeconds{0});
        for (int i = 0; i < 3'000; ++i) {
          REQUIRE(f.put("fill" + std::to_string(i), pattern(6'000, 1)) == Outcome::stored);
          // Read, so that the clock finds the fillers no colder than the pinned item.
          REQUIRE(f.get("fill" + std::to_string(i)));
          if (i % 32 == 0) f.advance();
        }
        CHECK_FALSE(f.get("k") == value);
        f.settle();
        CHECK(f.store().figures().pinned_dead_bytes >= bytes);
        CHECK(Fixture::value_of(item) == value);
        f->release(*first);
        f.settle();
        CHECK(Fixture::value_of(item) == value);
        CHECK(f.store().figures().pinned_dead_bytes >= bytes);
        f->release(*second);
        CHECK(f.store().figures().pinned_dead_bytes == 0);
        f.settle();
        f.store().check_invariants();
      }
    }
  }

  TEST_CASE("a tenth of the arena pinned by the dead asks for slow readers to be closed") {
    Fixture f{small_store(32 * mib)};
    std::vector<PinToken> pins;
    for (int i = 0; i < 2; ++i) {
      for (int k = 0; k < 2; ++k) {
        REQUIRE(f.put("k", pattern(1'000'000, 1)) == Outcome::stored);
        pins.push_back(*f->pin(f->find("k")));
        CHECK(f->erase("k") == Outcome::stored);
      }
      f.settle();
      CHECK(f.store().wants_slow_readers_closed() == (i == 1));
    }
    for (const PinToken pin : pins) f->release(pin);
    CHECK_FALSE(f.store().wants_slow_readers_closed());
  }
}

}  // namespace rc::store
