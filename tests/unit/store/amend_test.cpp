#include "fixture.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace rc::store {

using stats::Metric;
using testing::Fixture;
using testing::pattern;
using testing::small_store;

namespace {

Expiry in(Fixture& f, std::int64_t seconds) {
  return expiry_from_wire(seconds, f.now());
}

}  // namespace

TEST_SUITE("amend") {
  TEST_CASE("a stale item is won by one reader, and it stays stale until it is stored anew") {
    for (const std::size_t bytes : {0UL, 5UL, 5'000UL, 200'000UL}) {
      CAPTURE(bytes);
      Fixture f{small_store(32 * mib)};
      const std::string value = pattern(bytes, 1);
      REQUIRE(f.put("k", value, Mode::set, Expiry::never, 7) == Outcome::stored);
      const std::uint64_t cas = f.last_cas;
      const Stored changed = f->invalidate("k", {.expiry = in(f, 30)});
      CHECK(changed.outcome == Outcome::stored);
      CHECK(changed.cas > cas);

      Fetched fetched = f->fetch("k", {});
      CHECK(fetched.won);
      CHECK_FALSE(fetched.was_won);
      CHECK(fetched.item.stale());
      CHECK(fetched.item.cas() == changed.cas);
      CHECK(fetched.item.client_flags() == 7);
      CHECK(fetched.item.expiry() == in(f, 30));
      CHECK(Fixture::value_of(fetched.item) == value);

      fetched = f->fetch("k", {});
      CHECK_FALSE(fetched.won);
      CHECK(fetched.was_won);
      CHECK(fetched.item.stale());
      REQUIRE(f.put("k", "new") == Outcome::stored);
      CHECK_FALSE(f->fetch("k", {}).item.stale());
      f.settle();
      f.store().check_invariants();
    }
  }

  TEST_CASE("to invalidate again lets another reader win") {
    Fixture f;
    f.put("k", "v");
    CHECK(f->invalidate("k", {}).outcome == Outcome::stored);
    CHECK(f->fetch("k", {}).won);
    CHECK(f->invalidate("k", {}).outcome == Outcome::stored);
    CHECK(f->fetch("k", {}).won);
  }

  TEST_CASE("a missing item is made once, empty and won") {
    Fixture f;
    CHECK(f->fetch("k", {}).outcome == Fetched::Outcome::missing);
    Fetched fetched = f->fetch("k", {.vivify = in(f, 30), .new_cas = 77});
    CHECK(fetched.outcome == Fetched::Outcome::created);
    CHECK(fetched.won);
    CHECK(fetched.item.value_bytes() == 0);
    CHECK(fetched.item.cas() == 77);
    fetched = f->fetch("k", {.vivify = in(f, 30)});
    CHECK(fetched.outcome == Fetched::Outcome::found);
    CHECK(fetched.was_fetched);
    CHECK(fetched.was_won);
    CHECK_FALSE(fetched.won);
    f.advance(31);
    CHECK(f->fetch("k", {.vivify = in(f, 30)}).outcome == Fetched::Outcome::created);
  }

  TEST_CASE("a new item is touched only by what comes after it was made") {
    Fixture f;
    Fetched fetched = f->fetch("k", {.touch = in(f, 90), .vivify = in(f, 30)});
    CHECK(fetched.item.expiry() == in(f, 30));
    CHECK(fetched.expiry_before == Expiry::never);
    REQUIRE(f->erase("k") == Outcome::stored);
    fetched = f->fetch("k", {.touch = in(f, 90), .vivify = in(f, 30), .touch_after_vivify = true});
    CHECK(fetched.item.expiry() == in(f, 90));
  }

  TEST_CASE("an item near its end is won by the first who asks for it") {
    Fixture f;
    f.put("k", "v", Mode::set, in(f, 30));
    CHECK_FALSE(f->fetch("k", {.recache_below_s = 30}).won);
    CHECK(f->fetch("k", {.recache_below_s = 31}).won);
    CHECK_FALSE(f->fetch("k", {.recache_below_s = 31}).won);
    f.put("eternal", "v");
    CHECK_FALSE(f->fetch("eternal", {.recache_below_s = 1'000'000}).won);
  }

  TEST_CASE("whether the old or the new expiry is compared is for the caller to say") {
    Fixture f;
    f.put("k", "v", Mode::set, in(f, 30));
    const Expiry later = in(f, 300);
    CHECK_FALSE(
        f->fetch("k", {.touch = later, .recache_below_s = 100, .recache_after_touch = true}).won
    );
    const Fetched fetched = f->fetch("k", {.touch = in(f, 30), .recache_below_s = 301});
    CHECK(fetched.won);
    CHECK(fetched.expiry_before == later);
    CHECK(fetched.item.expiry() == in(f, 30));
  }

  TEST_CASE("a fetch tells how the item was before, and one that is no use leaves it so") {
    Fixture f;
    f.put("k", "v");
    f.advance(5);
    CHECK_FALSE(f->fetch("k", {.is_use = false}).was_fetched);
    Fetched fetched = f->fetch("k", {.touch = Expiry::never});
    CHECK_FALSE(fetched.was_fetched);
    CHECK(fetched.idle_s == 5);
    f.advance(2);
    fetched = f->fetch("k", {.is_use = false, .touch = Expiry::never});
    CHECK(fetched.was_fetched);
    CHECK(fetched.idle_s == 2);
    CHECK(f->fetch("k", {}).idle_s == 2);
    CHECK(f->fetch("k", {}).idle_s == 0);
  }

  TEST_CASE("emptying leaves the key there, without value and flags") {
    Fixture f;
    f.put("k", pattern(100'000, 1), Mode::set, in(f, 50), 9);
    CHECK(
        f->invalidate("k", {.cas_unique = 999, .stale = false, .empties = true}).outcome ==
        Outcome::exists
    );
    const Stored changed = f->invalidate("k", {.new_cas = 5, .stale = false, .empties = true});
    CHECK(changed.outcome == Outcome::stored);
    CHECK(changed.cas == 5);
    const Fetched fetched = f->fetch("k", {});
    CHECK(fetched.outcome == Fetched::Outcome::found);
    CHECK(fetched.item.value_bytes() == 0);
    CHECK(fetched.item.client_flags() == 0);
    CHECK(fetched.item.expiry() == Expiry::never);
    CHECK_FALSE(fetched.won);
    CHECK(f->invalidate("none", {}).outcome == Outcome::not_found);
  }

  TEST_CASE("a value made from an older version is stored as stale, a newer version refuses it") {
    Fixture f;
    f.put("k", "v1", Mode::set, in(f, 40));
    const std::uint64_t first = f.last_cas;
    CHECK(f->invalidate("k", {}).outcome == Outcome::stored);
    CHECK(f->fetch("k", {}).won);
    const auto put = [&f](std::uint64_t cas) {
      Reservation r = f->reserve("k", 0, Expiry::never, 2);
      r.draft.append(std::string_view("v2"));
      return f
          ->store(std::move(r.draft), {.mode = Mode::cas, .cas_unique = cas, .accepts_stale = true})
          .outcome;
    };
    CHECK(put(first + 1'000'000) == Outcome::exists);
    CHECK(put(0) == Outcome::exists);
    CHECK(put(first) == Outcome::stored);
    const Fetched fetched = f->fetch("k", {});
    CHECK(Fixture::value_of(fetched.item) == "v2");
    CHECK(fetched.item.stale());
    CHECK(fetched.was_won);
    CHECK(fetched.item.expiry() == in(f, 40));
    CHECK(put(fetched.item.cas()) == Outcome::stored);
    CHECK_FALSE(f->find("k").stale());
  }

  TEST_CASE("without a comparison nothing is stored as stale") {
    Fixture f;
    for (const Mode mode : {Mode::set, Mode::replace, Mode::set}) {
      Reservation r = f->reserve("k", 0, Expiry::never, 1);
      r.draft.append(std::string_view("v"));
      const Outcome outcome =
          f->store(std::move(r.draft), {.mode = mode, .accepts_stale = true}).outcome;
      CHECK(outcome == Outcome::stored);
      CHECK_FALSE(f->find("k").stale());
    }
  }

  TEST_CASE("a version can be chosen") {
    Fixture f;
    Reservation r = f->reserve("k", 0, Expiry::never, 1);
    r.draft.append(std::string_view("5"));
    CHECK(f->store(std::move(r.draft), {.new_cas = 1234}).cas == 1234);
    CHECK(f->find("k").cas() == 1234);
    CHECK(f->add("k", 1, Direction::increment, {.new_cas = 99}).cas == 99);
    CHECK(
        f->add("k", 1, Direction::increment, {.cas_unique = 98}).outcome ==
        Arithmetic::Outcome::exists
    );
    CHECK(f->find("k").cas() == 99);
  }

  TEST_CASE("arithmetic makes what is missing, and touches what is there") {
    Fixture f;
    Arithmetic a = f->add("n", 5, Direction::increment, {.vivify = in(f, 9), .initial = 13});
    CHECK(a.outcome == Arithmetic::Outcome::created);
    CHECK(a.value == 13);
    CHECK(f.get("n") == "13");
    a = f->add("n", 5, Direction::increment, {.touch = in(f, 20), .vivify = in(f, 9)});
    CHECK(a.outcome == Arithmetic::Outcome::ok);
    CHECK(a.value == 18);
    CHECK(a.expiry_before == in(f, 9));
    CHECK(f->find("n").expiry() == in(f, 20));
  }

  TEST_CASE("an append may make what is missing, and heeds a version") {
    Fixture f;
    const auto append = [&f](const WriteTerms& terms) {
      Reservation r = f->reserve("k", 3, Expiry::never, 2);
      r.draft.append(std::string_view("ab"));
      return f->store(std::move(r.draft), terms);
    };
    CHECK(append({.mode = Mode::append}).outcome == Outcome::not_stored);
    Stored stored = append({.mode = Mode::append, .vivify = in(f, 20)});
    CHECK(stored.outcome == Outcome::stored);
    CHECK(stored.value_bytes == 2);
    CHECK(f->find("k").client_flags() == 3);
    CHECK(f->find("k").expiry() == in(f, 20));
    CHECK(append({.mode = Mode::prepend, .cas_unique = stored.cas + 1}).outcome == Outcome::exists);
    stored = append({.mode = Mode::prepend, .cas_unique = stored.cas, .vivify = in(f, 90)});
    CHECK(stored.outcome == Outcome::stored);
    CHECK(stored.value_bytes == 4);
    CHECK(f.get("k") == "abab");
    CHECK(f->find("k").expiry() == in(f, 20));
  }

  TEST_CASE("touching, counting and moving keep what is known of an item's state") {
    Fixture f;
    f.put("k", "10");
    CHECK(f->invalidate("k", {}).outcome == Outcome::stored);
    CHECK(f->fetch("k", {}).won);
    CHECK(f->touch("k", in(f, 50)));
    CHECK(f->add("k", 1, Direction::increment).value == 11);
    CHECK(f->find("k").stale());
    CHECK(f->find("k").won());
  }

  TEST_CASE("of many threads one wins, in every round") {
    Options options = small_store();
    options.workers_max = 3;
    auto created = Store::create(options);
    REQUIRE(created.ok());
    Store& store = *created.value();
    constexpr int rounds = 200;
    constexpr int threads = 3;
    std::vector<std::atomic<int>> winners(rounds);
    std::vector<std::thread> team;
    for (int t = 0; t < threads; ++t) {
      team.emplace_back([&] {
        stats::Counters counters;
        Access access(store, counters);
        for (int round = 0; round < rounds; ++round) {
          access.begin_turn(UnixSeconds{1'700'000'000});
          const std::string key = "k" + std::to_string(round);
          // Relaxed: the threads are joined before anybody looks.
          if (access.fetch(key, {.vivify = Expiry::never}).won) {
            winners[static_cast<std::size_t>(round)].fetch_add(1, std::memory_order_relaxed);
          }
          access.end_turn();
        }
      });
    }
    for (std::thread& thread : team) thread.join();
    for (const auto& n : winners) CHECK(n.load() == 1);
  }
}

}  // namespace rc::store
