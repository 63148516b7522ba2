// What a sample says, and how far it can be trusted.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace rc::bench {

// 0 of nothing.
[[nodiscard]] double median(std::vector<double> samples);

struct Estimate {
  double median = 0;
  double low = 0;  // The true median lies between the two with a probability of 95 %.
  double high = 0;
};

// The median with its percentile bootstrap range: what 2000 samples of the same size, drawn from
// these with replacement, have for medians, without the outer 2.5 % at both ends. It asks nothing
// of the distribution, which for times on a shared machine has a long tail.
[[nodiscard]] Estimate estimate(const std::vector<double>& samples, std::uint64_t seed);

}  // namespace rc::bench
