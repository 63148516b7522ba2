#include "ringbench/json.hpp"
#include "ringbench/report.hpp"

#include "base/version.hpp"

#include <algorithm>
#include <array>

namespace rc::bench {
namespace {

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

double per(std::uint64_t amount, std::uint64_t count) {
  return static_cast<double>(amount) / static_cast<double>(std::max<std::uint64_t>(count, 1));
}

void add_latency(Json& json, const char* name, const Histogram& latency) {
  constexpr std::array<std::pair<const char*, double>, 5> percentiles = {{
      {"p50", 0.5},
      {"p90", 0.9},
      {"p99", 0.99},
      {"p99.9", 0.999},
      {"p99.99", 0.9999},
  }};
  json.begin_object(name);
  json.add("count", latency.count());
  json.add("mean", latency.mean() / 1e3);
  for (const auto& each : percentiles) json.add(each.first, us(latency.percentile(each.second)));
  json.add("max", us(latency.max()));
  json.end_object();
}

void add_how(Json& json, const Options& options, const Machine& machine) {
  json.add("ringbench", version);
  json.add("command", options.command_line);
  json.add("load", load_text(options));
  json.add("seed", options.seed);
  json.begin_object("machine");
  json.add("kernel", machine.kernel);
  json.add("cpu", machine.cpu);
  json.add("cores", std::uint64_t{machine.cores});
  json.add("client_cores", std::uint64_t{machine.client_cores});
  json.end_object();
}

void add_server(Json& json, const Server& server) {
  json.begin_object("server");
  json.add("name", server.name);
  json.add("address", server.address);
  json.add("version", server.version);
  json.add("pid", static_cast<std::uint64_t>(server.process.pid()));
  json.end_object();
}

void add_warnings(Json& json, const std::vector<std::string>& warnings) {
  json.begin_array("warnings");
  for (const std::string& warning : warnings) json.add("", warning);
  json.end_array();
}

void add_record(Json& json, const Record& record, const CpuUse& server_use, bool server_is_known) {
  json.add("seconds", seconds(record.wall_ns));
  json.add("gets", record.gets);
  json.add("sets", record.sets);
  json.add("keys", record.keys());
  json.add("hits", record.hits);
  json.add("misses", record.misses);
  json.add("hit_ratio", per(record.hits, record.hits + record.misses));
  json.add("errors", record.errors);
  json.add("refused", record.refused);
  json.add("wrong_values", record.wrong_values);
  json.add("first_problem", record.first_problem);
  json.add("unsent", record.unsent);
  json.add("bytes_sent", record.bytes_sent);
  json.add("bytes_received", record.bytes_received);
  json.add("requests_per_second", per(record.requests(), record.wall_ns) * 1e9);
  json.add("client_cpu_us_per_request", per(record.client_cpu_ns, record.requests()) / 1e3);
  json.add("client_busiest_thread", per(record.client_busiest_ns, record.wall_ns));
  if (server_is_known) {
    json.add("server_cpu_us_per_request", per(server_use.all_ns, record.requests()) / 1e3);
    json.add("server_cpu_seconds", seconds(server_use.all_ns));
    json.add("server_busiest_thread", per(server_use.busiest_ns, record.wall_ns));
  } else {
    json.add_null("server_cpu_us_per_request");
  }
  Histogram all = record.get_ns;
  all.merge(record.set_ns);
  json.begin_object("latency_us");
  add_latency(json, "gets", record.get_ns);
  add_latency(json, "sets", record.set_ns);
  add_latency(json, "all", all);
  json.end_object();
}

void add_measurement(Json& json, const Measurement& measurement) {
  json.add("mode", measurement.rate ? "open loop" : "closed loop");
  if (measurement.rate) json.add("rate", *measurement.rate);
  add_server(json, measurement.server);
  const bool server_is_known = measurement.server.process.is_known();
  add_record(json, measurement.record, measurement.server_use, server_is_known);
  json.begin_array("each_second");
  for (const Second& second : measurement.seconds) {
    json.begin_object();
    json.add("requests", second.requests);
    json.add("server_cpu_seconds", seconds(second.server_cpu_ns));
    json.end_object();
  }
  json.end_array();
  add_warnings(json, measurement.warnings);
}

void add_estimate(Json& json, const char* name, const Estimate& estimate) {
  json.begin_object(name);
  json.add("median", estimate.median);
  json.add("low", estimate.low);
  json.add("high", estimate.high);
  json.end_object();
}

void add_contestant(Json& json, const Contestant& each, const Comparison& comparison) {
  json.begin_object();
  add_server(json, each.server);
  add_record(json, each.record, each.server_use, each.server.process.is_known());
  json.begin_object("figures");
  for (const NamedFigure& figure : named_figures) {
    json.begin_object(figure.name);
    add_estimate(json, "value", each.figure(figure.figure, comparison.options.seed));
    add_estimate(
        json,
        "ratio",
        each.ratio(comparison.contestants.front(), figure.figure, comparison.options.seed)
    );
    json.begin_array("rounds");
    for (const Slice& slice : each.slices) json.add("", slice[figure.figure]);
    json.end_array();
    json.end_object();
  }
  json.end_object();
  json.end_object();
}

}  // namespace

std::string json_of(const Measurement& measurement) {
  Json json;
  json.begin_object();
  add_how(json, measurement.options, measurement.machine);
  add_measurement(json, measurement);
  json.end_object();
  return json.text() + "\n";
}

std::string json_of(const SearchResult& result) {
  const Measurement& first = result.trials.front();
  Json json;
  json.begin_object();
  add_how(json, first.options, first.machine);
  json.add("goal", text_of(first.options.goal.value_or(LatencyGoal{})));
  if (result.best) {
    json.add("best_rate", result.trials[*result.best].rate.value_or(0));
  } else {
    json.add_null("best_rate");
  }
  json.begin_array("trials");
  for (const Measurement& trial : result.trials) {
    json.begin_object();
    json.add("held", holds(trial, first.options.goal.value_or(LatencyGoal{})));
    add_measurement(json, trial);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.text() + "\n";
}

std::string json_of(const Comparison& comparison) {
  Json json;
  json.begin_object();
  add_how(json, comparison.options, comparison.machine);
  json.begin_array("servers");
  for (const Contestant& each : comparison.contestants) add_contestant(json, each, comparison);
  json.end_array();
  add_warnings(json, comparison.warnings);
  json.end_object();
  return json.text() + "\n";
}

}  // namespace rc::bench
