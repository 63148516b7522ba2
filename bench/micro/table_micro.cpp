// What one operation of the index costs, one thread, in CPU time.
//
//   table_micro [--items N] [--rounds N] [--huge-pages 0|1|2]
//
// Items are 128 bytes: a 24-byte key and a value. Every figure includes making a random key and
// hashing it (its own line), since a server must too. Choose --items so that index and items fit
// a cache or do not; "batch n" looks up n keys with one find_many. Prints a table in markdown: the
// median of the rounds, which CPU time keeps meaningful on a machine that does other things. The
// last column compares with the same look-ups one by one, within a round. With --huge-pages 2
// (the default) everything is done with huge pages, then without.
#include "common/arguments.hpp"
#include "common/clock.hpp"
#include "common/random.hpp"

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/memory.hpp"
#include "table/table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using rc::table::Handle;
using rc::table::Lookup;

using Key = std::array<char, 24>;

constexpr std::uint64_t operations = 1'000'000;

struct Item {
  Key key;
  std::array<char, 104> value;
};
static_assert(sizeof(Item) == 128);

class RegionItems {
 public:
  RegionItems(std::uint64_t count, bool huge_pages) {
    auto region = rc::Region::reserve((count + 1) * sizeof(Item), huge_pages);
    RC_ASSERT(region.ok());
    region_ = std::move(region).value();
  }
  [[nodiscard]] bool key_equals(Handle handle, std::string_view key) const {
    return key_of(handle) == key;
  }
  [[nodiscard]] std::string_view key_of(Handle handle) const {
    const Item& item = at(handle);
    return {item.key.data(), item.key.size()};
  }
  void prefetch(Handle handle) const { rc::prefetch(&at(handle)); }
  [[nodiscard]] Item& at(Handle handle) const {
    return reinterpret_cast<Item*>(region_.data())[static_cast<std::uint64_t>(handle)];
  }

 private:
  rc::Region region_;
};

using Table = rc::table::Table<RegionItems>;

Key make_key(std::uint64_t number) {
  Key key{};
  std::memcpy(key.data(), "benchmark:item:", 15);
  std::memcpy(key.data() + 16, &number, sizeof number);
  return key;
}
std::string_view view(const Key& key) {
  return {key.data(), key.size()};
}

class Bench {
 public:
  Bench(std::uint64_t items, std::uint64_t rounds, bool huge_pages)
      : count_(items),
        rounds_(rounds),
        huge_pages_(huge_pages),
        items_(items + reserve, huge_pages) {
    const rc::table::Options options{.slots_min = items * 4 / 3, .huge_pages = huge_pages};
    auto made = Table::create(options, items_, hasher_);
    RC_ASSERT(made.ok());
    table_ = std::move(made).value();
    for (std::uint64_t i = 0; i < items; ++i) store(i, Handle{i + 1});
    for (std::uint64_t i = 0; i < reserve; ++i) free_.push_back(Handle{items + 1 + i});
  }

  void report() {
    std::printf(
        "%llu items of %zu bytes (%s), index %s, load %.2f, huge pages %s\n\n"
        "| operation | ns | ÷ one by one |\n|---|---:|---:|\n",
        static_cast<unsigned long long>(count_),
        sizeof(Item),
        rc::format_size(count_ * sizeof(Item)).c_str(),
        rc::format_size(table_->bytes()).c_str(),
        static_cast<double>(count_) / static_cast<double>(table_->slot_count()),
        huge_pages_ ? "asked for" : "not asked for"
    );
    line("key and hash alone", [this] { return keys_alone(); });
    batches("get hit", 0);
    batches("get miss", count_);
    line("insert and evict", [this] { return inserts(); });
  }

 private:
  // Items under way between eviction and insertion: a sweep may free many at once.
  static constexpr std::uint64_t reserve = 4096;

  static double median(std::vector<double> figures) {
    std::sort(figures.begin(), figures.end());
    return figures[figures.size() / 2];
  }

  template <class Run>
  double ns_per_operation(Run&& run) {
    const std::uint64_t start = rc::bench::now_ns(CLOCK_THREAD_CPUTIME_ID);
    sink_ += run();
    const std::uint64_t end = rc::bench::now_ns(CLOCK_THREAD_CPUTIME_ID);
    return static_cast<double>(end - start) / static_cast<double>(operations);
  }

  template <class Run>
  void line(const char* name, Run&& run) {
    std::vector<double> costs;
    for (std::uint64_t i = 0; i < rounds_; ++i) costs.push_back(ns_per_operation(run));
    std::printf("| %s | %.1f | |\n", name, median(costs));
    std::fflush(stdout);
  }

  // Look-ups in batches of each size, the sizes taking turns within a round.
  void batches(const char* name, std::uint64_t first) {
    constexpr std::array<std::size_t, 4> sizes{1, 8, 32, 64};
    std::array<std::vector<double>, sizes.size()> costs;
    std::array<std::vector<double>, sizes.size()> ratios;
    for (std::uint64_t round = 0; round < rounds_; ++round) {
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        costs[i].push_back(ns_per_operation([&] { return gets(sizes[i], first); }));
        ratios[i].push_back(costs[i].back() / costs[0].back());
      }
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      std::printf("| %s, batch %zu | %.1f |", name, sizes[i], median(costs[i]));
      std::printf(" %.2f |\n", median(ratios[i]));
    }
    std::fflush(stdout);
  }

  std::uint64_t keys_alone() {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
      sum += hasher_(view(make_key(random_() % count_))).value;
    }
    return sum;
  }

  // Keys from `first` on: 0 for those that are there, count_ for those that are not.
  std::uint64_t gets(std::size_t batch, std::uint64_t first) {
    std::array<Key, 64> keys{};
    std::array<Lookup, 64> lookups{};
    std::uint64_t hits = 0;
    for (std::uint64_t done = 0; done < operations; done += batch) {
      for (std::size_t i = 0; i < batch; ++i) {
        keys[i] = make_key(first + random_() % count_);
        lookups[i].key = view(keys[i]);
        lookups[i].hash = hasher_(lookups[i].key);
      }
      if (batch == 1) {
        lookups[0].found = table_->find(lookups[0].key, lookups[0].hash);
      } else {
        table_->find_many(std::span(lookups).first(batch));
      }
      for (std::size_t i = 0; i < batch; ++i) hits += lookups[i].found ? 1U : 0U;
    }
    return hits;
  }

  std::uint64_t inserts() {
    for (std::uint64_t i = 0; i < operations; ++i) {
      if (free_.empty()) {
        table_->evict(1, [this](Handle victim) { free_.push_back(victim); });
      }
      const Handle item = free_.back();
      free_.pop_back();
      store(2 * count_ + next_++, item);
    }
    return next_;
  }

  void store(std::uint64_t number, Handle handle) {
    Item& item = items_.at(handle);
    item.key = make_key(number);
    const std::string_view key = items_.key_of(handle);
    const auto insertion = table_->insert(key, hasher_(key), handle);
    RC_ASSERT(insertion.outcome == rc::table::Inserted::inserted);
    if (insertion.displaced != Handle::none) free_.push_back(insertion.displaced);
  }

  std::uint64_t count_;
  std::uint64_t rounds_;
  bool huge_pages_;
  RegionItems items_;
  rc::Hasher hasher_{1};
  std::unique_ptr<Table> table_;
  std::vector<Handle> free_;
  rc::bench::Random random_;
  std::uint64_t next_ = 0;
  std::uint64_t sink_ = 0;  // keeps the compiler from dropping the work
};

}  // namespace

int main(int count, char** values) {
  std::size_t items = 4'000'000;
  std::size_t rounds = 5;
  std::size_t huge_pages = 2;
  rc::bench::Arguments arguments(
      "table_micro", "usage: table_micro [--items N] [--rounds N] [--huge-pages 0|1|2 both]\n"
  );
  arguments.bind("--items", items);
  arguments.bind("--rounds", rounds);
  arguments.bind("--huge-pages", huge_pages);
  arguments.parse(count, values);
  if (items == 0 || rounds == 0) arguments.fail("--items and --rounds must not be 0");
  if (huge_pages != 0) Bench(items, rounds, true).report();
  if (huge_pages == 2) std::printf("\n");
  if (huge_pages != 1) Bench(items, rounds, false).report();
  return 0;
}
