// One measurement of one server, and what to make of it.
//
// Thread: one.
#pragma once

#include "ringbench/machine.hpp"
#include "ringbench/options.hpp"
#include "ringbench/record.hpp"
#include "ringbench/server.hpp"
#include "ringbench/session.hpp"

#include "base/result.hpp"

#include <cstdint>
#include <optional>
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
  std::optional<double> rate;  // Of an open loop.
  Record record;
  CpuUse server_use;
  std::vector<Second> seconds;
  std::vector<std::string> warnings;

  [[nodiscard]] bool is_right() const { return record.is_right(options.reads_through); }
  // Requests answered per second, and of an open loop the share of those that were due.
  [[nodiscard]] double per_second() const;
  [[nodiscard]] double kept_pace() const;
  // Of gets and sets together.
  [[nodiscard]] Histogram latency() const;
};

// Runs the session's load on its first server, in an open loop where there is a rate.
[[nodiscard]] Result<Measurement> measure(Session& session, std::optional<double> rate);

// What a reader of these figures must know; a pure function of them.
[[nodiscard]] std::vector<std::string> warnings_about(const Measurement& measurement);

}  // namespace rc::bench
