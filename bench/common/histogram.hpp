// How long things took: counts in buckets 0.1 % wide, and the exact count, mean and maximum.
//
// The layout is that of HdrHistogram with three significant digits: below 2048 every value has a
// bucket of its own, each doubling above has 1024 buckets. Any 64-bit value fits, adding one costs
// a shift and an increment, and histograms of several threads add up without loss. 440 KiB each,
// of which only what is used becomes hot.
//
// Thread: one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rc::bench {

class Histogram {
 public:
  Histogram() : counts_(buckets, 0) {}

  void add(std::uint64_t value) {
    ++counts_[bucket_of(value)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
  }

  // Takes in all that `other` has.
  void merge(const Histogram& other);
  // Forgets everything and keeps the memory.
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] double mean() const;

  // The value that `share` of all do not exceed, 0 to 1; at most 0.1 % too high. 0 without values.
  [[nodiscard]] std::uint64_t percentile(double share) const;

 private:
  static constexpr std::size_t step_bits = 10;
  static constexpr std::size_t steps = std::size_t{1} << step_bits;
  static constexpr std::size_t buckets = (64 - step_bits + 1) * steps;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) {
    if (value < 2 * steps) return static_cast<std::size_t>(value);
    const auto shift = static_cast<std::size_t>(std::bit_width(value)) - (step_bits + 1);
    return shift * steps + static_cast<std::size_t>(value >> shift);
  }
  [[nodiscard]] static std::uint64_t last_of(std::size_t bucket) {
    if (bucket < 2 * steps) return bucket;
    const std::size_t shift = bucket / steps - 1;
    return ((std::uint64_t{bucket} - shift * steps + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace rc::bench
