#include "table/table.hpp"

#include "unit/table/fixture.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace rct = rc::table;
using rct::Handle;
using rct::Inserted;
using rct::test::Bench;

namespace {

// Drives a table and a map with the same random operations on a few keys. What the clock or a full
// window takes from the table is taken from the map.
template <class Geometry>
class ModelRun {
 public:
  explicit ModelRun(unsigned seed) : random_(seed) {}

  void step() {
    const std::string key = std::to_string(random_() % 24);
    CAPTURE(key);
    switch (random_() % 6) {
      case 0:
        insert(key);
        break;
      case 1:
        replace(key);
        break;
      case 2:
        erase(key);
        break;
      case 3:
        move(key);
        break;
      case 4:
        evict();
        break;
      default:
        CHECK(bench_.find(key).handle() == expected(key));
    }
    CHECK(bench_.table->item_count() == model_.size());
  }

  void compare() {
    bench_.table->check_invariants();
    std::vector<rct::Lookup> lookups;
    for (const auto& [key, handle] : model_) {
      lookups.push_back({.key = key, .hash = bench_.hash(key)});
    }
    bench_.table->find_many(lookups);
    for (const rct::Lookup& lookup : lookups) {
      CHECK(lookup.found.handle() == model_.at(std::string(lookup.key)));
    }
  }

 private:
  Handle expected(const std::string& key) const {
    const auto at = model_.find(key);
    return at == model_.end() ? Handle::none : at->second;
  }
  void forget(Handle handle) {
    REQUIRE(model_.erase(std::string(bench_.items.key_of(handle))) == 1);
  }

  void insert(const std::string& key) {
    const Handle item = bench_.items.add(key);
    const auto insertion = bench_.table->insert(key, bench_.hash(key), item);
    if (insertion.displaced != Handle::none) forget(insertion.displaced);
    CHECK(insertion.existing.handle() == expected(key));
    CHECK((insertion.outcome == Inserted::exists) == (model_.count(key) == 1));
    if (insertion.outcome == Inserted::inserted) model_[key] = item;
  }
  void replace(const std::string& key) {
    auto found = bench_.peek(key);
    CHECK(found.handle() == expected(key));
    if (!found) return;
    const Handle item = bench_.items.add(key);
    CHECK(bench_.table->replace(found, item));
    model_[key] = item;
  }
  void erase(const std::string& key) {
    auto found = bench_.peek(key);
    CHECK(found.handle() == expected(key));
    if (found) {
      CHECK(bench_.table->erase(found));
      model_.erase(key);
    }
  }
  void move(const std::string& key) {
    const Handle copy = bench_.items.add(key);
    const bool moved = bench_.table->move_item(bench_.hash(key), expected(key), copy);
    CHECK(moved == (model_.count(key) == 1));
    if (moved) model_[key] = copy;
  }
  void evict() {
    const bool any = !model_.empty();
    const std::size_t count = bench_.table->evict(1, [&](Handle victim) { forget(victim); });
    CHECK((count > 0) == any);
  }

  std::mt19937 random_;
  Bench<Geometry> bench_{{.slots_min = 24, .huge_pages = false}};
  std::unordered_map<std::string, Handle> model_;
};

// Lets a test act while an insertion stands between finding a bucket with room and taking a slot.
struct InterruptedHooks : rct::NoHooks {
  static void at(rct::Point point) {
    if (point == rct::Point::counted && interruption) std::exchange(interruption, nullptr)();
  }
  static inline std::function<void()> interruption;
};

}  // namespace

TEST_SUITE("table/table") {
  TEST_CASE("what was inserted is found, and nothing else") {
    Bench<> bench({.slots_min = 1000});
    CHECK(bench.insert("a").outcome == Inserted::inserted);
    CHECK(bench.items.key_of(bench.find("a").handle()) == "a");
    CHECK_FALSE(bench.find("b"));
    CHECK(bench.table->item_count() == 1);
  }

  TEST_CASE("a second insertion of a key says what exists") {
    Bench<> bench({.slots_min = 1000});
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    const Handle first = bench.find("a").handle();
    const auto again = bench.insert("a");
    CHECK(again.outcome == Inserted::exists);
    CHECK(again.existing.handle() == first);
    CHECK(bench.table->item_count() == 1);
  }

  TEST_CASE("replace keeps the slot and outlives changes of clock bits") {
    Bench<> bench({.slots_min = 1000});
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    auto found = bench.peek("a");
    const Handle other = bench.items.add("a");
    REQUIRE(bench.find("a"));  // REF goes up behind the back of `found`
    CHECK(bench.table->replace(found, other));
    CHECK(found.handle() == other);
    CHECK(bench.find("a").handle() == other);
  }

  TEST_CASE("replace and erase refuse when the item has changed") {
    Bench<> bench({.slots_min = 1000});
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    auto stale = bench.peek("a");
    auto found = bench.peek("a");
    REQUIRE(bench.table->replace(found, bench.items.add("a")));
    CHECK_FALSE(bench.table->replace(stale, bench.items.add("a")));
    CHECK_FALSE(bench.table->erase(stale));
    CHECK(bench.table->erase(found));
    CHECK_FALSE(bench.find("a"));
    CHECK(bench.table->item_count() == 0);
  }

  TEST_CASE("an item is erased or moved by its handle only while it is linked") {
    Bench<> bench({.slots_min = 1000});
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    const Handle first = bench.find("a").handle();
    const Handle copy = bench.items.add("a");
    CHECK(bench.table->move_item(bench.hash("a"), first, copy));
    CHECK(bench.find("a").handle() == copy);
    CHECK_FALSE(bench.table->move_item(bench.hash("a"), first, copy));
    CHECK_FALSE(bench.table->erase_item(bench.hash("a"), first));
    CHECK(bench.table->erase_item(bench.hash("a"), copy));
    CHECK_FALSE(bench.find("a"));
  }

  TEST_CASE("find_many finds what find finds") {
    Bench<> bench({.slots_min = 2000});
    std::vector<std::string> keys;
    for (int i = 0; i < 300; ++i) keys.push_back("key" + std::to_string(i));
    for (std::size_t i = 0; i < 300; i += 2) {
      REQUIRE(bench.insert(keys[i]).outcome == Inserted::inserted);
    }
    std::vector<rct::Lookup> lookups;
    for (const std::string& key : keys) lookups.push_back({.key = key, .hash = bench.hash(key)});
    bench.table->find_many(lookups);
    for (const rct::Lookup& lookup : lookups) {
      CHECK(lookup.found.handle() == bench.peek(lookup.key).handle());
    }
  }

  TEST_CASE("find_many counts uses as find does") {
    Bench<> bench({.slots_min = 448});
    std::vector<std::string> keys;
    for (int i = 0; i < 40; ++i) keys.push_back(std::to_string(i));
    for (const std::string& key : keys) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    std::vector<rct::Lookup> lookups;
    for (const std::string& key : keys) lookups.push_back({.key = key, .hash = bench.hash(key)});
    bench.table->find_many(lookups);
    CHECK(bench.table->evict(1, [](Handle) {}) > 0);
    CHECK(bench.table->count(rct::Count::promotions) > 0);
    CHECK(bench.table->count(rct::Count::evictions_probation) == 0);
  }

  TEST_CASE("a full window displaces the coldest item") {
    Bench<rct::test::CollidingGeometry> bench({.slots_min = 4, .huge_pages = false});
    for (const char* key : {"a", "b", "c", "d"}) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    for (const char* key : {"a", "b", "d"}) REQUIRE(bench.find(key));
    const auto insertion = bench.insert("e");
    CHECK(insertion.outcome == Inserted::inserted);
    CHECK(bench.items.key_of(insertion.displaced) == "c");
    CHECK_FALSE(bench.peek("c"));
    CHECK(bench.table->item_count() == 4);
    CHECK(bench.table->count(rct::Count::displacements) == 1);
    bench.table->check_invariants();
    // It died in probation: its ghost brings it back into main.
    REQUIRE(bench.insert("c").outcome == Inserted::inserted);
    CHECK(bench.table->count(rct::Count::ghost_returns) == 1);
    bench.table->check_invariants();
  }

  TEST_CASE("a full window refuses when the table may not evict") {
    Bench<rct::test::CollidingGeometry> bench({.slots_min = 4, .huge_pages = false, .evict = false}
    );
    for (const char* key : {"a", "b", "c", "d"}) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    const auto insertion = bench.insert("e");
    CHECK(insertion.outcome == Inserted::full);
    CHECK(insertion.displaced == Handle::none);
    CHECK(bench.insert("a").outcome == Inserted::exists);
    auto found = bench.peek("b");
    REQUIRE(bench.table->erase(found));
    CHECK(bench.insert("e").outcome == Inserted::inserted);
  }

  TEST_CASE("the default window takes a load of 0.78 without a refusal") {
    Bench<> bench({.slots_min = 448 * 64, .evict = false});
    const auto items = static_cast<int>(0.78 * 448 * 64);
    for (int i = 0; i < items; ++i) {
      REQUIRE(bench.insert(std::to_string(i)).outcome == Inserted::inserted);
    }
    const auto load = bench.table->load();
    CHECK(load.items == bench.table->item_count());
    CHECK(static_cast<double>(load.homes_overflowing) < 0.25 * static_cast<double>(load.buckets));
    CHECK(static_cast<double>(load.at_distance[0]) > 0.9 * static_cast<double>(load.items));
    bench.table->check_invariants();
  }

  TEST_CASE("losing a free slot to another insertion displaces nobody while there is room") {
    rct::test::Bench<rct::test::TinyGeometry, InterruptedHooks> bench({.slots_min = 4});
    REQUIRE(bench.table->slot_count() == 4);
    std::array<std::vector<std::string>, 2> keys_of_home;
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(i);
      keys_of_home[bench.hash(key).value % 2].push_back(key);
    }
    const std::vector<std::string>& here = keys_of_home[0];
    const std::vector<std::string>& there = keys_of_home[1];
    // Two items fill the home, one is next door.
    REQUIRE(bench.insert(here[0]).outcome == Inserted::inserted);
    REQUIRE(bench.insert(here[1]).outcome == Inserted::inserted);
    REQUIRE(bench.insert(there[0]).outcome == Inserted::inserted);
    InterruptedHooks::interruption = [&] {
      CHECK(bench.insert(there[1]).outcome == Inserted::inserted);
      auto first = bench.peek(here[0]);
      CHECK(bench.table->erase(first));
    };
    const auto insertion = bench.insert(here[2]);
    CHECK_FALSE(InterruptedHooks::interruption);  // it happened
    CHECK(insertion.outcome == Inserted::inserted);
    CHECK(insertion.displaced == Handle::none);
    CHECK(bench.table->item_count() == 4);
    bench.table->check_invariants();
  }

  TEST_CASE("for_each meets every item once") {
    Bench<> bench({.slots_min = 4000});
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(bench.insert(std::to_string(i)).outcome == Inserted::inserted);
    }
    std::vector<Handle> met;
    bench.table->for_each([&](Handle handle) { met.push_back(handle); });
    std::sort(met.begin(), met.end());
    CHECK(met.size() == 1000);
    CHECK(std::unique(met.begin(), met.end()) == met.end());
  }

  TEST_CASE_TEMPLATE(
      "any sequence of operations answers as a map does",
      Geometry,
      rct::test::TinyGeometry,
      rct::test::CollidingGeometry,
      rct::DefaultGeometry
  ) {
    for (const unsigned seed : {1U, 2U, 3U}) {
      CAPTURE(seed);
      ModelRun<Geometry> run(seed);
      for (int i = 0; i < 5000; ++i) run.step();
      run.compare();
    }
  }
}
