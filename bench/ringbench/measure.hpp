// One measurement of one server: fill it, warm it up, run the load, and say what to make of it.
//
// Thread: one.
#pragma once

#include "ringbench/load.hpp"
#include "ringbench/machine.hpp"
#include "ringbench/options.hpp"
#include "ringbench/record.hpp"
#include "ringbench/server.hpp"

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rc::bench {

// What happened in one second of the run.
struct Second {
  std::uint64_t requests = 0;
  std::uint64_t server_cpu_ns = 0;
};

struct Measurement {
  Options options;
  Machine machine;
  Server server;
  Record record;
  CpuUse server_use;
  std::vector<Second> seconds;
  std::vector<std::string> warnings;

  [[nodiscard]] bool is_right() const { return record.problems() == 0 && fill_problem.empty(); }
  std::string fill_problem = {};
};

[[nodiscard]] Result<Measurement> measure(const Options& options, const Load& load);

// Stores every key once and reads it once: the first touch of memory and a table that still grows
// are not what is measured. What went wrong, or empty: keys that did not stay are a warning.
[[nodiscard]] Result<std::string> fill(
    Crew& crew, std::size_t server, const Load& load, std::vector<std::string>& warnings
);

// What a reader of these figures must know; a pure function of them.
[[nodiscard]] std::vector<std::string> warnings_about(
    const Options& options, const Record& record, const CpuUse& server_use, bool server_is_known
);

}  // namespace rc::bench
