// A cache full of items that nobody reads any more makes room for new ones, whatever their size.
#include "fixture.hpp"

#include "base/bytes.hpp"
#include "store/core.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <random>
#include <string>

namespace rc::store {

using testing::Fixture;
using testing::long_and_of_one_thread;
using testing::small_store;

namespace {

constexpr std::uint64_t limit_bytes = 16 * mib;

struct Step {
  const char* name;
  std::uint32_t bytes_min;
  std::uint32_t bytes_max;
};
// Large is a 64th of the limit, as 1 MB is of the default one.
constexpr std::array<Step, 7> steps = {{
    {"100 B", 100, 100},
    {"700 B", 700, 700},
    {"4 KB", 4096, 4096},
    {"50 B to 25 KB", 50, 25 * 1024},
    {"100 B again", 100, 100},
    {"large", limit_bytes / 64, limit_bytes / 64},
    {"300 B", 300, 300},
}};

class Shift {
 public:
  // Stores 1.3 limits of never-seen bytes; returns which part of the newest half limit is there.
  double store(const Step& step) {
    newest_.clear();
    std::uint64_t stored = 0;
    std::uint64_t newest_bytes = 0;
    while (stored * 10 < limit_bytes * 13) {
      newest_.push_back({"item:" + std::to_string(next_++), draw(step)});
      put(newest_.back());
      stored += newest_.back().bytes();
      newest_bytes += newest_.back().bytes();
      while (newest_bytes - newest_.front().bytes() >= limit_bytes / 2) {
        newest_bytes -= newest_.front().bytes();
        newest_.pop_front();
      }
    }
    std::uint64_t present = 0;
    for (const Object& object : newest_) present += holds(object) ? object.bytes() : 0;
    return static_cast<double>(present) / static_cast<double>(newest_bytes);
  }

  // Makes everything there earn its place, before it is forgotten.
  void read_all() {
    for (std::size_t i = 0; i < 6 * newest_.size(); ++i) {
      const Object& object = newest_[random_() % newest_.size()];
      if (!fixture_->find(object.key)) put(object);
      if (i % 32 == 0) fixture_.advance();
    }
  }

 private:
  struct Object {
    std::string key;
    std::uint32_t value_bytes;
    [[nodiscard]] std::uint64_t bytes() const { return key.size() + value_bytes; }
  };

  std::uint32_t draw(const Step& step) {
    const double point = static_cast<double>(random_() >> 11U) * 0x1p-53;
    return static_cast<std::uint32_t>(
        step.bytes_min * std::pow(static_cast<double>(step.bytes_max) / step.bytes_min, point)
    );
  }
  void put(const Object& object) {
    value_.resize(std::max<std::size_t>(value_.size(), object.value_bytes));
    const auto outcome =
        fixture_.put(object.key, std::string_view(value_).substr(0, object.value_bytes));
    REQUIRE(outcome == Outcome::stored);
    fixture_.advance();
  }
  // Without reading it.
  bool holds(const Object& object) {
    const Core& core = fixture_.store().core();
    return static_cast<bool>(core.index->peek(object.key, core.hash(object.key)));
  }

  Fixture fixture_{small_store(limit_bytes)};
  std::mt19937_64 random_{3};
  std::uint64_t next_ = 0;
  std::deque<Object> newest_;
  std::string value_;
};

}  // namespace

TEST_SUITE("store/shift") {
  TEST_CASE(
      "new items live in a cache full of unread ones at any step of the size shift" *
      long_and_of_one_thread
  ) {
    for (const bool read_before : {false, true}) {
      CAPTURE(read_before);
      Shift shift;
      shift.store({"300 B first", 300, 300});
      for (const Step& step : steps) {
        if (read_before) shift.read_all();
        const std::string name = step.name;
        CAPTURE(name);
        CHECK(shift.store(step) >= 0.7);
      }
    }
  }
}

}  // namespace rc::store
