// Counters of one worker, and their sum over all workers.
//
// Every worker owns one Counters and is its only writer, so adding is a plain load and store on a
// line that nobody else writes; any thread may read. metrics.def is the one table of all counters.
#pragma once

#include "base/cacheline.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::stats {

enum class Metric : std::uint8_t {
#define METRIC(name, help) name,
#include "stats/metrics.def"
#undef METRIC
};

struct MetricInfo {
  std::string_view name;
  std::string_view help;
};

inline constexpr MetricInfo metrics[] = {
#define METRIC(name, help) {#name, help},
#include "stats/metrics.def"
#undef METRIC
};
inline constexpr std::size_t metric_count = sizeof(metrics) / sizeof(metrics[0]);

// The values of all counters at one moment, of one worker or summed over several.
class Snapshot {
 public:
  [[nodiscard]] std::uint64_t operator[](Metric m) const { return values_[index(m)]; }
  Snapshot& operator+=(const Snapshot& other);
  // What was counted since `base`, for `stats reset`. Requires: base was taken earlier.
  Snapshot& operator-=(const Snapshot& base);

 private:
  friend class Counters;
  static constexpr std::size_t index(Metric m) { return static_cast<std::size_t>(m); }
  std::array<std::uint64_t, metric_count> values_{};
};

class alignas(cache_line_bytes) Counters {
 public:
  // Thread: the owning worker only.
  void add(Metric m, std::uint64_t n = 1) {
    auto& value = values_[Snapshot::index(m)];
    // Relaxed: a statistic orders nothing; one writer makes load + store enough.
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  // Thread: any. Each value is exact; together they are a snapshot only of a quiet worker.
  [[nodiscard]] Snapshot read() const;

 private:
  std::array<std::atomic<std::uint64_t>, metric_count> values_{};
};

}  // namespace rc::stats
