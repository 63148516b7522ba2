#include "common/histogram.hpp"

#include <cmath>

namespace rc::bench {

void Histogram::merge(const Histogram& other) {
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) counts_[bucket] += other.counts_[bucket];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  sum_ = 0;
  max_ = 0;
}

double Histogram::mean() const {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(static_cast<double>(count_) * share));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    seen += counts_[bucket];
    if (seen > 0 && seen >= wanted) return std::min(last_of(bucket), max_);
  }
  return max_;
}

}  // namespace rc::bench
