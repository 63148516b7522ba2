// How the memory limit is shared out, and how much of it live items may use.
//
// The limit belongs to buffers, index, page descriptors and, what remains, pages. The limit changes
// when the operator says so, the index's part when it grows; pages follow. The arena takes no page
// above its quota, so what items cost cannot exceed it; the budget's work is to keep a small part
// of it free, so that memory for the next item is at hand. Live bytes above the high water mark
// mean: evict.
// Thread: any. Threads report in batches, so the sum lags by at most report_bytes per thread.
#pragma once

#include "base/cacheline.hpp"
#include "base/result.hpp"

#include <atomic>
#include <cstdint>

namespace rc::store {

struct Options;

// The parts of the limit at the start. They add up to no more than the limit.
struct Division {
  // Of the index at the start, and as far as it can grow.
  std::uint64_t index_slots = 0;
  std::uint64_t index_slots_max = 0;
  std::uint64_t index_bytes = 0;
  std::uint32_t pages = 0;
  // How many pages a larger limit may ever ask for.
  std::uint32_t pages_max = 0;
  bool huge_pages = false;

  // Fails, saying what to change, if the limit is too small to hold anything.
  [[nodiscard]] static Result<Division> of(const Options& options);
};

// What of a limit is set aside for network buffers: what they may hold, less what may stand above
// the limit.
[[nodiscard]] std::uint64_t buffer_share(const Options& options, std::uint64_t limit_bytes);

// The most pages that fit into so many bytes together with their descriptors.
[[nodiscard]] std::uint32_t pages_for(std::uint64_t bytes);

class Budget {
 public:
  // `live_bytes_max` other than 0 lowers the high water mark to it, and makes it exact.
  Budget(std::uint32_t pages, std::uint64_t item_size_max_bytes, std::uint64_t live_bytes_max = 0);

  // Another number of pages, because the limit or the index's part of it has changed.
  void set_pages(std::uint32_t pages);

  // Relaxed, all of them: levels that guide eviction and order nothing. After a change some may be
  // old while others are new, for a moment.
  [[nodiscard]] std::uint64_t capacity_bytes() const { return value(capacity_bytes_); }
  // Evict while live bytes exceed this.
  [[nodiscard]] std::uint64_t high_water_bytes() const { return value(high_water_bytes_); }
  // Reclaim pages while fewer than this many are free and holes are plenty.
  [[nodiscard]] std::uint32_t free_pages_wanted() const { return value(free_pages_wanted_); }
  // How many bytes a thread may take or give back before it reports them.
  [[nodiscard]] std::int64_t report_bytes() const { return value(report_bytes_); }
  // The largest item: what was asked for, or less while memory for two of them is not there.
  [[nodiscard]] std::uint64_t item_bytes_max() const { return value(item_bytes_max_); }

  void report(std::int64_t bytes) { live_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  // Chunks and pages of items that are linked or being built. Relaxed here and above: a level that
  // guides eviction and orders nothing.
  [[nodiscard]] std::uint64_t live_bytes() const {
    const std::int64_t live = live_bytes_.load(std::memory_order_relaxed);
    return live > 0 ? static_cast<std::uint64_t>(live) : 0;
  }
  [[nodiscard]] bool above_high_water() const { return live_bytes() > high_water_bytes(); }

  // The part of the live bytes that belongs to values which are still on their way. Peers decide
  // how long that takes, and it cannot be evicted: all of them together get a part of the arena.
  void report_drafts(std::int64_t bytes) {
    draft_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t draft_bytes() const {
    const std::int64_t bytes = draft_bytes_.load(std::memory_order_relaxed);
    return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
  }
  [[nodiscard]] bool too_many_drafts(std::uint64_t with_bytes) const {
    return draft_bytes() + with_bytes > capacity_bytes() / 4 * 3;
  }

  // Memory of items that are unlinked but pinned by a send.
  void add_pinned_dead(std::int64_t bytes) {
    pinned_dead_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t pinned_dead_bytes() const {
    const std::int64_t bytes = pinned_dead_bytes_.load(std::memory_order_relaxed);
    return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
  }
  // A tenth of the arena held by readers that do not read is enough.
  [[nodiscard]] bool too_much_pinned() const { return pinned_dead_bytes() > capacity_bytes() / 10; }

 private:
  template <class T>
  [[nodiscard]] static T value(const std::atomic<T>& level) {
    return level.load(std::memory_order_relaxed);
  }

  const std::uint64_t item_size_max_bytes_;
  const std::uint64_t live_bytes_max_;
  std::atomic<std::uint64_t> capacity_bytes_{0};
  std::atomic<std::uint64_t> high_water_bytes_{0};
  std::atomic<std::uint64_t> item_bytes_max_{0};
  std::atomic<std::uint32_t> free_pages_wanted_{1};
  std::atomic<std::int64_t> report_bytes_{1};
  alignas(cache_line_bytes) std::atomic<std::int64_t> live_bytes_{0};
  alignas(cache_line_bytes) std::atomic<std::int64_t> draft_bytes_{0};
  alignas(cache_line_bytes) std::atomic<std::int64_t> pinned_dead_bytes_{0};
};

}  // namespace rc::store
