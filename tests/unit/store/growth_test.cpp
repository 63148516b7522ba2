// The index's share of the limit.
#include "fixture.hpp"

#include <algorithm>

namespace rc::store {

using stats::Metric;
using testing::Fixture;
using testing::long_and_of_one_thread;
using testing::small_store;

namespace {

// Stores items of `bytes` under new keys; returns the most that index and arena took together.
std::uint64_t store_many(Fixture& f, const char* prefix, int items, std::size_t bytes) {
  std::uint64_t most = 0;
  for (int i = 0; i < items; ++i) {
    REQUIRE(f.put(prefix + std::to_string(i), std::string(bytes, 'x')) == Outcome::stored);
    if (i % 64 != 0) continue;
    f->background_step();
    f.advance();
    const Figures now = f.store().figures();
    most = std::max(most, now.index_bytes + now.arena_resident_bytes);
  }
  return most;
}

}  // namespace

TEST_SUITE("growth") {
  TEST_CASE("the index begins with next to nothing and follows the number of items") {
    Fixture f{small_store(64 * mib)};
    CHECK(f.store().figures().index_bytes == 4 * kib);
    CHECK(f.store().figures().arena_bytes > 63 * mib);
    store_many(f, "k", 100'000, 100);
    const Figures now = f.store().figures();
    CHECK(now.curr_items == 100'000);
    CHECK(now.index_slots >= 128'000);
    CHECK(now.index_slots <= 300'000);
    for (int i = 0; i < 100'000; ++i) REQUIRE(f.get("k" + std::to_string(i)));
    f.store().check_invariants();
  }

  TEST_CASE(
      "a cache of large items that is flooded with tiny ones gives the index what it needs" *
      long_and_of_one_thread
  ) {
    for (const bool huge : {false, true}) {
      CAPTURE(huge);
      Options options = small_store(64 * mib);
      options.huge_pages = huge;
      options.huge_pages_min_bytes = 0;
      Fixture f{options};
      store_many(f, "large", 80'000, 1000);
      const Figures before = f.store().figures();
      // All of it at any time within the limit; a huge page more while the arena comes down.
      CHECK(store_many(f, "t", 2'000'000, 4) <= 64 * mib + 2 * mib);
      const Figures after = f.store().figures();
      CHECK(after.index_bytes > 4 * before.index_bytes);
      CHECK(after.curr_items > 700'000);
      // Descriptors of pages that are now the index's stay.
      CHECK(after.index_bytes + after.arena_bytes + after.descriptor_bytes <= 64 * mib + 64 * kib);
      CHECK(f.get("t1999999"));
      f.settle();
      f.store().check_invariants();
    }
  }

  TEST_CASE(
      "a full cache does not give the index memory that holds more items than it would add" *
      long_and_of_one_thread
  ) {
    Fixture f{small_store(64 * mib)};
    store_many(f, "k", 800'000, 113);
    const Figures now = f.store().figures();
    CHECK(double(now.item_bytes) / double(now.limit_bytes) > 0.86);
  }

  TEST_CASE("without eviction no store fails for want of a slot") {
    Options options = small_store(16 * mib);
    options.evict = false;
    Fixture f{options};
    int stored = 0;
    while (f.put("k" + std::to_string(stored), "v") == Outcome::stored) {
      if (++stored % 64 == 0) f.advance();
    }
    // What is left is less than a page per class.
    const Figures now = f.store().figures();
    CHECK(now.arena_used_bytes + 4 * mib > now.arena_bytes);
    CHECK(stored > 200'000);
  }

  TEST_CASE("a cache of one MiB holds most of that in items") {
    Options options = small_store(mib);
    options.buffer_bytes = 2 * mib;
    Fixture f{options};
    store_many(f, "k", 20'000, 100);
    CHECK(f.store().figures().item_bytes > mib * 6 / 10);
    CHECK(f.count(Metric::evictions) > 0);
    // An item that could not be replaced is refused, with the proper word.
    CHECK(f.put("large", std::string(600'000, 'x')) == Outcome::too_large);
    CHECK(f.put("largest", std::string(250'000, 'x')) == Outcome::stored);
  }

  TEST_CASE("one turn may bring many items into an empty store, and none is lost") {
    Fixture f;
    for (int i = 0; i < 20'000; ++i) {
      REQUIRE(f.put("k" + std::to_string(i), "v") == Outcome::stored);
    }
    CHECK(f.store().figures().curr_items == 20'000);
    CHECK(f.count(stats::Metric::evictions) == 0);
  }
}

}  // namespace rc::store
