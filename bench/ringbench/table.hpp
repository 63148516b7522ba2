// A measurement as people read it: memtier's table, and what it rests on.
//
// Thread: any; pure functions.
#pragma once

#include "ringbench/measure.hpp"

#include <string>

namespace rc::bench {

[[nodiscard]] std::string table_of(const Measurement& measurement);

// "warning: ..." and "error: ..." lines, for stderr.
[[nodiscard]] std::string remarks_of(const Measurement& measurement);

}  // namespace rc::bench
