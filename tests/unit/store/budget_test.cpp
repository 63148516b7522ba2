#include "store/budget.hpp"

#include "fixture.hpp"

#include "base/bytes.hpp"
#include "store/arena.hpp"
#include "store/core.hpp"
#include "store/size_class.hpp"

#include <cmath>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rc::store {

using stats::Metric;
using testing::Fixture;
using testing::long_and_of_one_thread;
using testing::pattern;
using testing::small_store;

namespace {

// One phase of the size shift that calcifies slab allocators.
struct Phase {
  const char* name;
  std::uint32_t bytes_min;
  std::uint32_t bytes_max;
};
std::vector<Phase> phases(std::uint64_t limit_bytes) {
  // Values of a 70th of the limit, or room for them is a matter of whole items.
  const auto large = static_cast<std::uint32_t>(limit_bytes / 70);
  return {
      {"100 B", 100, 100},
      {"700 B", 700, 700},
      {"4 KB", 4096, 4096},
      {"50 B to large / 10", 50, large / 10},
      {"100 B again", 100, 100},
      {"large", large, large},
      {"300 B", 300, 300},
  };
}

// Stores twice the limit in each phase; a tenth of the items is read now and then for two phases.
void shift_sizes(Fixture& f) {
  std::mt19937 random{1};
  std::uint64_t number = 0;
  std::deque<std::string> hot;
  const std::uint64_t limit = f.store().figures().limit_bytes;
  for (const Phase& phase : phases(limit)) {
    const std::string name = phase.name;
    CAPTURE(name);
    double live_min = 1;
    std::uint64_t used_max = 0;
    std::uint64_t stored = 0;
    for (int n = 0; stored < 2 * limit; ++n) {
      const double scale = std::log(double(phase.bytes_max) / phase.bytes_min);
      const double share = double(random() % 10'000) / 10'000;
      const auto bytes = static_cast<std::uint32_t>(phase.bytes_min * std::exp(scale * share));
      const std::string key = "key" + std::to_string(number++);
      REQUIRE(f.put(key, std::string(bytes, 'x')) == Outcome::stored);
      stored += bytes;
      if (number % 10 == 0) hot.push_back(key);
      if (hot.size() > 2'000) hot.pop_front();
      if (number % 3 == 0 && !hot.empty()) {
        static_cast<void>(f->find(hot[random() % hot.size()]));
      }
      if (n % 32 == 0) {
        f->background_step();
        f.advance();
        const Figures now = f.store().figures();
        used_max = std::max(used_max, now.arena_used_bytes);
        if (stored < limit) continue;
        live_min = std::min(live_min, double(now.item_bytes) / double(now.arena_bytes));
      }
    }
    const Figures now = f.store().figures();
    MESSAGE(
        name,
        ": live/arena min ",
        live_min,
        ", end ",
        double(now.item_bytes) / double(now.arena_bytes),
        ", items ",
        now.curr_items,
        ", relocations ",
        f.count(Metric::relocations)
    );
    CHECK(used_max <= now.arena_bytes);
    // Of 119 pages, the last ones of some fifty classes are a good part.
    CHECK(live_min >= (limit >= 64 * mib ? 0.88 : 0.8));
  }
  f.settle();
  f.store().check_invariants();
  // Nothing of it all is lost: what remains is one page per class, the thread's own.
  f->flush_all(UnixSeconds{0});
  f.advance(1);
  while (f->background_step()) f.advance();
  f.settle();
  CHECK(f.store().figures().curr_items == 0);
  CHECK(f.store().figures().arena_used_bytes <= class_count * page_bytes);
}

}  // namespace

TEST_SUITE("budget") {
  TEST_CASE("the parts never exceed the limit") {
    for (const std::uint64_t limit :
         {4 * mib, 8 * mib, 64 * mib, 100 * mib, gib, 3 * gib, 64 * gib, 1024 * gib}) {
      CAPTURE(limit);
      Options options;
      options.limit_bytes = limit;
      options.buffer_bytes = limit / 16;
      // A part of them may stand above the limit.
      const std::uint64_t buffers =
          options.buffer_bytes - std::min(options.buffer_bytes, limit / 50 + 2 * mib);
      CHECK(buffer_share(options, limit) == buffers);
      const auto division = Division::of(options);
      REQUIRE(division.ok());
      Division d = Division{};
      d = Division::of(options).value();
      const std::uint64_t pages = d.pages * std::uint64_t{64 * kib};
      const std::uint64_t used = d.index_bytes + Arena::overhead_bytes(d.pages) + pages + buffers;
      CHECK(used <= limit);
      CHECK(used > limit * 98 / 100);
      CHECK(d.index_bytes <= limit / 100);
      CHECK(d.index_slots_max >= limit / 64);
      CHECK(d.huge_pages == (limit >= 256 * mib));
    }
  }

  TEST_CASE("a limit that can hold nothing is refused with the reason") {
    Options options;
    options.limit_bytes = 256 * kib;
    const auto division = Division::of(options);
    REQUIRE_FALSE(division.ok());
    CHECK(division.error().message.find("raise the limit") != std::string::npos);
  }

  TEST_CASE("memory follows when sizes change, in 64 MiB" * long_and_of_one_thread) {
    Fixture f{small_store(64 * mib)};
    shift_sizes(f);
  }

  TEST_CASE("memory follows when sizes change, in 8 MiB" * long_and_of_one_thread) {
    Fixture f{small_store(8 * mib)};
    shift_sizes(f);
  }

  TEST_CASE("small items that take the place of large ones do not evict many of these at once") {
    constexpr std::uint32_t large = 200'000;
    Fixture f{small_store(64 * mib)};
    int n = 0;
    // In main, where a hand that looks for victims meets large ones only.
    for (; f.count(Metric::evictions) < 100; ++n) {
      REQUIRE(f.put("large" + std::to_string(n), pattern(large, 1)) == Outcome::stored);
      for (int i = n - 300; i < n; ++i) static_cast<void>(f->find("large" + std::to_string(i)));
      f.advance();
    }
    std::uint64_t before = f.store().core().budget.live_bytes();
    std::uint64_t most_at_once = 0;
    for (int i = 0; i < 250'000; ++i) {
      REQUIRE(f.put("small" + std::to_string(i), std::string(300, 'x')) == Outcome::stored);
      f.advance();
      const std::uint64_t now = f.store().core().budget.live_bytes();
      most_at_once = std::max(most_at_once, before - std::min(before, now));
      before = now;
    }
    // The hand visits whole buckets of seven.
    CHECK(most_at_once < 14 * large);
  }

  TEST_CASE("the largest item finds room in a store full of small ones, and many of them do") {
    Options options = small_store(16 * mib);
    options.item_size_max_bytes = 4 * mib;
    Fixture f{options};
    for (int i = 0; i < 150'000; ++i) {
      REQUIRE(f.put("key" + std::to_string(i), std::string(90, 'x')) == Outcome::stored);
      if (i % 32 == 0) f.advance();
    }
    for (int i = 0; i < 20; ++i) {
      // All in one turn: the store must find the memory it needs by itself.
      REQUIRE(f.put("large" + std::to_string(i), pattern(4 * mib - 300, 1)) == Outcome::stored);
    }
    CHECK(f.get("large19") == pattern(4 * mib - 300, 1));
    CHECK(f.count(Metric::evictions) > 100'000);
  }

  TEST_CASE("an observer is told of every eviction while the item can be read, and of nothing else"
  ) {
    struct Observer final : EvictionObserver {
      void on_evicted(const Item& item) override {
        CHECK(item.value() == std::string(1000, 'x'));
        keys.insert(std::string(item.key()));
        ++calls;
      }
      std::set<std::string> keys;
      std::uint64_t calls = 0;
    };
    Fixture f{small_store(8 * mib)};
    Observer observer;
    f->observe_evictions(&observer);
    REQUIRE(f.put("gone", std::string(1000, 'x')) == Outcome::stored);
    REQUIRE(f->erase("gone") == Outcome::stored);
    int i = 0;
    const auto store_some = [&] {
      for (const int end = i + 10'000; i < end; ++i) {
        REQUIRE(f.put("key" + std::to_string(i), std::string(1000, 'x')) == Outcome::stored);
        if (i % 32 == 0) f.advance();
      }
    };
    store_some();
    const std::uint64_t evicted = f.count(Metric::evictions);
    CHECK(evicted > 0);
    CHECK(observer.calls == evicted);
    CHECK(observer.keys.size() == evicted);
    for (const std::string& key : observer.keys) REQUIRE_FALSE(f.get(key));
    f->observe_evictions(nullptr);
    store_some();
    CHECK(observer.calls == evicted);
    CHECK(f.count(Metric::evictions) > evicted);
  }

  TEST_CASE("without eviction a full store says so and keeps what it has") {
    Options options = small_store(8 * mib);
    options.evict = false;
    Fixture f{options};
    int stored = 0;
    while (f.put("key" + std::to_string(stored), std::string(1000, 'x')) == Outcome::stored) {
      ++stored;
      if (stored % 32 == 0) f.advance();
    }
    CHECK(stored * 1024 > 6 * 1024 * 1024);
    for (int i = 0; i < stored; ++i) REQUIRE(f.get("key" + std::to_string(i)));
    CHECK(f.count(Metric::evictions) == 0);
    CHECK(f.put("large", pattern(500'000, 1)) == Outcome::out_of_memory);
    CHECK(f->erase("key0") == Outcome::stored);
    CHECK(f->erase("key1") == Outcome::stored);
    f.settle();
    CHECK(f.put("again", std::string(1000, 'x')) == Outcome::stored);
  }

  TEST_CASE("values that never arrive keep three quarters of the memory at most") {
    Fixture f{small_store(8 * mib)};
    std::deque<Draft> drafts;
    for (;;) {
      Reservation r = f->reserve("k", 0, Expiry::never, 500'000);
      if (r.outcome != Outcome::stored) {
        CHECK(r.outcome == Outcome::out_of_memory);
        break;
      }
      drafts.push_back(std::move(r.draft));
    }
    CHECK(drafts.size() >= 9);
    CHECK(drafts.size() <= 12);
    // A small one comes after them, too; others go on as soon as one has ended.
    drafts.pop_back();
    for (int i = 0; i < 20'000; ++i) {
      REQUIRE(f.put("key" + std::to_string(i), std::string(100, 'x')) == Outcome::stored);
      if (i % 32 == 0) f.advance();
    }
    CHECK(f.get("key19999"));
    drafts.clear();
    CHECK(f.put("k", pattern(1'000'000, 1)) == Outcome::stored);
    f.settle();
    CHECK(f.store().figures().draft_bytes <= 8 * kib);
  }
}

}  // namespace rc::store
