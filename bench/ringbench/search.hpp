// --search: the highest rate of an open loop that holds a latency goal.
//
// Thread: one.
#pragma once

#include "ringbench/measure.hpp"
#include "ringbench/options.hpp"
#include "ringbench/session.hpp"

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace rc::bench {

// Whether the goal was held: the latency, 99 % of the requests sent, and every answer right.
[[nodiscard]] bool holds(const Measurement& measurement, const LatencyGoal& goal);

struct SearchResult {
  std::vector<Measurement> trials;
  std::optional<std::size_t> best;  // Of them; nothing where none held.
};

[[nodiscard]] Result<SearchResult> search(Session& session, const LatencyGoal& goal);

}  // namespace rc::bench
