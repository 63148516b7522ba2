// Sequences that somebody chose to make the store break its promises: more memory than the limit,
// a cache that empties itself, a store that is refused although something could go.
#include "fixture.hpp"

#include "base/bytes.hpp"

#include <string>
#include <vector>

using namespace rc;
using namespace rc::store;
using rc::store::testing::Fixture;
using rc::store::testing::pattern;
using rc::store::testing::small_store;

namespace {

std::string key(const char* prefix, std::uint32_t i) {
  return prefix + std::to_string(i);
}

// Stores `bytes` bytes of values of one size; returns how many items that were.
std::uint32_t fill(Fixture& f, const char* prefix, std::uint64_t bytes, std::uint32_t value_bytes) {
  const std::string value = pattern(value_bytes, 1);
  const auto items = static_cast<std::uint32_t>(bytes / value_bytes);
  for (std::uint32_t i = 0; i < items; ++i) {
    REQUIRE(f.put(key(prefix, i), value) == Outcome::stored);
    if (i % 32 == 31) f.advance();
  }
  return items;
}

}  // namespace

TEST_SUITE("store/adversary") {
  TEST_CASE("a storm of flushes neither buries everything at once nor brings anything back") {
    Fixture f(small_store(32 * mib));
    const std::uint32_t items = fill(f, "old", 8 * mib, 64);
    std::uint64_t most = 0;
    for (std::uint32_t i = 0; i < 600; ++i) {
      REQUIRE(f.put(key("new", i), "x") == Outcome::stored);
      f->flush_all(f.now());
      most = std::max(most, f.store().figures().limbo_bytes);
      if (i % 100 == 99) CHECK_FALSE(f.get(key("old", i * 7)));
      if (i > 250 && i < 260) {
        for (std::uint32_t k = 0; k < items; k += 97) CHECK_FALSE(f.get(key("old", k)));
      }
    }
    MESSAGE("most in limbo: ", most);
    CHECK(most < 4 * mib);
    f.settle();
    f.store().check_invariants();
  }

  TEST_CASE("values that clients do not finish sending do not stop other pages from being emptied"
  ) {
    Fixture f(small_store(32 * mib));
    // One of them on each of 150 pages, and holes around it.
    std::vector<Draft> drafts;
    const std::string around = pattern(980, 2);
    for (std::uint32_t i = 0; i < 150; ++i) {
      Reservation r = f->reserve(key("draft", i), 0, Expiry::never, 980);
      REQUIRE(r.outcome == Outcome::stored);
      drafts.push_back(std::move(r.draft));
      for (std::uint32_t k = 0; k < 62; ++k) {
        REQUIRE(f.put(key("hole", i * 62 + k), around) == Outcome::stored);
      }
      f.advance();
    }
    for (std::uint32_t i = 0; i < 150 * 62; ++i) {
      REQUIRE(f->erase(key("hole", i)) == Outcome::stored);
    }
    f.settle();
    fill(f, "small", 30 * mib, 200);
    const std::uint64_t before = f.store().figures().item_bytes;
    std::uint64_t least = before;
    const std::string value = pattern(3000, 3);
    for (std::uint32_t i = 0; i < 20 * mib / 3000; ++i) {
      REQUIRE(f.put(key("large", i), value) == Outcome::stored);
      least = std::min(least, f.store().figures().item_bytes);
      if (i % 32 == 31) f.advance();
    }
    MESSAGE("item bytes before ", before, ", least ", least);
    CHECK(least > before * 8 / 10);
    drafts.clear();
    f.settle();
    f.store().check_invariants();
  }

  TEST_CASE("a node full of unfinished values refuses stores, and serves again when they are gone"
  ) {
    Fixture f(small_store(32 * mib));
    std::vector<Draft> drafts;
    for (std::uint32_t i = 0;; ++i) {
      Reservation r = f->reserve(key("draft", i), 0, Expiry::never, 900'000);
      if (r.outcome != Outcome::stored) break;
      drafts.push_back(std::move(r.draft));
    }
    MESSAGE("drafts: ", drafts.size());
    std::uint32_t stored = 0;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      if (f.put(key("small", i), "value") == Outcome::stored) ++stored;
    }
    MESSAGE("small items stored meanwhile: ", stored);
    CHECK(stored == 2000);
    drafts.clear();
    f.settle();
    CHECK(f.put("large", pattern(900'000, 1)) == Outcome::stored);
    f.settle();
    f.store().check_invariants();
  }

  TEST_CASE("pinned items that are dead are given back by the last release, in whatever number") {
    Fixture f(small_store(32 * mib));
    std::vector<PinToken> pins;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      if (f.put(key("k", i % 7), pattern(i % 3 == 0 ? 100'000 : 20'000, i)) != Outcome::stored)
        break;
      const Item item = f->find(key("k", i % 7));
      if (item) pins.push_back(f->pin(item).value());
      if (i % 8 == 7) f.advance();
    }
    MESSAGE("pins: ", pins.size());
    CHECK(f.store().wants_slow_readers_closed());
    for (const PinToken pin : pins) f->release(pin);
    f.settle();
    CHECK(f.store().figures().pinned_dead_bytes == 0);
    CHECK(f.put("k", pattern(900'000, 1)) == Outcome::stored);
    f.settle();
    f.store().check_invariants();
  }
}
