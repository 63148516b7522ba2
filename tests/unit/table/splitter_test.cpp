#include "table/splitter.hpp"

#include "unit/table/fixture.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace rct = rc::table;
using rct::Growth;
using rct::Handle;
using rct::HeaderWord;
using rct::Inserted;
using rct::Point;

namespace {

// Two slots, four buckets, all in the window; eight items fill a segment.
struct SmallGeometry {
  static constexpr std::size_t slots = 2;
  static constexpr std::size_t buckets = 4;
  static constexpr std::array<std::uint8_t, 4> offsets{0, 1, 3, 2};
  [[nodiscard]] static constexpr rc::Hash fold(rc::Hash hash) { return hash; }
};

// Calls `interruption` the n-th time that a split comes to `at`.
struct InterruptingHooks : rct::NoHooks {
  static inline Point where = Point::scanned;
  static inline int countdown = 0;
  static inline std::function<void()> interruption;
  static void at(Point point) {
    if (point != where || !interruption || --countdown != 0) return;
    std::exchange(interruption, nullptr)();
  }
};

// A table that may grow, with turns: one for each operation.
template <class Geometry = rct::DefaultGeometry, class Hooks = rct::NoHooks>
struct Growing {
  using Table = rct::Table<rct::test::VectorItems, Geometry, Hooks>;
  static constexpr std::uint64_t segment_slots = Geometry::slots * Geometry::buckets;

  explicit Growing(std::uint64_t first, std::uint64_t last, bool evict = true) {
    auto made = Table::create(
        {.slots_min = first * segment_slots,
         .slots_max = last * segment_slots,
         .epochs = &epochs,
         .huge_pages = false,
         .evict = evict},
        items,
        hasher
    );
    table = std::move(made).value();
  }

  rc::Hash hash(const std::string& key) const { return hasher(key); }
  rct::Found peek(const std::string& key) const { return table->peek(key, hash(key)); }
  rct::Insertion insert(const std::string& key) {
    return table->insert(key, hash(key), items.add(key));
  }
  Growth grow() {
    participant.enter();
    const Growth growth = table->grow();
    participant.leave();
    return growth;
  }
  // Through the grace periods.
  Growth grow_on() {
    Growth growth = grow();
    for (int i = 0; i < 8 && growth == Growth::busy; ++i) growth = grow();
    return growth;
  }
  std::uint64_t segments() const { return table->growth().segments; }

  rct::test::VectorItems items;
  rc::Hasher hasher{7};
  rct::Epochs epochs{3};
  rct::Participant participant{epochs};
  std::unique_ptr<Table> table;
};

std::vector<std::string> numbered(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back("key" + std::to_string(i));
  return keys;
}

// What happens to one key in the middle of a split, and what the key must be afterwards.
enum class Act : std::uint8_t { find, replace, erase, insert, erase_and_insert, move, evict, grow };

// One small segment is split with an act in the middle; the rest must not notice.
class Interrupted {
 public:
  Interrupted() {
    for (const std::string& key : numbered(5)) add(key);
  }

  // Returns false once `countdown` is beyond the last time that the split comes to `where`.
  bool run(Point where, int countdown, Act act, const std::string& key) {
    InterruptingHooks::where = where;
    InterruptingHooks::countdown = countdown;
    InterruptingHooks::interruption = [&] { perform(act, key); };
    const Growth growth = bench_.grow();
    const bool happened = !InterruptingHooks::interruption;
    InterruptingHooks::interruption = nullptr;
    CHECK((growth == Growth::split || happened));
    CHECK(bench_.segments() >= 2);
    compare();
    // The next doubling finds nothing left behind.
    while (bench_.segments() < 4) REQUIRE(bench_.grow_on() == Growth::split);
    compare();
    return happened;
  }

 private:
  void add(const std::string& key) {
    const auto insertion = bench_.insert(key);
    REQUIRE(insertion.outcome == Inserted::inserted);
    if (insertion.displaced != Handle::none) forget(insertion.displaced);
    model_[key] = bench_.peek(key).handle();
  }
  void forget(Handle handle) { model_.erase(std::string(bench_.items.key_of(handle))); }

  void replace(const std::string& key) {
    const Handle fresh = bench_.items.add(key);
    for (auto found = bench_.peek(key);; found = bench_.peek(key)) {
      REQUIRE(found);
      if (bench_.table->replace(found, fresh)) break;
    }
    model_[key] = fresh;
  }
  void erase(const std::string& key) {
    for (auto found = bench_.peek(key);; found = bench_.peek(key)) {
      REQUIRE(found);
      if (bench_.table->erase(found)) break;
    }
    model_.erase(key);
  }

  void perform(Act act, const std::string& key) {
    CHECK(bench_.peek(key).handle() == model_.at(key));
    switch (act) {
      case Act::find:
        CHECK(bench_.table->find(key, bench_.hash(key)).handle() == model_.at(key));
        break;
      case Act::replace:
        replace(key);
        break;
      case Act::erase:
        erase(key);
        break;
      case Act::insert:
        add("new" + key);
        break;
      case Act::erase_and_insert:
        erase(key);
        add(key);
        break;
      case Act::move: {
        const Handle copy = bench_.items.add(key);
        CHECK(bench_.table->move_item(bench_.hash(key), model_[key], copy));
        model_[key] = copy;
        break;
      }
      case Act::evict:
        bench_.table->evict(2, [&](Handle victim) { forget(victim); });
        break;
      case Act::grow:
        CHECK(bench_.table->grow() == Growth::busy);
        break;
    }
  }

  void compare() {
    bench_.table->check_invariants();
    CHECK(bench_.table->item_count() == model_.size());
    for (const auto& entry : model_) {
      CAPTURE(entry.first);
      CHECK(bench_.peek(entry.first).handle() == entry.second);
    }
  }

  Growing<SmallGeometry, InterruptingHooks> bench_{1, 4};
  std::unordered_map<std::string, Handle> model_;
};

}  // namespace

TEST_SUITE("table/splitter") {
  TEST_CASE("every key is found after every split") {
    Growing<> bench(1, 21);
    const auto keys = numbered(300);
    for (const std::string& key : keys) REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    while (bench.segments() < 21) {
      REQUIRE(bench.grow_on() == Growth::split);
      bench.table->check_invariants();
      for (std::size_t i = 0; i < keys.size(); ++i) {
        REQUIRE(bench.peek(keys[i]).handle() == Handle{i + 1});
      }
    }
    CHECK(bench.grow() == Growth::full);
    CHECK(bench.table->slot_count() == 21 * 448);
    CHECK(bench.table->growth().splits == 20);
    CHECK(bench.table->growth().segments_max == 21);
    CHECK(bench.table->growth().helped == 0);
  }

  TEST_CASE("a doubling begins when the turns of the last one have ended") {
    Growing<> bench(1, 8);
    REQUIRE(bench.insert("a").outcome == Inserted::inserted);
    CHECK(bench.grow() == Growth::split);  // the first needs no grace
    rct::Participant other(bench.epochs);
    other.enter();
    for (int i = 0; i < 20; ++i) CHECK(bench.grow() == Growth::busy);
    other.leave();
    CHECK(bench.grow_on() == Growth::split);
    CHECK(bench.grow() == Growth::split);
    CHECK(bench.segments() == 4);
    CHECK(bench.grow() == Growth::busy);
    // Its own turn holds it up as well.
    bench.participant.enter();
    for (int i = 0; i < 20; ++i) CHECK(bench.table->grow() == Growth::busy);
    bench.participant.leave();
    CHECK(bench.grow_on() == Growth::split);
  }

  TEST_CASE("a split leaves each half the overflow bits of its own items, and both the ghosts") {
    Growing<> bench(1, 2);
    const auto keys = numbered(380);
    for (const std::string& key : keys) REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    // Some die in probation and leave ghosts.
    bench.table->evict(5, [](Handle) {});
    std::vector<std::string> dead;
    for (const std::string& key : keys) {
      if (!bench.peek(key)) dead.push_back(key);
    }
    REQUIRE(dead.size() >= 5);
    REQUIRE(bench.table->load().homes_overflowing > 5);
    REQUIRE(bench.grow() == Growth::split);
    bench.table->check_invariants();

    const auto load = bench.table->load();
    std::uint64_t away = 0;
    for (std::size_t d = 1; d < 16; ++d) away += load.at_distance[d];
    CHECK(away > 0);
    CHECK(load.homes_overflowing <= away);
    for (const std::string& key : dead) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    // Three ghosts per home: a few dead may have been pushed out.
    CHECK(bench.table->count(rct::Count::ghost_returns) + 2 >= dead.size());
  }

  TEST_CASE("an index that is asked to grow displaces nobody, whatever its first size") {
    Growing<> bench(1, 4096);
    std::uint64_t grown = 0;
    for (int i = 0; i < 400'000; ++i) {
      if (i % 32 == 0) {
        for (unsigned n = 0; n < decltype(bench)::Table::splits_at_once; ++n) {
          if (bench.table->wants_growth() && bench.grow() == Growth::split) ++grown;
        }
      }
      REQUIRE(bench.insert(std::to_string(i)).outcome == Inserted::inserted);
    }
    CHECK(bench.table->count(rct::Count::displacements) == 0);
    CHECK(bench.table->item_count() == 400'000);
    CHECK(bench.table->growth().splits == grown);
    const double load = 400'000.0 / static_cast<double>(bench.table->slot_count());
    CHECK(load > 0.35);
    CHECK(load < 0.78);
    bench.table->check_invariants();
  }

  TEST_CASE("memory is counted in whole pages of the system") {
    rct::test::VectorItems items;
    rct::Epochs epochs(1);
    using Table = rct::Table<rct::test::VectorItems>;
    for (const bool huge : {false, true}) {
      auto made = Table::create(
          {.slots_min = 448, .slots_max = 448 * 2000, .epochs = &epochs, .huge_pages = huge},
          items,
          rc::Hasher(1)
      );
      Table& table = *made.value();
      rct::Participant participant(epochs);
      const std::uint64_t page = huge ? 2 << 20 : 4096;
      CHECK(table.bytes() == page);
      CHECK(table.bytes_after_growth() == (huge ? page : 2 * page));
      participant.enter();
      REQUIRE(table.grow() == Growth::split);
      participant.leave();
      CHECK(table.bytes() == (huge ? page : 2 * page));
    }
  }

  TEST_CASE("for_each meets every item, also those whose segment is split meanwhile") {
    Growing<> bench(1, 16);
    for (const std::string& key : numbered(300)) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    std::vector<Handle> met;
    bench.table->for_each([&](Handle handle) {
      met.push_back(handle);
      if (met.size() % 50 == 0) bench.grow();
    });
    CHECK(bench.segments() > 2);
    std::sort(met.begin(), met.end());
    met.erase(std::unique(met.begin(), met.end()), met.end());
    CHECK(met.size() == 300);
  }

  TEST_CASE("hands visit the segments that a split added, and come round") {
    Growing<> bench(1, 11);
    const auto keys = numbered(400);
    for (const std::string& key : keys) REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    std::size_t victims = 0;
    while (bench.segments() < 11) {
      victims += bench.table->evict(10, [](Handle) {});
      REQUIRE(bench.grow_on() == Growth::split);
    }
    while (true) {
      const std::size_t more = bench.table->evict(10, [](Handle) {});
      if (more == 0) break;
      victims += more;
    }
    CHECK(victims == 400);
    CHECK(bench.table->item_count() == 0);
    bench.table->check_invariants();
  }

  TEST_CASE("whatever happens in the middle of a split, nothing is lost, doubled or brought back") {
    const auto keys = numbered(5);
    for (const Point where :
         {Point::freezing, Point::frozen, Point::copied, Point::split, Point::thawing}) {
      for (const Act act :
           {Act::find,
            Act::replace,
            Act::erase,
            Act::insert,
            Act::erase_and_insert,
            Act::move,
            Act::evict,
            Act::grow}) {
        for (const std::string& key : keys) {
          int times = 0;
          while (Interrupted().run(where, times + 1, act, key)) ++times;
          CAPTURE(static_cast<int>(where));
          CAPTURE(static_cast<int>(act));
          CHECK(times >= 1);
          CHECK(times <= 8);
        }
      }
    }
  }

  TEST_CASE("a writer that meets a frozen slot takes the split through") {
    Growing<SmallGeometry, InterruptingHooks> bench(1, 2);
    for (const std::string& key : numbered(5)) {
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
    }
    InterruptingHooks::where = Point::copied;
    InterruptingHooks::countdown = 1;
    InterruptingHooks::interruption = [&] {
      auto found = bench.peek("key3");
      const bool erased = bench.table->erase(found);
      CHECK(bench.segments() == 2);
      if (!erased) {
        found = bench.peek("key3");
        CHECK(bench.table->erase(found));
      }
    };
    // It was the other that counted the segment.
    CHECK(bench.grow() == Growth::busy);
    CHECK(bench.table->growth().helped == 1);
    CHECK_FALSE(bench.peek("key3"));
    bench.table->check_invariants();
  }

  TEST_CASE("an insertion that stood in the wrong half is made in the right one") {
    for (const Point where : {Point::scanned, Point::placed, Point::announced, Point::rescanned}) {
      for (const std::string& late : numbered(40)) {
        Growing<SmallGeometry, InterruptingHooks> bench(1, 2);
        for (int i = 100; i < 104; ++i) {
          REQUIRE(bench.insert(std::to_string(i)).outcome == Inserted::inserted);
        }
        InterruptingHooks::where = where;
        InterruptingHooks::countdown = 1;
        InterruptingHooks::interruption = [&] { CHECK(bench.table->grow() == Growth::split); };
        const auto insertion = bench.insert(late);
        CHECK(insertion.outcome == Inserted::inserted);
        CHECK(insertion.displaced == Handle::none);
        InterruptingHooks::interruption = nullptr;
        CHECK(bench.peek(late));
        CHECK(bench.table->item_count() == 5);
        bench.table->check_invariants();
      }
    }
  }

  TEST_CASE("a reader that was overtaken by a split looks in the new segment") {
    for (const std::string& key : numbered(20)) {
      Growing<SmallGeometry, InterruptingHooks> bench(1, 2);
      REQUIRE(bench.insert(key).outcome == Inserted::inserted);
      auto before = bench.peek(key);
      REQUIRE(bench.grow() == Growth::split);
      // What was found before the split is used after it.
      const bool stayed = bench.hash(key).value / 4 % 2 == 0;
      CHECK(bench.table->replace(before, bench.items.add(key)) == stayed);
      auto found = bench.peek(key);
      CHECK(found);
      CHECK(bench.table->erase(found));
      bench.table->check_invariants();
    }
  }
}
