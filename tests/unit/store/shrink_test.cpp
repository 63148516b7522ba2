// A limit that changes while the store is in use.
#include "../../sanitizers.hpp"
#include "fixture.hpp"

#include "base/memory.hpp"

#include <algorithm>
#include <random>
#include <thread>

namespace rc::store {

using stats::Metric;
using testing::Fixture;
using testing::pattern;
using testing::small_store;

namespace {

Options shrinkable(std::uint64_t limit_bytes, std::uint64_t limit_max_bytes, bool huge) {
  Options options = small_store(limit_bytes);
  options.limit_max_bytes = limit_max_bytes;
  options.huge_pages = huge;
  options.huge_pages_min_bytes = 0;
  return options;
}

std::string key_of(int i) {
  return "key" + std::to_string(i);
}

// A small value, or one of any size up to bytes_max, which may be chained.
bool put_some(Fixture& f, int n, std::uint32_t bytes_max, std::mt19937& random) {
  const std::uint32_t bytes =
      16 + static_cast<std::uint32_t>(random()) % (n % 8 == 0 ? bytes_max : 500);
  return f.put(key_of(n), pattern(bytes, static_cast<std::uint32_t>(n))) == Outcome::stored;
}

// Values of all sizes until the store is full; returns how many.
int fill(Fixture& f, std::uint32_t bytes_max) {
  std::mt19937 random{3};
  int n = 0;
  while (f.count(Metric::evictions) == 0) {
    REQUIRE(put_some(f, n, bytes_max, random));
    if (++n % 32 == 0) f.advance();
  }
  return n;
}

// How much of the memory for items holds live ones.
double share_live(Fixture& f) {
  const Figures now = f.store().figures();
  const std::uint64_t dead = now.limbo_bytes + now.pinned_dead_bytes;
  return static_cast<double>(now.chunk_bytes - dead) / static_cast<double>(now.arena_bytes);
}

// Steps until there is nothing to do; false if that does not come.
bool come_down(Fixture& f) {
  for (int i = 0; i < 200'000; ++i) {
    const bool more = f->background_step();
    f.advance();
    const Figures now = f.store().figures();
    if (!more && now.arena_resident_bytes <= now.arena_bytes) return true;
  }
  return false;
}

int count_right(Fixture& f, int n) {
  int right = 0;
  for (int i = 0; i < n; ++i) {
    const auto value = f.get(key_of(i));
    if (!value) continue;
    REQUIRE(*value == pattern(value->size(), static_cast<std::uint32_t>(i)));
    ++right;
  }
  return right;
}

}  // namespace

TEST_SUITE("shrink") {
  TEST_CASE("a lower limit takes what is above it, gives it to the system, and keeps the rest") {
    for (const bool huge : {false, true}) {
      for (const std::uint32_t bytes_max : {3'000U, 200'000U, 1'000'000U}) {
        CAPTURE(huge);
        CAPTURE(bytes_max);
        // A huge page is a coarse unit: the lower limit should have some more of them.
        const std::uint64_t lower = (huge ? 24 : 12) * mib;
        const std::uint64_t before_rss = resident_bytes();
        Fixture f{shrinkable((huge ? 48 : 32) * mib, 0, huge)};
        const int n = fill(f, bytes_max);
        REQUIRE(f.store().set_limit(lower));
        CHECK(come_down(f));
        const Figures now = f.store().figures();
        CHECK(now.limit_bytes == lower);
        CHECK(now.arena_resident_bytes + now.index_bytes <= lower);
        // Nearly all of the lower limit is still in use, and by items that are whole.
        CHECK(share_live(f) >= 0.85);
        CHECK(count_right(f, n) == static_cast<int>(now.curr_items));
        if (!test::under_sanitizer) CHECK(resident_bytes() < before_rss + lower + 5 * mib);
        f.settle();
        f.store().check_invariants();
      }
    }
  }

  TEST_CASE("a higher limit gives its room at once") {
    for (const bool huge : {false, true}) {
      Fixture f{shrinkable(8 * mib, 48 * mib, huge)};
      for (int i = 0; i < 30; ++i) {
        REQUIRE(f.put(key_of(i), pattern(1'000'000, 1)) == Outcome::stored);
      }
      CHECK(f.store().figures().curr_items <= 8);
      REQUIRE(f.store().set_limit(48 * mib));
      const std::uint64_t evictions = f.count(Metric::evictions);
      for (int i = 0; i < 30; ++i) {
        REQUIRE(f.put(key_of(i), pattern(1'000'000, 1)) == Outcome::stored);
      }
      CHECK(f.count(Metric::evictions) == evictions);
      CHECK(f.store().figures().curr_items == 30);
    }
  }

  TEST_CASE("a limit that holds nothing or has no address space is refused") {
    Fixture f{shrinkable(16 * mib, 64 * mib, false)};
    CHECK(f.store().limit_max_bytes() == 64 * mib);
    CHECK_FALSE(f.store().set_limit(64 * mib + 1));
    CHECK_FALSE(f.store().set_limit(100'000));
    CHECK(f.store().limit_bytes() == 16 * mib);
    CHECK(f.store().set_limit(64 * mib));
    CHECK(f.store().limit_bytes() == 64 * mib);
  }

  TEST_CASE("stores go on while the limit falls, it falls, and keeps what it can hold") {
    for (const bool huge : {false, true}) {
      for (const std::uint32_t bytes_max : {3'000U, 200'000U, 1'000'000U}) {
        CAPTURE(huge);
        CAPTURE(bytes_max);
        Fixture f{shrinkable((huge ? 48 : 32) * mib, 0, huge)};
        int n = fill(f, bytes_max);
        REQUIRE(f.store().set_limit((huge ? 24 : 12) * mib));
        std::mt19937 random{5};
        double least = 1;
        bool down = false;
        for (int turn = 0; turn < 20'000 && !down; ++turn) {
          for (int i = 0; i < 8; ++i, ++n) REQUIRE(put_some(f, n, bytes_max, random));
          f->background_step();
          f.advance();
          least = std::min(least, share_live(f));
          const Figures now = f.store().figures();
          down = now.arena_resident_bytes <= now.arena_bytes;
        }
        CHECK(down);
        // The largest items are a twelfth of the lower limit each.
        CHECK(least >= 0.75);
        f.settle();
        f.store().check_invariants();
      }
    }
  }

  TEST_CASE("what a send has pinned stays, however low the limit falls") {
    for (const bool huge : {false, true}) {
      Fixture f{shrinkable(32 * mib, 0, huge)};
      REQUIRE(f.put("pinned", pattern(300'000, 9)) == Outcome::stored);
      const Item item = f->find("pinned");
      const auto pin = f->pin(item);
      REQUIRE(pin);
      fill(f, 50'000);
      REQUIRE(f.store().set_limit(8 * mib));
      CHECK(come_down(f));
      CHECK(Fixture::value_of(item) == pattern(300'000, 9));
      f->release(*pin);
    }
  }

  TEST_CASE("without eviction a lower limit takes nothing away") {
    Options options = shrinkable(16 * mib, 0, false);
    options.evict = false;
    Fixture f{options};
    int n = 0;
    while (f.put(key_of(n), pattern(900, 1)) == Outcome::stored) ++n;
    REQUIRE(f.store().set_limit(8 * mib));
    for (int i = 0; i < 1000; ++i) {
      f->background_step();
      f.advance();
    }
    CHECK(f.store().figures().curr_items == static_cast<std::uint64_t>(n));
    CHECK(f.put("one more", pattern(900, 1)) == Outcome::out_of_memory);
  }

  TEST_CASE("memory of items that are gone goes back to the system without a lower limit") {
    for (const bool huge : {false, true}) {
      Fixture f{shrinkable(64 * mib, 0, huge)};
      fill(f, 3'000);
      CHECK(f.store().figures().arena_resident_bytes > 55 * mib);
      f->flush_all(UnixSeconds{0});
      f.advance(1);
      CHECK(come_down(f));
      CHECK(f.store().figures().curr_items == 0);
      CHECK(f.store().figures().arena_resident_bytes <= 24 * mib);
    }
  }

  TEST_CASE("several workers come down together under load") {
    Options options = shrinkable(32 * mib, 32 * mib, true);
    options.workers_max = 2;
    auto made = Store::create(options);
    REQUIRE(made.ok());
    Store& store = *made.value();
    auto work = [&store](int salt) {
      stats::Counters counters;
      Access access{store, counters};
      const UnixSeconds now{1'700'000'000};
      access.begin_turn(now);
      std::mt19937 random{static_cast<std::uint32_t>(salt)};
      for (int i = 0; i < 120'000; ++i) {
        const std::string key = key_of(static_cast<int>(random() % 60'000));
        const auto bytes = static_cast<std::uint32_t>(random() % (i % 512 == 0 ? 300'000 : 900));
        Reservation r = access.reserve(key, 0, Expiry::never, bytes);
        REQUIRE(r.outcome == Outcome::stored);
        while (r.draft.remaining() != 0)
          r.draft.append(std::span(key).first(std::min<std::size_t>(key.size(), r.draft.remaining())
          ));
        REQUIRE(access.store(std::move(r.draft), {}).outcome == Outcome::stored);
        if (i % 20'000 == 10'000) REQUIRE(store.set_limit((i / 10'000 % 4 == 1 ? 10 : 24) * mib));
        if (i % 16 != 0) continue;
        access.background_step();
        access.end_turn();
        access.begin_turn(now);
      }
      access.end_turn();
    };
    std::thread other{work, 2};
    work(1);
    other.join();
    store.check_invariants();
  }
}

}  // namespace rc::store
