#include "ringbench/report.hpp"
#include "ringbench/units.hpp"

#include <algorithm>

namespace rc::bench {
namespace {

constexpr const char* latency_columns = "mean_us,p50_us,p90_us,p99_us,p99.9_us,p99.99_us,max_us";

std::string latency_cells(const Histogram& latency) {
  std::string text = formatted("%.3f", latency.mean() / 1e3);
  for (const double share : {0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    text += formatted(",%.3f", static_cast<double>(latency.percentile(share)) / 1e3);
  }
  return text;
}

// Quoted where a comma or a quote would be misread.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string safe = "\"";
  for (const char byte : text) safe += byte == '"' ? std::string("\"\"") : std::string(1, byte);
  return safe + "\"";
}

double per_second(std::uint64_t count, const Record& record) {
  return static_cast<double>(count) * 1e9 /
         static_cast<double>(std::max<std::uint64_t>(record.wall_ns, 1));
}

std::string row(
    const char* name, std::uint64_t requests, const Histogram& latency, const Record& record
) {
  return formatted("%s,%ju,%.1f,", name, std::uintmax_t{requests}, per_second(requests, record)) +
         latency_cells(latency) + "\n";
}

}  // namespace

std::string csv_of(const Measurement& measurement) {
  const Record& record = measurement.record;
  return std::string("type,requests,requests_per_second,") + latency_columns + "\n" +
         row("sets", record.sets, record.set_ns, record) +
         row("gets", record.gets, record.get_ns, record) +
         row("totals", record.requests(), measurement.latency(), record);
}

std::string csv_of(const SearchResult& result) {
  std::string text = std::string("rate,requests_per_second,held,") + latency_columns + "\n";
  for (const Measurement& trial : result.trials) {
    const bool held = holds(trial, trial.options.goal.value_or(LatencyGoal{}));
    text += formatted("%.1f,%.1f,%d,", trial.rate.value_or(0), trial.per_second(), held ? 1 : 0) +
            latency_cells(trial.latency()) + "\n";
  }
  return text;
}

std::string csv_of(const Comparison& comparison) {
  std::string text = "server,round";
  for (const NamedFigure& figure : named_figures) text += std::string(",") + figure.name;
  text += "\n";
  for (const Contestant& each : comparison.contestants) {
    for (std::size_t round = 0; round < each.slices.size(); ++round) {
      text += quoted(each.server.name) + "," + std::to_string(round + 1);
      for (const NamedFigure& figure : named_figures) {
        text += formatted(",%.4f", each.slices[round][figure.figure]);
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace rc::bench
