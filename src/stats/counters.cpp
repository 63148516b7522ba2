#include "stats/counters.hpp"

namespace rc::stats {

Snapshot& Snapshot::operator+=(const Snapshot& other) {
  for (std::size_t i = 0; i < metric_count; ++i) values_[i] += other.values_[i];
  return *this;
}

Snapshot& Snapshot::operator-=(const Snapshot& base) {
  for (std::size_t i = 0; i < metric_count; ++i) values_[i] -= base.values_[i];
  return *this;
}

Snapshot Counters::read() const {
  Snapshot snapshot;
  for (std::size_t i = 0; i < metric_count; ++i) {
    // Relaxed: pairs with add(); see there.
    snapshot.values_[i] = values_[i].load(std::memory_order_relaxed);
  }
  return snapshot;
}

}  // namespace rc::stats
