#include "ringbench/statistics.hpp"

#include "common/random.hpp"

#include <algorithm>
#include <cstddef>

namespace rc::bench {

double median(std::vector<double> samples) {
  if (samples.empty()) return 0;
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  if (samples.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(samples.begin(), middle)) / 2;
}

Estimate estimate(const std::vector<double>& samples, std::uint64_t seed) {
  if (samples.empty()) return {};
  constexpr std::size_t resamples = 2000;
  constexpr std::size_t outer = resamples * 25 / 1000;
  Random random(seed);
  std::vector<double> medians;
  std::vector<double> drawn(samples.size());
  for (std::size_t number = 0; number < resamples; ++number) {
    for (double& each : drawn) {
      const double at = Random::unit(random()) * static_cast<double>(samples.size());
      each = samples[static_cast<std::size_t>(at)];
    }
    medians.push_back(median(drawn));
  }
  std::sort(medians.begin(), medians.end());
  return {
      .median = median(samples),
      .low = medians[outer],
      .high = medians[resamples - 1 - outer],
  };
}

}  // namespace rc::bench
