#include "ringbench/table.hpp"
#include "ringbench/units.hpp"

#include "base/version.hpp"

#include <algorithm>

namespace rc::bench {
namespace {

constexpr int name_width = 23;
constexpr int figure_width = 13;
constexpr int ratio_width = 20;

struct Row {
  Figure figure;
  const char* name;
  int decimals;
};

std::vector<Row> rows_of(const Options& options) {
  const bool is_per_key = options.keys_per_get > 1 && options.trace.empty();
  return {
      {Figure::rate, is_per_key ? "Keys/s" : "Requests/s", 0},
      {Figure::server_cpu, is_per_key ? "Server CPU us/key" : "Server CPU us/request", 3},
      {Figure::client_cpu, is_per_key ? "Client CPU us/key" : "Client CPU us/request", 3},
      {Figure::p50, "Latency p50 us", 1},
      {Figure::p99, "Latency p99 us", 1},
  };
}

std::string cut(const std::string& text, int width) {
  return text.substr(0, static_cast<std::size_t>(width));
}

std::string header(const Comparison& comparison) {
  std::string text = formatted("%-*s", name_width, "Median");
  for (std::size_t at = 0; at < comparison.contestants.size(); ++at) {
    const std::string& name = comparison.contestants[at].server.name;
    text += formatted(" %*s", figure_width, cut(name, figure_width).c_str());
    if (at > 0) text += formatted(" %*s", ratio_width, "ratio [95 % range]");
  }
  return text + "\n";
}

// A figure that is not there (a server's CPU time whose process is not known) is a dash.
std::string cell(double figure, int decimals) {
  return figure == 0 ? formatted(" %*s", figure_width, "-")
                     : formatted(" %*.*f", figure_width, decimals, figure);
}

std::string cell(const Estimate& ratio) {
  if (ratio.median == 0) return formatted(" %*s", ratio_width, "-");
  const std::string text = formatted("%.2f [%.2f-%.2f]", ratio.median, ratio.low, ratio.high);
  return formatted(" %*s", ratio_width, text.c_str());
}

std::string row_of(const Comparison& comparison, const Row& row) {
  const std::vector<Contestant>& all = comparison.contestants;
  const std::uint64_t seed = comparison.options.seed;
  std::string text = formatted("%-*s", name_width, row.name);
  for (std::size_t at = 0; at < all.size(); ++at) {
    text += cell(all[at].figure(row.figure, seed).median, row.decimals);
    if (at > 0) text += cell(all[at].ratio(all.front(), row.figure, seed));
  }
  return text + "\n";
}

template <class Text>
std::string plain_row(const Comparison& comparison, const char* name, Text&& text_of_contestant) {
  std::string text = formatted("%-*s", name_width, name);
  for (std::size_t at = 0; at < comparison.contestants.size(); ++at) {
    const std::string figure = text_of_contestant(comparison.contestants[at]);
    text += formatted(" %*s", figure_width, figure.c_str());
    if (at > 0) text += formatted(" %*s", ratio_width, "");
  }
  return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

std::string plain_rows(const Comparison& comparison) {
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
  };
  return plain_row(
             comparison,
             "Hit ratio",
             [&](const Contestant& each) {
               return formatted(
                   "%.4f", share(each.record.hits, each.record.hits + each.record.misses)
               );
             }
         ) +
         plain_row(
             comparison,
             "Server busy",
             [&](const Contestant& each) {
               return formatted(
                   "%.0f %%", 100 * share(each.server_use.all_ns, each.record.wall_ns)
               );
             }
         ) +
         plain_row(
             comparison,
             "Client's busiest thread",
             [&](const Contestant& each) {
               const double busy = share(each.record.client_busiest_ns, each.record.wall_ns);
               return formatted("%.0f %%", 100 * busy);
             }
         ) +
         plain_row(comparison, "Problems", [](const Contestant& each) {
           return grouped(each.record.problems());
         });
}

std::string how_it_ran(const Comparison& comparison) {
  const Options& options = comparison.options;
  std::string text = std::to_string(comparison.contestants.front().slices.size()) + " rounds of ";
  text += options.trace.empty() ? format_duration(options.slice_ns) : "10,000 requests";
  text += " for each server, in random order (seed " + std::to_string(options.seed) + "); ";
  if (!options.rate) return text + "closed loop: latencies tell the length of the queue\n";
  return text + formatted("open loop at %.0f requests/s\n", *options.rate);
}

}  // namespace

std::string table_of(const Comparison& comparison) {
  std::string text = "ringbench " + std::string(version) + " compare\n";
  for (const Contestant& each : comparison.contestants) {
    text +=
        "  " + each.server.name + ": " + each.server.address + ", version " + each.server.version;
    if (each.server.process.is_known()) {
      text += ", process " + std::to_string(each.server.process.pid());
    }
    text += "\n";
  }
  text += load_text(comparison.options) + "\n" + machine_text(comparison.machine) + "\n" +
          how_it_ran(comparison) + "\n" + header(comparison);
  for (const Row& row : rows_of(comparison.options)) text += row_of(comparison, row);
  return text + plain_rows(comparison);
}

std::string remarks_of(const Comparison& comparison) {
  std::string text;
  for (const std::string& warning : comparison.warnings) {
    text += "ringbench: warning: " + warning + "\n";
  }
  for (const Contestant& each : comparison.contestants) {
    if (each.record.is_right(comparison.options.reads_through)) continue;
    text += "ringbench: error: " + each.server.name + ": " + grouped(each.record.problems()) +
            " answers were not right; the first: " + each.record.first_problem + "\n";
  }
  return text;
}

}  // namespace rc::bench
