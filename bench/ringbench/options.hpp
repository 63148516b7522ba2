// The command line of ringbench.
//
// Thread: startup only.
#pragma once

#include "common/target.hpp"
#include "ringbench/pace.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

// The latency that a share of all requests must not exceed: "p99=1ms".
struct LatencyGoal {
  double share = 0.99;
  std::uint64_t ns = 0;
};
[[nodiscard]] std::optional<LatencyGoal> parse_goal(std::string_view text);
[[nodiscard]] std::string text_of(const LatencyGoal& goal);

enum class Format : std::uint8_t { table, json, csv };

struct Options {
  std::string command_line;  // As it was typed.

  // Target.
  std::vector<Target> targets;
  std::string protocol = "classic";

  // Load.
  std::size_t connections = 16;
  std::size_t depth = 1;
  std::size_t keys_per_get = 1;
  std::size_t threads = 1;
  double get_share = 0.9;
  bool reads_through = false;
  std::uint32_t ttl_s = 0;
  std::uint64_t length_ns = 30'000'000'000;
  std::uint64_t requests = ~std::uint64_t{0};
  std::uint64_t warm_up_ns = 2'000'000'000;
  bool fills = true;
  std::optional<double> rate;  // Requests per second in an open loop; nothing: closed loop.
  Arrivals arrivals = Arrivals::poisson;
  std::optional<LatencyGoal> goal;  // Search for the highest rate that holds it.
  std::uint64_t seed = 1;

  // Of a comparison: servers take turns.
  bool compares = false;
  std::size_t rounds = 50;
  std::uint64_t slice_ns = 100'000'000;

  // Keys and values.
  std::uint64_t keys = 100'000;
  std::string key_prefix = "k";
  std::string popularity = "uniform";
  std::string value_sizes = "100";
  std::string trace;  // A file; empty: random keys.

  // Output.
  Format format = Format::table;
  std::string html;  // A file for the page; empty: none.
  bool shows_progress = false;
};

// The load in one line: "classic, 16 connections, depth 1, ...".
[[nodiscard]] std::string load_text(const Options& options);

// What the command line asks for: options to work by, or a text to print and a status to end with.
struct CommandLine {
  std::optional<Options> options;
  int status = 0;
  std::string text;
};

inline constexpr int status_usage = 2;

[[nodiscard]] CommandLine read_command_line(int count, const char* const* words);

}  // namespace rc::bench
