#include "ringbench/rate_search.hpp"

namespace rc::bench {
namespace {

constexpr double close_enough = 1.03;
constexpr double step_up = 1.2;
constexpr std::size_t trials_max = 14;

}  // namespace

std::optional<double> RateSearch::next() const {
  const bool is_known = missed_ && held_ > 0 && *missed_ / held_ <= close_enough;
  if (is_known || trials_ >= trials_max || next_ < least_) return std::nullopt;
  return next_;
}

void RateSearch::tried(bool held) {
  ++trials_;
  if (held) {
    held_ = next_;
  } else {
    missed_ = next_;
  }
  next_ = missed_ ? (held_ + *missed_) / 2 : next_ * step_up;
}

}  // namespace rc::bench
