#include "common/zipf.hpp"

#include <algorithm>
#include <cmath>

namespace rc::bench {

Zipf::Zipf(std::uint64_t ranks, double exponent) {
  weight_up_to_.reserve(ranks);
  double sum = 0.0;
  for (std::uint64_t rank = 0; rank < ranks; ++rank) {
    sum += std::pow(static_cast<double>(rank + 1), -exponent);
    weight_up_to_.push_back(sum);
  }
}

std::uint64_t Zipf::operator()(std::uint64_t random) const {
  const double wanted = static_cast<double>(random >> 11) * 0x1.0p-53 * weight_up_to_.back();
  const auto found = std::upper_bound(weight_up_to_.begin(), weight_up_to_.end(), wanted);
  const auto rank = static_cast<std::uint64_t>(found - weight_up_to_.begin());
  return std::min<std::uint64_t>(rank, weight_up_to_.size() - 1);
}

}  // namespace rc::bench
