// `stats detail`: how often keys were asked for, found, stored and deleted, by the part of the key
// before the delimiter (-D). Off by default; switched on and off while the node serves.
//
// Every worker counts in a PrefixTable of its own, which is made when counting begins and never
// grows. A prefix that finds no room in it, is longer than prefix_bytes_max or could not stand in a
// line of text is counted among the others, under a name that begins with the delimiter and so
// belongs to no key. Keys without a delimiter are not counted, as in memcached.
// Thread: PrefixStats any; a PrefixCounter and its table's counting half the owning worker.
#pragma once

#include "base/hash.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rc::server {

struct PrefixCounts {
  std::uint64_t gets = 0;
  std::uint64_t hits = 0;
  std::uint64_t sets = 0;
  std::uint64_t deletes = 0;
};

// One worker's counts, about 200 KiB. The owner adds rows and counts; others may read the rows
// there are meanwhile.
class PrefixTable {
 public:
  static constexpr std::size_t rows_max = 2048;
  static constexpr std::size_t prefix_bytes_max = 64;

  enum class Event : std::uint8_t { get, hit, set, erase };

  PrefixTable() : hasher_(Hasher::random()) {}
  PrefixTable(const PrefixTable&) = delete;
  PrefixTable& operator=(const PrefixTable&) = delete;

  // Thread: the owner.
  void count(std::string_view prefix, Event event, std::uint64_t n = 1);

  // Calls use(std::string_view prefix, const PrefixCounts&) for each prefix. Thread: any.
  template <class Use>
  void for_each(Use&& use) const {
    // Acquire: the rows below were written before; partner of the release in row_of.
    const std::size_t rows = row_count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < rows; ++i) {
      use(std::string_view(rows_[i].prefix.data(), rows_[i].prefix_bytes), rows_[i].read());
    }
  }
  // Of all prefixes that have no row. Thread: any.
  [[nodiscard]] PrefixCounts others() const { return others_.read(); }

 private:
  struct Row {
    [[nodiscard]] PrefixCounts read() const;

    std::array<std::atomic<std::uint64_t>, 4> counts{};
    // Immutable once the row counts among the table's.
    std::array<char, prefix_bytes_max> prefix{};
    std::uint8_t prefix_bytes = 0;
  };
  static constexpr std::size_t slot_count = 2 * rows_max;

  [[nodiscard]] Row& row_of(std::string_view prefix);

  Hasher hasher_;  // seeded: nobody can aim prefixes at one slot
  std::atomic<std::size_t> row_count_{0};
  std::array<std::uint16_t, slot_count> slots_{};  // a row's number and 1; 0 is free
  std::array<Row, rows_max> rows_{};
  Row others_;
};

// What the workers share: whether to count, and the tables.
class PrefixStats {
 public:
  PrefixStats(std::uint32_t workers, char delimiter, bool on);

  [[nodiscard]] char delimiter() const { return delimiter_; }
  [[nodiscard]] bool on() const;
  // What was counted stays until reset().
  void switch_on(bool on);
  void reset();

  // "PREFIX <prefix> get <n> hit <n> set <n> del <n>" lines, sorted, and END.
  [[nodiscard]] std::string text() const;

 private:
  friend class PrefixCounter;
  // The worker's table as things stand, null where nothing is to be counted.
  [[nodiscard]] PrefixTable* table_for(std::uint32_t worker);
  [[nodiscard]] std::uint32_t changes() const {
    // Relaxed: a worker that sees a change later than it happened counts by what was before, and
    // what it then reads is guarded by the mutex.
    return changes_.load(std::memory_order_relaxed);
  }
  void note_change() { changes_.store(changes() + 1, std::memory_order_relaxed); }

  const char delimiter_;
  std::atomic<std::uint32_t> changes_{1};
  mutable std::mutex mutex_;
  // Under mutex_. A reset leaves no tables: each worker makes its own anew.
  bool on_;
  std::uint32_t resets_ = 0;
  struct Share {
    std::unique_ptr<PrefixTable> table;
    std::uint32_t reset = 0;  // as of which it counts
  };
  std::vector<Share> shares_;
};

// A worker's hand: one test of a pointer per event while nothing is counted.
class PrefixCounter {
 public:
  PrefixCounter(PrefixStats& stats, std::uint32_t worker) : stats_(stats), worker_(worker) {}

  // Learns what was switched meanwhile; once per turn, and by whoever switched.
  void refresh() {
    const std::uint32_t changes = stats_.changes();
    if (changes == seen_) return;
    seen_ = changes;
    table_ = stats_.table_for(worker_);
  }

  void get(std::string_view key, bool hit) {
    if (table_ == nullptr) return;
    count(key, PrefixTable::Event::get);
    if (hit) count(key, PrefixTable::Event::hit);
  }
  void set(std::string_view key) {
    if (table_ != nullptr) count(key, PrefixTable::Event::set);
  }
  void erase(std::string_view key) {
    if (table_ != nullptr) count(key, PrefixTable::Event::erase);
  }

 private:
  void count(std::string_view key, PrefixTable::Event event);

  PrefixStats& stats_;
  std::uint32_t worker_;
  std::uint32_t seen_ = 0;
  PrefixTable* table_ = nullptr;
};

}  // namespace rc::server
