// How long each operation of a sequence took, over repeats of exactly the same sequence.
//
// On a machine that does other things the longest of millions of operations is always a turn of
// somebody else's: an empty loop has pauses of milliseconds too, and a virtual machine counts them
// as CPU time. But what the operation itself causes comes back at the same place of the sequence
// in every repeat, and what others cause does not. So the least duration of each place is kept.
//
// Thread: one.
#pragma once

#include "common/clock.hpp"
#include "common/histogram.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rc::bench {

class Durations {
 public:
  // `operations` of one repeat; memory for them is touched here, and not while something is timed.
  explicit Durations(std::size_t operations) : least_ns_(operations, longest) {}

  void begin_repeat() {
    at_ = 0;
    ++repeat_;
  }

  void add(std::uint64_t duration_ns) {
    RC_ASSERT(at_ < least_ns_.size());
    const auto ns = static_cast<std::uint32_t>(std::min<std::uint64_t>(duration_ns, longest));
    least_ns_[at_] = std::min(least_ns_[at_], ns);
    ++at_;
    if (repeat_ == 1) first_.add(duration_ns);
  }

  // The first repeat as it was.
  [[nodiscard]] const Histogram& first() const { return first_; }

  // What every repeat had.
  [[nodiscard]] Histogram every_time() const {
    Histogram least;
    for (std::size_t at = 0; at < at_; ++at) least.add(least_ns_[at]);
    return least;
  }

 private:
  static constexpr std::uint32_t longest = std::numeric_limits<std::uint32_t>::max();

  std::vector<std::uint32_t> least_ns_;
  std::size_t at_ = 0;
  std::size_t repeat_ = 0;
  Histogram first_;
};

// Times what happens between start() and stop().
class Stopwatch {
 public:
  void start() { start_ns_ = now_ns(); }
  void stop(Durations& durations) const { durations.add(now_ns() - start_ns_); }

 private:
  std::uint64_t start_ns_ = 0;
};

// Two rows of a markdown table, in microseconds; durations_header stands above them.
constexpr const char* durations_header =
    "| µs | | 50 % | 99 % | 99.9 % | 99.99 % | 99.999 % | longest |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|\n";
void print_rows(const char* name, const Durations& durations);

}  // namespace rc::bench
