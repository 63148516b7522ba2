// Which share of the items belongs to probation: learnt from what was evicted too early.
//
// A key that returns while a ghost of probation knows it would have been found had probation been
// larger; one that returns while a ghost of main knows it, had main been. Headers keep three ghosts
// of the one kind to one of the other, so a return of the first kind speaks for a third as much
// memory. The share moves by what an item more would have gained on either side, slowly: a cache
// has to turn over a few times before it has gone from one end to the other. A load of short
// bursts ends with nearly all in probation, a skewed one with hardly any.
// Thread: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace rc::table {

class ProbationShare {
 public:
  explicit ProbationShare(double start) : share_(start) {}

  [[nodiscard]] double value() const { return share_.load(std::memory_order_relaxed); }

  // Learns from the returns since the last call. Both counts only rise.
  // Relaxed: hints; two threads that learn at once may count a few returns twice or not at all.
  void learn(
      std::uint64_t probation_returns, std::uint64_t main_returns, std::uint64_t items
  ) noexcept {
    const double gained = since(probation_returns_, probation_returns);
    const double lost = since(main_returns_, main_returns);
    if (items == 0 || gained + lost == 0) return;
    const double step = pace * (favour * gained / ghosts_ratio - lost) / static_cast<double>(items);
    share_.store(std::clamp(value() + step, share_min, share_max), std::memory_order_relaxed);
  }

  static constexpr double share_min = 0.05;
  static constexpr double share_max = 0.90;

 private:
  // Ghosts of probation in a header for each of main.
  static constexpr double ghosts_ratio = 3;
  // Faster, and the share wanders on a steady load; slower, and small caches lose a few per cent
  // before it arrives.
  static constexpr double pace = 3;
  // A return to main is found again after the one miss, which makes probation look a little better
  // than it is; but what it loses with bursts weighs more. Measured: 1.0 and 1.4 are worse.
  static constexpr double favour = 1.1;

  static double since(std::atomic<std::uint64_t>& seen, std::uint64_t now) noexcept {
    const std::uint64_t before = seen.load(std::memory_order_relaxed);
    if (now <= before) return 0;
    seen.store(now, std::memory_order_relaxed);
    return static_cast<double>(now - before);
  }

  std::atomic<double> share_;
  std::atomic<std::uint64_t> probation_returns_{0};
  std::atomic<std::uint64_t> main_returns_{0};
};

}  // namespace rc::table
