#include "table/walk.hpp"

#include "unit/table/fixture.hpp"

#include <map>
#include <string>

#include <doctest/doctest.h>

namespace rct = rc::table;
using rct::Handle;
using rct::Walk;

namespace {

// A growing table of numbered keys.
class Walked {
 public:
  using Table = rct::Table<rct::test::VectorItems>;
  static constexpr std::uint64_t segment_slots =
      rct::DefaultGeometry::slots * rct::DefaultGeometry::buckets;

  explicit Walked(int keys) {
    auto made = Table::create(
        {.slots_min = segment_slots,
         .slots_max = 64 * segment_slots,
         .epochs = &epochs_,
         .huge_pages = false},
        items_,
        hasher_
    );
    REQUIRE(made.ok());
    table_ = std::move(made).value();
    for (int i = 0; i < keys; ++i) insert();
  }

  void insert() {
    participant_.enter();
    const std::string key = "key" + std::to_string(keys_++);
    REQUIRE(table_->insert(key, hasher_(key), items_.add(key)).displaced == Handle::none);
    participant_.leave();
  }
  void grow() {
    for (bool grown = false; !grown;) {
      participant_.enter();
      grown = table_->grow() == rct::Growth::split;
      participant_.leave();
    }
  }
  // False at the end; counts how often each key was met.
  bool step(Walk& walk) {
    std::vector<Handle> items;
    participant_.enter();
    const Walk::Step step = table_->gather(walk, items);
    for (const Handle item : items) ++met[std::string(items_.key_of(item))];
    participant_.leave();
    return step != Walk::Step::ended;
  }
  [[nodiscard]] std::uint64_t segments() const { return table_->growth().segments; }

  std::map<std::string, int> met;

 private:
  rct::test::VectorItems items_;
  rc::Hasher hasher_{7};
  rct::Epochs epochs_{2};
  rct::Participant participant_{epochs_};
  std::unique_ptr<Table> table_;
  int keys_ = 0;
};

}  // namespace

TEST_SUITE("table/walk") {
  TEST_CASE("a walk meets every item once") {
    Walked table(300);
    Walk walk;
    while (table.step(walk)) {
    }
    CHECK(table.met.size() == 300);
    for (const auto& [key, times] : table.met) CHECK(times == 1);
    CHECK_FALSE(table.step(walk));
  }

  TEST_CASE("an item is met once although its segment is split before, while or after it is met") {
    // From every number of segments, with every number of splits between two steps.
    for (int before = 0; before < 7; ++before) {
      for (int between = 0; between < 4; ++between) {
        CAPTURE(before);
        CAPTURE(between);
        Walked table(300);
        for (int i = 0; i < before; ++i) table.grow();
        Walk walk;
        while (table.step(walk)) {
          for (int i = 0; i < between && table.segments() < 60; ++i) table.grow();
        }
        CHECK(table.met.size() == 300);
        for (const auto& [key, times] : table.met) CHECK(times == 1);
      }
    }
  }

  TEST_CASE("items that come meanwhile may be met, and do no harm") {
    Walked table(300);
    Walk walk;
    while (table.step(walk)) {
      if (table.segments() < 20) {
        table.grow();
        table.insert();
      }
    }
    CHECK(table.met.size() >= 300);
    for (const auto& [key, times] : table.met) CHECK(times == 1);
  }
}
