#include "fixture.hpp"

#include "store/core.hpp"

#include <algorithm>
#include <vector>

namespace rc::store {

using stats::Metric;
using testing::Fixture;
using testing::small_store;

namespace {

void fill(Fixture& f, int items, Expiry expiry) {
  for (int i = 0; i < items; ++i) {
    REQUIRE(f.put("key" + std::to_string(i), "value", Mode::set, expiry) == Outcome::stored);
    if (i % 64 == 0) f.advance();
  }
}

// Steps until there is nothing more to do in this second; returns how many it took.
int run_background(Fixture& f) {
  int steps = 1;
  while (f->background_step()) {
    ++steps;
    f.advance();
  }
  return steps;
}

}  // namespace

TEST_SUITE("background") {
  TEST_CASE("expired items go without being asked for, the others stay") {
    Fixture f;
    fill(f, 20'000, expiry_from_wire(10, f.now()));
    REQUIRE(f.put("stays", "v") == Outcome::stored);
    REQUIRE(f.put("later", "v", Mode::set, expiry_from_wire(20, f.now())) == Outcome::stored);
    run_background(f);
    CHECK(f.store().figures().curr_items == 20'002);
    f.advance(10);
    const int steps = run_background(f);
    CHECK(steps > 1);  // it is spread over turns
    CHECK(f.store().figures().curr_items == 2);
    CHECK(f.count(Metric::reclaimed) == 20'000);
    CHECK(f.count(Metric::expired_unfetched) == 20'000);
    CHECK(f.count(Metric::get_expired) == 0);
    f.settle();
    CHECK(f.store().figures().arena_used_bytes <= 256 * kib);
    f.advance(10);
    run_background(f);
    CHECK(f.store().figures().curr_items == 1);
    f.store().check_invariants();
  }

  TEST_CASE("a second in which nothing expires walks no page") {
    Fixture f;
    fill(f, 5'000, Expiry::never);
    run_background(f);
    f.advance(1);
    // Two hundred and some pages, 256 descriptors per step.
    CHECK(run_background(f) < 5);
    CHECK(f.store().figures().curr_items == 5'000);
  }

  TEST_CASE("an item whose time was cut short by touch goes in time") {
    Fixture f;
    REQUIRE(f.put("k", "v") == Outcome::stored);
    run_background(f);
    CHECK(f->touch("k", expiry_from_wire(5, f.now())));
    f.advance(5);
    run_background(f);
    CHECK(f.store().figures().curr_items == 0);
  }

  TEST_CASE("flush_all takes everything stored before it and nothing after it") {
    Fixture f;
    fill(f, 1'000, Expiry::never);
    f->flush_all(UnixSeconds{0});
    REQUIRE(f.put("new", "v") == Outcome::stored);
    CHECK_FALSE(f.get("key1"));
    CHECK(f.get("new") == "v");
    CHECK(f.count(Metric::get_flushed) == 1);
    CHECK(f.put("key2", "v", Mode::replace) == Outcome::not_stored);
    CHECK(f.put("key3", "v", Mode::add) == Outcome::stored);
    f.advance(1);
    run_background(f);
    CHECK(f.store().figures().curr_items == 2);
    CHECK(f.get("new") == "v");
    CHECK(f.get("key3") == "v");
  }

  TEST_CASE("a delayed flush happens in its second, to what was stored until then") {
    Fixture f;
    REQUIRE(f.put("a", "v") == Outcome::stored);
    f->flush_all(UnixSeconds{rc::count(f.now()) + 10});
    REQUIRE(f.put("b", "v") == Outcome::stored);
    f.advance(9);
    CHECK(f.get("a"));
    f.advance(1);
    CHECK_FALSE(f.get("a"));
    CHECK_FALSE(f.get("b"));
    REQUIRE(f.put("c", "v") == Outcome::stored);
    f.advance(100);
    CHECK(f.get("c"));
  }

  TEST_CASE("a later flush replaces one that was to come") {
    Fixture f;
    f->flush_all(UnixSeconds{rc::count(f.now()) + 5});
    f->flush_all(UnixSeconds{0});
    REQUIRE(f.put("a", "v") == Outcome::stored);
    f.advance(6);
    CHECK(f.get("a"));
  }

  TEST_CASE("no item comes back to life when the flush generations come round") {
    Fixture f;
    REQUIRE(f.put("old", "v") == Outcome::stored);
    // In one turn: the background does none of it.
    for (int i = 0; i < 256; ++i) {
      REQUIRE(f.put("new", "v") == Outcome::stored);
      f->flush_all(UnixSeconds{0});
    }
    CHECK(f.store().figures().flush_generation == 256);
    CHECK_FALSE(f.get("old"));
  }

  TEST_CASE("a flush leaves the work to the background, in steps") {
    Fixture f;
    fill(f, 20'000, Expiry::never);
    f->flush_all(UnixSeconds{0});
    CHECK(f.store().figures().curr_items == 20'000);
    CHECK_FALSE(f.get("key1"));
    f.advance();
    f->background_step();
    CHECK(f.store().figures().curr_items > 0);
    run_background(f);
    CHECK(f.store().figures().curr_items == 0);
  }

  TEST_CASE("pages are looked at in parts, one for each flush and shared out among the workers") {
    FlushHand hand;
    const auto empty = [](FlushHand::Range range) { return range.first >= range.end; };
    constexpr std::uint32_t pages = 1000;
    CHECK(empty(hand.claim(4, pages, 0)));
    std::vector<int> seen(pages + 1);
    for (std::uint32_t flushes = 1; flushes <= 2 * FlushHand::parts; ++flushes) {
      CHECK(hand.behind(flushes) == 1);
      for (auto range = hand.claim(4, pages, flushes); !empty(range);
           range = hand.claim(4, pages, flushes)) {
        for (std::uint32_t i = range.first; i < range.end; i += FlushHand::parts) ++seen.at(i);
      }
      CHECK(hand.behind(flushes) == 0);
    }
    CHECK(std::count(seen.begin() + 1, seen.end(), 2) == pages);
    // Flushes that came meanwhile are made up for, and an arena smaller than a part skips some.
    constexpr std::uint32_t later = 5 * FlushHand::parts;
    CHECK(hand.behind(later) == 3 * FlushHand::parts);
    int claims = 0;
    for (auto range = hand.claim(4, 2, later); !empty(range); range = hand.claim(4, 2, later)) {
      CHECK(range.first <= 2);
      ++claims;
    }
    CHECK(claims == 3 * 2);
    CHECK(hand.behind(later) == 0);
  }

  TEST_CASE("a flush of nothing begins no new generation") {
    Fixture f;
    f->flush_all(UnixSeconds{0});
    CHECK(f.store().figures().flush_generation == 0);
    REQUIRE(f.put("a", "v") == Outcome::stored);
    for (int i = 0; i < 3; ++i) f->flush_all(UnixSeconds{0});
    CHECK(f.store().figures().flush_generation == 1);
    CHECK_FALSE(f.get("a"));
  }

  TEST_CASE("the hand visits every page once per second and shares them out") {
    WalkHand hand;
    const UnixSeconds now{100};
    std::uint32_t expected = 1;
    for (;;) {
      const auto range = hand.claim(64, 1000, now);
      if (range.first == range.end) break;
      CHECK(range.first == expected);
      expected = range.end;
    }
    CHECK(expected == 1001);
    CHECK(hand.claim(64, 1000, UnixSeconds{101}).first == 1);
    // A revolution that takes longer than a second is finished, not begun again.
    CHECK(hand.claim(64, 1000, UnixSeconds{102}).first == 65);
  }
}

}  // namespace rc::store
