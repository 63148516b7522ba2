#include "fixture.hpp"

#include <set>
#include <string>
#include <vector>

namespace rc::store {

using stats::Metric;
using testing::Fixture;

TEST_SUITE("lookup") {
  TEST_CASE("many keys are found at once, hits and misses in their places") {
    Fixture f;
    for (int i = 0; i < 100; i += 2) {
      REQUIRE(f.put("key" + std::to_string(i), std::to_string(i)) == Outcome::stored);
    }
    std::vector<std::string> keys;
    for (int i = 0; i < 100; ++i) keys.push_back("key" + std::to_string(i));
    std::vector<Access::Lookup> lookups;
    for (const std::string& key : keys) lookups.push_back({.key = key, .item = {}});
    f->find_many(lookups);
    for (std::size_t i = 0; i < 100; ++i) {
      CAPTURE(i);
      REQUIRE(static_cast<bool>(lookups[i].item) == (i % 2 == 0));
      if (i % 2 == 0) CHECK(lookups[i].item.value() == std::to_string(i));
    }
  }

  TEST_CASE("a glance finds what is alive and leaves no trace") {
    Fixture f;
    REQUIRE(f.put("k", "v") == Outcome::stored);
    REQUIRE(f.put("dead", "v", Mode::set, Expiry::expired) == Outcome::stored);
    f.advance(3);
    const Item item = f->glance("k");
    REQUIRE(item);
    CHECK(item.value() == "v");
    CHECK_FALSE(item.fetched());
    CHECK(item.idle_seconds(f.now()) == 3);
    CHECK_FALSE(f->glance("dead"));
    CHECK_FALSE(f->glance("none"));
    CHECK(f.store().figures().curr_items == 2);
    CHECK(f.count(Metric::get_expired) == 0);
  }

  TEST_CASE("an expired item is a miss and is removed by the look") {
    Fixture f;
    REQUIRE(f.put("k", "v", Mode::set, expiry_from_wire(5, f.now())) == Outcome::stored);
    f.advance(4);
    CHECK(f.get("k") == "v");
    f.advance(1);
    CHECK_FALSE(f.get("k"));
    CHECK(f.store().figures().curr_items == 0);
    CHECK(f.count(Metric::get_expired) == 1);
    CHECK(f.count(Metric::reclaimed) == 1);
    CHECK(f.count(Metric::expired_unfetched) == 0);
  }

  TEST_CASE("an expired item does not stand in the way of add, and not for replace or cas") {
    Fixture f;
    auto expired = [&] {
      REQUIRE(f.put("k", "old", Mode::set, Expiry::expired) == Outcome::stored);
    };
    expired();
    CHECK(f.put("k", "v", Mode::replace) == Outcome::not_stored);
    expired();
    CHECK(f.put("k", "v", Mode::append) == Outcome::not_stored);
    expired();
    CHECK(f.put("k", "v", Mode::cas, Expiry::never, 0, f.last_cas) == Outcome::not_found);
    expired();
    CHECK(f->erase("k") == Outcome::not_found);
    expired();
    CHECK_FALSE(f->touch("k", Expiry::never));
    expired();
    CHECK(f->add("k", 1, Direction::increment).outcome == Arithmetic::Outcome::not_found);
    expired();
    CHECK(f.put("k", "new", Mode::add) == Outcome::stored);
    CHECK(f.get("k") == "new");
  }

  TEST_CASE("reading marks an item fetched and remembers the second") {
    Fixture f;
    REQUIRE(f.put("k", "v") == Outcome::stored);
    f.advance(10);
    Access::Lookup lookup{.key = "other", .item = {}};
    f->find_many({&lookup, 1});
    CHECK_FALSE(lookup.item);
    const Item item = f->find("k");
    CHECK(item.fetched());
    f.advance(7);
    CHECK(item.idle_seconds(f.now()) == 7);
  }

  TEST_CASE("a walk meets what is alive, over any number of turns, and does not use it") {
    Fixture f;
    for (int i = 0; i < 4000; ++i) {
      REQUIRE(f.put("k" + std::to_string(i), "v") == Outcome::stored);
    }
    REQUIRE(f.put("short", "v", Mode::set, expiry_from_wire(5, f.now())) == Outcome::stored);
    f.advance(10);
    table::Walk walk;
    std::vector<Item> items;
    std::set<std::string> met;
    while (f->gather(walk, items) != table::Walk::Step::ended) {
      for (const Item& item : items) {
        CHECK(met.insert(std::string(item.key())).second);
        CHECK_FALSE(item.fetched());
      }
      f.advance();
    }
    CHECK(met.size() == 4000);
    CHECK_FALSE(met.contains("short"));
  }
}

}  // namespace rc::store
