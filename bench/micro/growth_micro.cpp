// How long the longest get and set take while a store fills and its index grows.
//
//   growth_micro [--items N] [--value N] [--limit MIB] [--huge-pages 0|1] [--gets 0|1]
//                [--repeats N]
//
// One thread sets --items new keys, and after each gets one of those that are there. Every single
// operation is timed, and everything is repeated with the same keys, order and hash seed, to tell
// what the store causes from what a busy machine does; see durations.hpp. What is touched for the
// first time costs what the kernel takes to clear it, in every repeat: with huge pages that is the
// longest there is, growth or not.
#include "common/arguments.hpp"
#include "common/random.hpp"
#include "micro/durations.hpp"
#include "micro/store_under_test.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace rc::bench {
namespace {

constexpr std::uint64_t turn_items = 32;

struct Options {
  std::size_t items = 20'000'000;
  std::size_t value_bytes = 100;
  std::size_t limit_mib = 0;
  std::size_t huge_pages = 1;
  std::size_t gets = 1;
  std::size_t repeats = 3;
};

class Growth {
 public:
  explicit Growth(const Options& options)
      : options_(options),
        sets_(options.items),
        gets_(options.gets != 0 ? options.items : 0),
        turns_(options.items / turn_items + 1),
        nothing_(options.items) {}

  // Into a new store, which is gone afterwards.
  void fill() {
    for (Durations* each : {&sets_, &gets_, &turns_, &nothing_}) each->begin_repeat();
    const std::unique_ptr<store::Store> store = make_store({
        .items = options_.items,
        .value_bytes = options_.value_bytes,
        .huge_pages = options_.huge_pages != 0,
        .limit_bytes = options_.limit_mib * mib,
    });
    Door door(*store, options_.value_bytes);
    Random random;
    for (std::uint64_t first = 0; first < options_.items; first += turn_items) {
      fill_turn(door, random, first, std::min(first + turn_items, options_.items));
    }
    held_ = store->figures();
  }

  void print() const {
    std::fputs(durations_header, stdout);
    print_rows("set of a new key", sets_);
    if (options_.gets != 0) print_rows("get", gets_);
    print_rows("end of a turn", turns_);
    print_rows("nothing", nothing_);
    std::printf(
        "\n%ju items are held, %ju gets missed; at the end the index has %s, %ju slots.\n",
        std::uintmax_t{held_.curr_items},
        std::uintmax_t{misses_},
        format_size(held_.index_bytes).c_str(),
        std::uintmax_t{held_.index_slots}
    );
  }

 private:
  void fill_turn(Door& door, Random& random, std::uint64_t first, std::uint64_t last) {
    std::array<Request, turn_items> keys;
    std::array<Request, turn_items> known;
    for (std::uint64_t i = first; i < last; ++i) {
      keys[i - first] = make_request(i, true);
      known[i - first] = make_request(random() % (i + 1), false);
    }
    door.begin_turn();
    for (std::uint64_t i = 0; i < last - first; ++i) {
      watch_.start();
      watch_.stop(nothing_);
      watch_.start();
      door.set(keys[i].key_text());
      watch_.stop(sets_);
      if (options_.gets != 0) get(door, known[i]);
    }
    watch_.start();
    door.end_turn();
    watch_.stop(turns_);
  }

  void get(Door& door, const Request& request) {
    watch_.start();
    const bool hit = static_cast<bool>(door.access().find(request.key_text()));
    watch_.stop(gets_);
    misses_ += hit ? 0U : 1U;
  }

  Options options_;
  Stopwatch watch_;
  Durations sets_;
  Durations gets_;
  Durations turns_;
  Durations nothing_;
  std::uint64_t misses_ = 0;
  store::Figures held_;
};

Options parse_options(int count, char** values) {
  Options options;
  Arguments arguments(
      "growth_micro",
      "usage: growth_micro [--items N] [--value BYTES] [--limit MIB] [--huge-pages 0|1]\n"
      "                    [--gets 0|1] [--repeats N]\n"
  );
  arguments.bind("--items", options.items);
  arguments.bind("--value", options.value_bytes);
  arguments.bind("--limit", options.limit_mib);
  arguments.bind("--huge-pages", options.huge_pages);
  arguments.bind("--gets", options.gets);
  arguments.bind("--repeats", options.repeats);
  arguments.parse(count, values);
  if (options.items == 0 || options.repeats == 0) arguments.fail("no figure may be 0");
  return options;
}

}  // namespace
}  // namespace rc::bench

int main(int count, char** values) {
  const rc::bench::Options options = rc::bench::parse_options(count, values);
  std::printf(
      "%zu items of 16 + %zu bytes, huge pages %s; \"every time\" is the least of %zu repeats\n\n",
      options.items,
      options.value_bytes,
      options.huge_pages != 0 ? "asked for" : "not asked for",
      options.repeats
  );
  rc::bench::Growth growth(options);
  for (std::size_t repeat = 0; repeat < options.repeats; ++repeat) growth.fill();
  growth.print();
  return 0;
}
