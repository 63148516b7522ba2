#include "table/clock_hand.hpp"

#include "unit/table/fixture.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace rct = rc::table;
using rct::Count;
using rct::Handle;
using rct::Inserted;
using rct::test::Bench;

namespace {

// Items that are nothing but numbers: item n has the handle n + 1 and the eight bytes of n as key.
class NumberItems {
 public:
  explicit NumberItems(std::uint64_t count) : keys_(count) {
    for (std::uint64_t i = 0; i < count; ++i) keys_[i] = i;
  }
  [[nodiscard]] bool key_equals(Handle handle, std::string_view key) const {
    return key_of(handle) == key;
  }
  [[nodiscard]] std::string_view key_of(Handle handle) const {
    return key(static_cast<std::uint64_t>(handle) - 1);
  }
  [[nodiscard]] std::string_view key(std::uint64_t number) const {
    return {reinterpret_cast<const char*>(&keys_[number]), sizeof(std::uint64_t)};
  }
  void prefetch(Handle) const {}

 private:
  std::vector<std::uint64_t> keys_;
};

// A cache of so many items, filled on a miss.
class Cache {
 public:
  Cache(std::uint64_t capacity, std::uint64_t numbers, rct::ClockOptions clock)
      : items_(numbers), capacity_(capacity) {
    auto made = Table::create(
        {.slots_min = capacity * 3 / 2, .huge_pages = false, .clock = clock}, items_, hasher_
    );
    table_ = std::move(made).value();
  }

  // True for a hit.
  bool request(std::uint64_t number) {
    const auto key = items_.key(number);
    if (table_->find(key, hasher_(key))) return true;
    store(number);
    return false;
  }
  void store(std::uint64_t number) {
    const auto key = items_.key(number);
    REQUIRE(table_->insert(key, hasher_(key), Handle{number + 1}).outcome == Inserted::inserted);
    if (table_->item_count() > capacity_) table_->evict(1, [](Handle) {});
  }
  [[nodiscard]] bool holds(std::uint64_t number) const {
    const auto key = items_.key(number);
    return static_cast<bool>(table_->peek(key, hasher_(key)));
  }
  [[nodiscard]] double main_share() const {
    return 1 - static_cast<double>(table_->probation_count()) /
                   static_cast<double>(table_->item_count());
  }
  [[nodiscard]] bool main_yields() const { return table_->main_yields(); }

 private:
  using Table = rct::Table<NumberItems>;
  NumberItems items_;
  rc::Hasher hasher_{3};
  std::uint64_t capacity_;
  std::unique_ptr<Table> table_;
};

// Of the numbers [first, last), the part that the cache holds.
double held(const Cache& cache, std::uint64_t first, std::uint64_t last) {
  std::uint64_t count = 0;
  for (std::uint64_t i = first; i < last; ++i) count += cache.holds(i) ? 1U : 0U;
  return static_cast<double>(count) / static_cast<double>(last - first);
}

// Stores 1.3 x capacity of numbers never seen and returns the part of the newest 0.5 x capacity
// that is there.
double flood(Cache& cache, std::uint64_t capacity, std::uint64_t first) {
  const std::uint64_t last = first + capacity * 13 / 10;
  for (std::uint64_t i = first; i < last; ++i) cache.store(i);
  return held(cache, last - capacity / 2, last);
}

// Ranks drawn from Zipf's law.
class Zipf {
 public:
  Zipf(std::uint64_t count, double exponent) : sums_(count) {
    double sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      sum += 1 / std::pow(static_cast<double>(i + 1), exponent);
      sums_[i] = sum;
    }
  }
  std::uint64_t operator()(std::mt19937_64& random) const {
    const double point = std::uniform_real_distribution<double>(0, sums_.back())(random);
    return static_cast<std::uint64_t>(
        std::lower_bound(sums_.begin(), sums_.end(), point) - sums_.begin()
    );
  }

 private:
  std::vector<double> sums_;
};

double zipf_hit_ratio(std::uint64_t capacity, std::uint64_t numbers, bool yields) {
  Cache cache(capacity, numbers, {.cold_main_yields = yields});
  const Zipf zipf(numbers, 0.99);
  std::mt19937_64 random(11);
  std::uint64_t hits = 0;
  constexpr std::uint64_t requests = 800'000;
  for (std::uint64_t i = 0; i < requests; ++i) {
    if (cache.request(zipf(random)) && i >= requests / 2) ++hits;
  }
  return static_cast<double>(hits) / (requests / 2.0);
}

// Counts the items that hands look at.
struct CountingHooks : rct::NoHooks {
  static inline std::uint64_t visited = 0;
  static void at(rct::Point point) {
    if (point == rct::Point::visited) ++visited;
  }
};

std::size_t evict_one(Bench<>& bench) {
  return bench.table->evict(1, [](Handle) {});
}

}  // namespace

TEST_SUITE("table/clock_hand") {
  TEST_CASE("an unread item survives one pass of the hand and dies on the second") {
    Bench<> bench({.slots_min = 448});
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    std::vector<Handle> victims;
    CHECK(bench.table->evict(1, [&](Handle victim) { victims.push_back(victim); }) == 1);
    CHECK(victims == std::vector{Handle{1}});
    CHECK(bench.table->item_count() == 0);
    CHECK(bench.table->count(Count::evictions_probation) == 1);
    CHECK(evict_one(bench) == 0);
  }

  TEST_CASE("an item that was read moves to main and outlives the unread") {
    Bench<> bench({.slots_min = 448});
    for (const char* key : {"a", "b", "c", "d"}) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    REQUIRE(bench.find("c"));
    CHECK(bench.table->evict(3, [](Handle) {}) == 3);
    CHECK(bench.table->count(Count::promotions) == 1);
    CHECK(bench.table->probation_count() == 0);
    CHECK(bench.find("c"));
    CHECK(evict_one(bench) == 1);
    CHECK(bench.table->count(Count::evictions_main) == 1);
  }

  TEST_CASE("a key that returns while its ghost lives goes into main") {
    Bench<> bench({.slots_min = 448});
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    REQUIRE(evict_one(bench) == 1);
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    CHECK(bench.table->probation_count() == 0);
    CHECK(bench.table->count(Count::ghost_returns) == 1);
    // The ghost is used up, and that of main sends nobody into main.
    REQUIRE(evict_one(bench) == 1);
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    CHECK(bench.table->probation_count() == 1);
    bench.table->check_invariants();
  }

  TEST_CASE("everything can be evicted, however often it was read") {
    Bench<> bench({.slots_min = 448 * 4});
    for (int i = 0; i < 1000; ++i) {
      const std::string key = std::to_string(i);
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
      for (int reads = 0; reads < i % 5; ++reads) REQUIRE(bench.find(key));
    }
    std::size_t victims = 0;
    while (bench.table->evict(100, [&](Handle) { ++victims; }) != 0) {
    }
    CHECK(victims == 1000);
    bench.table->check_invariants();
  }

  TEST_CASE("no single eviction goes all round a large cache") {
    constexpr std::uint64_t items = 200'000;
    for (const unsigned reads : {0U, 3U}) {
      CAPTURE(reads);
      rct::Table<NumberItems, rct::DefaultGeometry, CountingHooks>::Options options;
      options.slots_min = items * 3 / 2;
      options.huge_pages = false;
      const NumberItems numbers(items);
      const rc::Hasher hasher(3);
      auto made = rct::Table<NumberItems, rct::DefaultGeometry, CountingHooks>::create(
          options, numbers, hasher
      );
      auto& table = *made.value();
      for (std::uint64_t i = 0; i < items; ++i) {
        const auto key = numbers.key(i);
        REQUIRE(table.insert(key, hasher(key), Handle{i + 1}).outcome == Inserted::inserted);
        for (unsigned read = 0; read < reads; ++read) REQUIRE(table.find(key, hasher(key)));
      }
      for (int i = 0; i < 200; ++i) {
        CountingHooks::visited = 0;
        REQUIRE(table.evict(1, [](Handle) {}) > 0);
        CHECK(CountingHooks::visited < items / 5);
      }
    }
  }

  TEST_CASE("an eviction from a sparse index does not go all round it either") {
    constexpr std::uint64_t items = 2000;
    rct::Table<NumberItems, rct::DefaultGeometry, CountingHooks>::Options options;
    options.slots_min = 4'000'000;
    options.huge_pages = false;
    const NumberItems numbers(items);
    const rc::Hasher hasher(3);
    auto made = rct::Table<NumberItems, rct::DefaultGeometry, CountingHooks>::create(
        options, numbers, hasher
    );
    auto& table = *made.value();
    for (std::uint64_t i = 0; i < items; ++i) {
      const auto key = numbers.key(i);
      REQUIRE(table.insert(key, hasher(key), Handle{i + 1}).outcome == Inserted::inserted);
    }
    CountingHooks::visited = 0;
    REQUIRE(table.evict(1, [](Handle) {}) > 0);
    CHECK(CountingHooks::visited < items / 5);
  }

  TEST_CASE("overflow bits go once nothing lies behind them") {
    Bench<> bench({.slots_min = 448});
    for (int i = 0; i < 370; ++i) {
      REQUIRE(bench.insert(std::to_string(i)).outcome == Inserted::inserted);
    }
    CHECK(bench.table->load().homes_overflowing > 5);
    for (int i = 0; i < 370; ++i) {
      auto found = bench.peek(std::to_string(i));
      if (i != 7) CHECK(bench.table->erase(found));
    }
    CHECK(bench.table->load().homes_overflowing > 5);
    for (int pass = 0; pass < 2; ++pass) CHECK(bench.table->evict(1, [](Handle) {}) == 1 - pass);
    REQUIRE(bench.insert("x").outcome == Inserted::inserted);
    REQUIRE(evict_one(bench) == 1);
    CHECK(bench.table->load().homes_overflowing == 0);
  }

  TEST_CASE("new items live in a cache full of items that were never read") {
    constexpr std::uint64_t capacity = 20'000;
    Cache cache(capacity, 4 * capacity, {});
    for (std::uint64_t i = 0; i < capacity; ++i) cache.store(i);
    CHECK(flood(cache, capacity, capacity) >= 0.7);
  }

  TEST_CASE("new items live in a cache full of items that nobody reads any more") {
    for (const std::uint64_t capacity : {std::uint64_t{3000}, std::uint64_t{30'000}}) {
      CAPTURE(capacity);
      std::array<double, 2> newest{};
      for (const bool yields : {false, true}) {
        Cache cache(capacity, 4 * capacity, {.cold_main_yields = yields});
        std::mt19937_64 random(5);
        for (std::uint64_t i = 0; i < 40 * capacity; ++i) {
          cache.request(random() % (capacity * 21 / 20));
        }
        REQUIRE(cache.main_share() > 0.75);
        newest[yields ? 1 : 0] = flood(cache, capacity, 2 * capacity);
      }
      MESSAGE("newest present: fixed share ", newest[0], ", yielding ", newest[1]);
      CHECK(newest[0] < 0.5);  // what a fixed share does
      CHECK(newest[1] >= 0.7);
    }
  }

  TEST_CASE("a hot few survive while the rest of main yields") {
    constexpr std::uint64_t capacity = 20'000;
    Cache cache(capacity, 4 * capacity, {});
    std::mt19937_64 random(5);
    for (std::uint64_t i = 0; i < 40 * capacity; ++i) {
      cache.request(random() % (capacity * 21 / 20));
    }
    std::uint64_t hits = 0;
    for (std::uint64_t i = 0; i < 2 * capacity - capacity / 2; ++i) {
      cache.store(2 * capacity + i);
      hits += cache.request(i % 50) ? 1U : 0U;
    }
    CHECK(cache.main_share() < 0.5);
    CHECK(static_cast<double>(hits) >= 0.99 * (1.5 * capacity));
  }

  TEST_CASE("yielding costs a skewed load nothing") {
    for (const std::uint64_t capacity : {std::uint64_t{2000}, std::uint64_t{20'000}}) {
      const double fixed = zipf_hit_ratio(capacity, 200'000, false);
      const double yielding = zipf_hit_ratio(capacity, 200'000, true);
      MESSAGE("capacity ", capacity, ": hit ratio fixed ", fixed, ", yielding ", yielding);
      CHECK(yielding > fixed - 0.01);
      CHECK(fixed > 0.4);
    }
  }
}
