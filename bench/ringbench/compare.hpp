// ringbench compare: the same load on several running servers, which take turns in short slices in
// random order. What disturbs the machine for longer than a round disturbs all of them, so a ratio
// is taken within a round, and its median over the rounds is what counts.
//
// Thread: one.
#pragma once

#include "ringbench/machine.hpp"
#include "ringbench/options.hpp"
#include "ringbench/record.hpp"
#include "ringbench/session.hpp"
#include "ringbench/statistics.hpp"

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rc::bench {

// The figures that servers are compared by.
enum class Figure : std::uint8_t { rate, server_cpu, client_cpu, p50, p99 };
struct NamedFigure {
  Figure figure;
  const char* name;
};
inline constexpr std::array<NamedFigure, 5> named_figures = {{
    {Figure::rate, "keys_per_second"},
    {Figure::server_cpu, "server_cpu_us_per_key"},
    {Figure::client_cpu, "client_cpu_us_per_key"},
    {Figure::p50, "p50_us"},
    {Figure::p99, "p99_us"},
}};

// One turn of one server.
struct Slice {
  double rate = 0;           // Keys per second; so many requests where each has one key.
  double server_cpu_us = 0;  // Per key, as is the client's.
  double client_cpu_us = 0;
  double p50_us = 0;  // Of requests.
  double p99_us = 0;

  [[nodiscard]] double operator[](Figure figure) const;
};

[[nodiscard]] Slice slice_of(const Record& record, std::uint64_t server_cpu_ns);

struct Contestant {
  Server server;
  std::vector<Slice> slices;  // By round.
  Record record;              // Of all slices.
  CpuUse server_use;

  // Over the rounds.
  [[nodiscard]] Estimate figure(Figure figure, std::uint64_t seed) const;
  // Of each round's ratio to `base` in the same round.
  [[nodiscard]] Estimate ratio(const Contestant& base, Figure figure, std::uint64_t seed) const;
};

struct Comparison {
  Options options;
  Machine machine;
  std::vector<Contestant> contestants;  // The first is the base.
  std::vector<std::string> warnings;

  [[nodiscard]] bool is_right() const;
};

[[nodiscard]] Result<Comparison> compare(Session& session);

}  // namespace rc::bench
