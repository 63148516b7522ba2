#include "ringbench/table.hpp"

#include "ringbench/units.hpp"

#include "base/version.hpp"

#include <algorithm>

namespace rc::bench {
namespace {

double per_second(std::uint64_t count, const Record& record) {
  return record.wall_ns == 0
             ? 0.0
             : static_cast<double>(count) * 1e9 / static_cast<double>(record.wall_ns);
}

double per_request_us(std::uint64_t ns, const Record& record) {
  return static_cast<double>(ns) / 1e3 /
         static_cast<double>(std::max<std::uint64_t>(record.requests(), 1));
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string what_was_run(const Measurement& measurement) {
  const Server& server = measurement.server;
  std::string text = "ringbench " + std::string(version) + " against " + server.address +
                     ", version " + server.version;
  if (server.process.is_known()) text += ", process " + std::to_string(server.process.pid());
  return text + "\n" + load_text(measurement.options) + "\n" + machine_text(measurement.machine) +
         "\n";
}

std::string how_it_ran(const Measurement& measurement) {
  const std::string length = format_duration(measurement.record.wall_ns);
  if (!measurement.rate) {
    return "closed loop for " + length +
           ": a test of throughput; latencies tell the length of the queue, not the time of "
           "service\n";
  }
  const bool is_random = measurement.options.arrivals == Arrivals::poisson;
  return formatted("open loop at %.0f requests/s, ", *measurement.rate) +
         (is_random ? "Poisson" : "constant") + " arrivals, for " + length +
         ": latencies from the moment each request was due\n";
}

std::string row(
    const char* name, const Histogram& latency, std::uint64_t requests, const Measurement& of
) {
  const Record& record = of.record;
  std::string text = formatted("%-7s %12.0f", name, per_second(requests, record));
  const bool has_hits = &latency != &record.set_ns;
  text +=
      has_hits
          ? formatted(
                " %12.0f %12.0f", per_second(record.hits, record), per_second(record.misses, record)
            )
          : formatted(" %12s %12s", "-", "-");
  text += formatted(" %9.3f", latency.mean() / 1e6);
  for (const double share : {0.5, 0.9, 0.99, 0.999, 0.9999}) {
    text += formatted(" %9.3f", static_cast<double>(latency.percentile(share)) / 1e6);
  }
  return text + formatted(" %9.3f\n", static_cast<double>(latency.max()) / 1e6);
}

std::string rows(const Measurement& measurement) {
  const Record& record = measurement.record;
  std::string text = formatted(
      "%-7s %12s %12s %12s %9s %9s %9s %9s %9s %9s %9s\n",
      "Type",
      "Ops/sec",
      "Hits/sec",
      "Misses/sec",
      "Avg ms",
      "p50 ms",
      "p90 ms",
      "p99 ms",
      "p99.9 ms",
      "p99.99 ms",
      "Max ms"
  );
  text += row("Sets", record.set_ns, record.sets, measurement);
  text += row("Gets", record.get_ns, record.gets, measurement);
  text += row("Totals", measurement.latency(), record.requests(), measurement);
  return text;
}

std::string figures(const Measurement& measurement) {
  const Record& record = measurement.record;
  std::string text =
      "Hit ratio   " + formatted("%.4f", percent(record.hits, record.hits + record.misses) / 100);
  text += formatted(
      "; %.1f MB/s received, %.1f MB/s sent",
      per_second(record.bytes_received, record) / 1e6,
      per_second(record.bytes_sent, record) / 1e6
  );
  if (record.keys() > record.requests()) {
    text += formatted("; %.0f keys/s", per_second(record.keys(), record));
  }
  text += "\nServer CPU  ";
  if (measurement.server.process.is_known()) {
    text += formatted("%.2f us per request", per_request_us(measurement.server_use.all_ns, record));
    if (record.keys() > record.requests()) {
      text += formatted(
          ", %.3f us per key",
          per_request_us(measurement.server_use.all_ns, record) *
              static_cast<double>(record.requests()) / static_cast<double>(record.keys())
      );
    }
    text += formatted(
        " (%.0f %% of a core, its busiest thread %.0f %%)",
        percent(measurement.server_use.all_ns, record.wall_ns),
        percent(measurement.server_use.busiest_ns, record.wall_ns)
    );
  } else {
    text += "not known: its process was not found here; give --pid";
  }
  text += formatted(
      "\nClient CPU  %.2f us per request (%.0f %% of a core, its busiest thread %.0f %%)\n",
      per_request_us(record.client_cpu_ns, record),
      percent(record.client_cpu_ns, record.wall_ns),
      percent(record.client_busiest_ns, record.wall_ns)
  );
  return text + "Problems    " + grouped(record.errors) + " errors, " + grouped(record.refused) +
         " refused, " + grouped(record.wrong_values) + " wrong values" +
         (measurement.rate ? ", " + grouped(record.unsent) + " due but not sent" : "") + "\n";
}

}  // namespace

std::string table_of(const Measurement& measurement) {
  return what_was_run(measurement) + how_it_ran(measurement) + "\n" + rows(measurement) + "\n" +
         figures(measurement);
}

std::string table_of(const SearchResult& result, const LatencyGoal& goal) {
  std::string text = formatted(
      "%12s %12s %9s %9s %9s %9s  %s\n",
      "Rate",
      "Answered/s",
      "p50 ms",
      "p99 ms",
      "p99.9 ms",
      "Max ms",
      "Held"
  );
  for (const Measurement& trial : result.trials) {
    const Histogram latency = trial.latency();
    text += formatted("%12.0f %12.0f", trial.rate.value_or(0), trial.per_second());
    for (const double share : {0.5, 0.99, 0.999, 1.0}) {
      text += formatted(" %9.3f", static_cast<double>(latency.percentile(share)) / 1e6);
    }
    text += holds(trial, goal) ? "  yes\n" : "  no\n";
  }
  if (!result.best) return text + "\nNo rate held " + text_of(goal) + "\n";
  const Measurement& best = result.trials[*result.best];
  return text + "\nThe highest rate that held " + text_of(goal) + ": " +
         formatted("%.0f requests/s\n\n", best.rate.value_or(0)) + table_of(best);
}

std::string remarks_of(const Measurement& measurement) {
  std::string text;
  for (const std::string& warning : measurement.warnings) {
    text += "ringbench: warning: " + warning + "\n";
  }
  if (!measurement.is_right()) {
    text += "ringbench: error: " + grouped(measurement.record.problems()) +
            " answers were not right; the first: " + measurement.record.first_problem + "\n";
  }
  return text;
}

}  // namespace rc::bench
