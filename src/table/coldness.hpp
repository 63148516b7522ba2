// Judges whether main has gone cold, so that it may yield its memory to probation.
//
// With a fixed share, a cache full of items that nobody reads any more keeps most of its memory on
// them, while new items die in probation before they are asked for twice. So the hands mark the
// items of main that they pass in a sample of the segments; a hit takes the mark away; on the next
// pass the marked ones are the unread ones. Time is counted in what was inserted: a window is an
// eighth of the cache. When hardly any of main was read in five windows in a row, main yields,
// until a window in which it is read again.
// Five, because a scan looks the same as a change of heart as long as it lasts: main outlives one
// of 0.6 times the cache. And not more, because a cache that is flooded with new items shall hold
// them. The judgement needs no access to items, no clock and no write on a saturated hit outside
// the sampled segments. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rc::table {

class Coldness {
 public:
  // What one claim of a hand saw in main.
  struct Seen {
    std::uint32_t items = 0;
    std::uint32_t read = 0;
  };

  // Is this segment in the sample when main has so many items? Marks in those that leave it as
  // main grows are taken away by the next hits.
  [[nodiscard]] static bool samples(std::size_t segment, std::uint64_t items_in_main) {
    const std::size_t stride = items_in_main >= 65'536 ? 16 : (items_in_main >= 4096 ? 4 : 1);
    return segment % stride == 0;
  }

  // Relaxed throughout: an estimate; its loss of a few samples to a race changes nothing.
  void note(Seen seen) noexcept {
    if (seen.items == 0) return;
    items_.fetch_add(seen.items, std::memory_order_relaxed);
    read_.fetch_add(seen.read, std::memory_order_relaxed);
  }

  // `inserted` is all that ever was, `held` what the cache holds, in the same unit. True if a
  // window has ended, to one caller.
  bool judge(std::uint64_t inserted, std::uint64_t held) noexcept {
    std::uint64_t end = window_end_.load(std::memory_order_relaxed);
    if (inserted < end || items_.load(std::memory_order_relaxed) < items_min) return false;
    const std::uint64_t next = inserted + held / windows_per_cache;
    if (!window_end_.compare_exchange_strong(end, next, std::memory_order_relaxed)) return false;
    const std::uint64_t items = items_.exchange(0, std::memory_order_relaxed);
    const std::uint64_t read = read_.exchange(0, std::memory_order_relaxed);
    const bool cold = read * cold_below_one_in < items;
    const unsigned run = cold ? cold_windows_.load(std::memory_order_relaxed) + 1 : 0;
    cold_windows_.store(run, std::memory_order_relaxed);
    return true;
  }

  [[nodiscard]] bool main_yields() const {
    return cold_windows_.load(std::memory_order_relaxed) >= cold_windows_min;
  }

  static constexpr std::uint64_t windows_per_cache = 8;
  static constexpr unsigned cold_windows_min = 5;

 private:
  // A window is cold when fewer than one in this many of main's items was read between two passes
  // of a hand. A Zipf trace reads one in ten meanwhile.
  static constexpr std::uint64_t cold_below_one_in = 128;
  // A window that saw fewer goes on.
  static constexpr std::uint64_t items_min = 16;

  std::atomic<std::uint64_t> items_{0};
  std::atomic<std::uint64_t> read_{0};
  std::atomic<std::uint64_t> window_end_{0};
  std::atomic<unsigned> cold_windows_{0};
};

}  // namespace rc::table
