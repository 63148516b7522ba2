// Races of three and four threads around a split, step by step: each thread runs to a point, stops
// there while others go on, and goes on when it is told.
#include "unit/table/fixture.hpp"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace rct = rc::table;
using rct::Growth;
using rct::Handle;
using rct::Inserted;
using rct::Point;

namespace {

// A thread that takes turns with the test: never do two of them run at once.
class Actor {
 public:
  explicit Actor(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          self = this;
          wait();
          work();
          const std::lock_guard lock(mutex_);
          over_ = true;
          may_run_ = false;
          changed_.notify_all();
        }) {}
  ~Actor() {
    finish();
    thread_.join();
  }
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  // Runs on to the next time that it comes to `where`. False: it has run to its end.
  bool run_to(Point where) { return run({where}, Handle::none); }
  // Runs on to the moment before it reads that item's key.
  bool run_to_reading(Handle item) { return run({}, item); }
  void finish() { static_cast<void>(run({}, Handle::none)); }

  static void at(Point point) {
    if (self != nullptr && self->where_ == point) self->stop();
  }
  static void reads(Handle item) {
    if (self != nullptr && self->reading_ == item) self->stop();
  }

 private:
  bool run(std::optional<Point> where, Handle reading) {
    std::unique_lock lock(mutex_);
    if (over_) return false;
    where_ = where;
    reading_ = reading;
    may_run_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !may_run_; });
    return !over_;
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      may_run_ = false;
      changed_.notify_all();
    }
    wait();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return may_run_; });
  }

  static thread_local inline Actor* self = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool may_run_ = false;
  bool over_ = false;
  std::optional<Point> where_;
  Handle reading_ = Handle::none;
  std::thread thread_;  // the last member: it uses the others
};

struct SteppedHooks : rct::NoHooks {
  static void at(Point point) { Actor::at(point); }
};

// Items that know whether their memory has been given back.
class MortalItems {
 public:
  Handle add(std::string_view key) { return items_.add(key); }
  void free(Handle item) { freed_.push_back(item); }
  [[nodiscard]] bool is_free(Handle item) const {
    return std::find(freed_.begin(), freed_.end(), item) != freed_.end();
  }

  [[nodiscard]] bool key_equals(Handle item, std::string_view key) const {
    return key_of(item) == key;
  }
  [[nodiscard]] std::string_view key_of(Handle item) const {
    Actor::reads(item);
    CHECK_FALSE(is_free(item));
    return items_.key_of(item);
  }
  void prefetch(Handle) const {}

 private:
  rct::test::VectorItems items_;
  std::vector<Handle> freed_;
};

// Two slots, four buckets, all in the window.
struct SmallGeometry {
  static constexpr std::size_t slots = 2;
  static constexpr std::size_t buckets = 4;
  static constexpr std::array<std::uint8_t, 4> offsets{0, 1, 3, 2};
  [[nodiscard]] static constexpr rc::Hash fold(rc::Hash hash) { return hash; }
};

struct Stage {
  using Table = rct::Table<MortalItems, SmallGeometry, SteppedHooks>;

  explicit Stage(std::uint64_t segments_max) {
    auto made = Table::create(
        {.slots_min = 8, .slots_max = 8 * segments_max, .epochs = &epochs, .huge_pages = false},
        items,
        hasher
    );
    table = std::move(made).value();
  }

  [[nodiscard]] rc::Hash hash(const std::string& key) const { return hasher(key); }
  rct::Found peek(const std::string& key) const { return table->peek(key, hash(key)); }
  Handle insert(const std::string& key) {
    const Handle item = items.add(key);
    REQUIRE(table->insert(key, hash(key), item).outcome == Inserted::inserted);
    return item;
  }
  // A key that lies in `segment` when there are `count`, its home being `bucket`.
  [[nodiscard]] std::string key_in(
      std::size_t segment, std::size_t count, std::size_t bucket, const std::string& prefix
  ) const {
    for (int i = 0;; ++i) {
      std::string key = prefix + std::to_string(i);
      const bool fits = hash(key).value % SmallGeometry::buckets == bucket;
      if (fits && rct::Segments<SmallGeometry>::segment_of(hash(key), count) == segment) return key;
    }
  }
  // Retires what it replaces.
  void replace(const std::string& key, rct::Participant& participant) {
    const Handle fresh = items.add(key);
    while (true) {
      auto found = peek(key);
      CHECK(found);
      const Handle before = found.handle();
      if (!table->replace(found, fresh)) continue;
      retire(participant, before);
      return;
    }
  }
  void retire(rct::Participant& participant, Handle item) {
    CHECK(std::find(retired.begin(), retired.end(), item) == retired.end());
    retired.push_back(item);
    participant.retire(item, 1);
  }
  void reclaim(rct::Participant& participant) {
    participant.reclaim([&](rct::Retired gone) { items.free(gone.handle); });
  }
  void drain(rct::Participant& participant) {
    while (participant.limbo_count() != 0) reclaim(participant);
  }

  MortalItems items;
  rc::Hasher hasher{7};
  rct::Epochs epochs{4};
  std::vector<Handle> retired;
  std::unique_ptr<Table> table;
};

}  // namespace

TEST_SUITE("table/interleaving") {
  TEST_CASE("an item erased in the new half lives on while a turn reads its frozen word in the old"
  ) {
    Stage stage(2);
    const std::string moving = stage.key_in(1, 2, 0, "moving");
    const std::string staying = stage.key_in(0, 2, 0, "staying");
    const Handle erased = stage.insert(moving);
    rct::Participant eraser(stage.epochs);
    rct::Participant splitter(stage.epochs);
    rct::Participant writer(stage.epochs);

    eraser.enter();
    stage.epochs.try_advance();  // the one who splits enters later than the one who erases
    Actor splitting([&] {
      splitter.enter();
      CHECK(stage.table->grow() == Growth::split);
      splitter.leave();
    });
    REQUIRE(splitting.run_to(Point::split));
    auto found = stage.peek(moving);
    REQUIRE(stage.table->erase(found));
    stage.retire(eraser, erased);
    eraser.leave();

    stage.epochs.try_advance();
    Actor writing([&] {
      writer.enter();
      stage.insert(staying);
      writer.leave();
    });
    REQUIRE(writing.run_to_reading(erased));
    splitting.finish();
    for (int i = 0; i < 4; ++i) stage.reclaim(eraser);
    CHECK_FALSE(stage.items.is_free(erased));
    writing.finish();
    stage.drain(eraser);
    CHECK(stage.items.is_free(erased));
    stage.table->check_invariants();
  }

  TEST_CASE("a helper does not take a late freeze for the beginning of the next doubling") {
    Stage stage(4);
    // The first slot of segment 0; it leaves with the next doubling.
    const std::string key = stage.key_in(2, 3, 0, "key");
    stage.insert(key);
    rct::Participant late(stage.epochs);
    rct::Participant helper(stage.epochs);
    rct::Participant thawer(stage.epochs);
    rct::Participant other(stage.epochs);

    Actor freezing([&] {
      late.enter();
      CHECK(stage.table->grow() == Growth::busy);
      late.leave();
    });
    REQUIRE(freezing.run_to(Point::freezing));
    // Somebody else splits and notes that the doubling is complete.
    other.enter();
    Growth growth = Growth::busy;
    for (int i = 0; i < 100 && growth == Growth::busy; ++i) growth = stage.table->grow();
    REQUIRE(growth == Growth::split);
    REQUIRE(stage.table->grow() == Growth::busy);
    other.leave();
    REQUIRE(freezing.run_to(Point::frozen));

    Actor helping([&] {
      helper.enter();
      stage.replace(key, helper);
      helper.leave();
    });
    REQUIRE(helping.run_to(Point::helping));
    Actor thawing([&] {
      thawer.enter();
      stage.replace(key, thawer);
      thawer.leave();
    });
    REQUIRE(thawing.run_to(Point::thawing));
    freezing.finish();
    stage.epochs.try_advance();
    // Were it to split now, the one who thaws would take the ice from under it.
    static_cast<void>(helping.run_to(Point::copied));
    thawing.finish();
    helping.finish();

    CHECK(stage.table->growth().segments == 2);
    stage.table->check_invariants();
    CHECK(stage.table->item_count() == 1);
    CHECK(stage.retired.size() == 2);
    stage.drain(helper);
    stage.drain(thawer);
    CHECK(stage.peek(key));
  }
}
