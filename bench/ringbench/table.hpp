// A measurement as people read it: memtier's table, and what it rests on.
//
// Thread: any; pure functions.
#pragma once

#include "ringbench/compare.hpp"
#include "ringbench/measure.hpp"
#include "ringbench/search.hpp"

#include <string>

namespace rc::bench {

[[nodiscard]] std::string table_of(const Measurement& measurement);

// All trials, and the best one in full.
[[nodiscard]] std::string table_of(const SearchResult& result, const LatencyGoal& goal);

// Medians of all servers, and ratios to the first.
[[nodiscard]] std::string table_of(const Comparison& comparison);

// "warning: ..." and "error: ..." lines, for stderr.
[[nodiscard]] std::string remarks_of(const Measurement& measurement);
[[nodiscard]] std::string remarks_of(const Comparison& comparison);

}  // namespace rc::bench
