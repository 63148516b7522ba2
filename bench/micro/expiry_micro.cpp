// What it costs to free items that are dead and that nobody reads: background steps, and the
// longest of them.
//
//   expiry_micro [--items N] [--value N] [--ttl SECONDS] [--flushes N] [--repeats N]
//
// Stores --items items that live --ttl seconds, beside as many that live for ever, then moves the
// clock of the store on and takes turns that do nothing but their background step, until all
// that is dead is gone. The clock is made up, so that every repeat is the same (see durations.hpp);
// how soon a server gets rid of them by a real clock, tells bench/expiry.
//
// With --flushes all of them live for ever and die by flush_all: so many, one in each of the first
// turns, and something stored before each.
#include "common/arguments.hpp"
#include "micro/durations.hpp"
#include "micro/store_under_test.hpp"

#include <algorithm>
#include <cstdio>

namespace rc::bench {
namespace {

struct Options {
  std::size_t items = 1'000'000;
  std::size_t value_bytes = 100;
  std::size_t ttl_s = 2;
  std::size_t flushes = 0;
  std::size_t repeats = 5;
};

constexpr UnixSeconds start{1'700'000'000};
constexpr std::size_t steps_max = 1'000'000;
constexpr std::uint32_t seconds_max = 60;

class Expiry {
 public:
  explicit Expiry(const Options& options)
      : options_(options), steps_(steps_max), flushes_(options.flushes) {}

  // In a new store, which is gone afterwards.
  void run() {
    const std::unique_ptr<store::Store> store =
        make_store({.items = 2 * options_.items, .value_bytes = options_.value_bytes});
    Door door(*store, options_.value_bytes);
    steps_.begin_repeat();
    flushes_.begin_repeat();
    count_ = 0;
    late_s_ = 0;
    if (options_.flushes == 0) {
      expire(door, *store);
    } else {
      flush(door, *store);
    }
  }

  void print() const {
    std::printf(
        "%zu items die beside as many that do not, or all by flush_all; %ju are left after %zu "
        "steps in %u s\n\n%s",
        options_.items,
        std::uintmax_t{left_},
        count_,
        late_s_,
        durations_header
    );
    print_rows("background step", steps_);
    if (options_.flushes != 0) print_rows("flush_all", flushes_);
  }

 private:
  void expire(Door& door, const store::Store& store) {
    const auto ttl = static_cast<std::int64_t>(options_.ttl_s);
    door.fill(0, options_.items, start);
    door.fill(options_.items, 2 * options_.items, start, store::expiry_from_wire(ttl, start));
    while (store.figures().curr_items > options_.items && late_s_ < seconds_max) {
      second(door, UnixSeconds{count(start) + static_cast<std::uint32_t>(ttl) + late_s_++});
    }
    left_ = store.figures().curr_items - options_.items;
  }

  void flush(Door& door, const store::Store& store) {
    door.fill(0, 2 * options_.items, start);
    for (std::size_t i = 0; i < options_.flushes; ++i) {
      door.begin_turn(start);
      door.set("stored before a flush");
      watch_.start();
      door.access().flush_all(UnixSeconds{0});
      watch_.stop(flushes_);
      step(door);
      door.access().end_turn();
    }
    while (store.figures().curr_items > 0 && late_s_ < seconds_max) {
      second(door, UnixSeconds{count(start) + late_s_++});
    }
    left_ = store.figures().curr_items;
  }

  bool step(Door& door) {
    ++count_;
    watch_.start();
    const bool more = door.access().background_step();
    watch_.stop(steps_);
    return more;
  }

  // One second of the store's clock: steps until there is nothing to do.
  void second(Door& door, UnixSeconds now) {
    for (bool more = true; more && count_ < steps_max;) {
      door.begin_turn(now);
      more = step(door);
      door.access().end_turn();
    }
  }

  Options options_;
  Stopwatch watch_;
  Durations steps_;
  Durations flushes_;
  std::size_t count_ = 0;
  std::uint32_t late_s_ = 0;  // Seconds of the store's clock since the items expired.
  std::uint64_t left_ = 0;
};

Options parse_options(int count, char** values) {
  Options options;
  Arguments arguments(
      "expiry_micro",
      "usage: expiry_micro [--items N] [--value BYTES] [--ttl SECONDS] [--flushes N]\n"
      "                    [--repeats N]\n"
  );
  arguments.bind("--items", options.items);
  arguments.bind("--value", options.value_bytes);
  arguments.bind("--ttl", options.ttl_s);
  arguments.bind("--flushes", options.flushes);
  arguments.bind("--repeats", options.repeats);
  arguments.parse(count, values);
  if (options.items == 0 || options.ttl_s == 0 || options.repeats == 0) {
    arguments.fail("no figure may be 0");
  }
  return options;
}

}  // namespace
}  // namespace rc::bench

int main(int count, char** values) {
  const rc::bench::Options options = rc::bench::parse_options(count, values);
  rc::bench::Expiry expiry(options);
  for (std::size_t repeat = 0; repeat < options.repeats; ++repeat) expiry.run();
  expiry.print();
  return 0;
}
