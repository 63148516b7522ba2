#include "ringbench/plot.hpp"
#include "ringbench/report.hpp"
#include "ringbench/table.hpp"

#include <algorithm>
#include <cmath>

namespace rc::bench {
namespace {

constexpr const char* style =
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "pre{overflow-x:auto;background:#f6f6f6;padding:1em}svg{width:100%;height:auto}";

std::string page(
    const std::string& title,
    const std::string& command,
    const std::string& table,
    const std::string& plots,
    const std::string& json
) {
  return std::string("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n") +
         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" + escaped(title) +
         "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<h1>" + escaped(title) +
         "</h1>\n<p><code>" + escaped(command) + "</code></p>\n<pre>" + escaped(table) +
         "</pre>\n" + plots + "<script type=\"application/json\" id=\"data\">\n" + json +
         "</script>\n</body>\n</html>\n";
}

// By how many nines it stands, so that the tail has room: 90 % at 1, 99 % at 2.
Axis percentile_axis() {
  return {
      .name = "percentile",
      .from = 0,
      .to = 5,
      .ticks = {{0, "0"}, {1, "90"}, {2, "99"}, {3, "99.9"}, {4, "99.99"}, {5, "99.999"}},
  };
}

Curve latency_curve(const std::string& name, const Histogram& latency) {
  Curve curve{.name = name, .points = {}};
  if (latency.count() == 0) return curve;
  for (double nines = 0; nines <= 5; nines += 0.05) {
    const auto ns = static_cast<double>(latency.percentile(1 - std::pow(10.0, -nines)));
    curve.points.emplace_back(nines, std::log10(std::max(ns / 1e6, 1e-6)));
  }
  return curve;
}

std::string plot_latency(const std::vector<std::pair<std::string, Histogram>>& latencies) {
  std::vector<Curve> curves;
  double least_ms = 1e9;
  double largest_ms = 1e-6;
  for (const auto& each : latencies) {
    if (each.second.count() == 0) continue;
    least_ms = std::min(least_ms, static_cast<double>(each.second.percentile(0)) / 1e6);
    largest_ms = std::max(largest_ms, static_cast<double>(each.second.max()) / 1e6);
    curves.push_back(latency_curve(each.first, each.second));
  }
  return plot_curves(
      "Latency by percentile", percentile_axis(), log_axis("ms", least_ms, largest_ms), curves
  );
}

// Values by their number: seconds of a run, rounds of a comparison.
std::string plot_course(
    const std::string& title, const std::string& x_name, const std::vector<Curve>& curves
) {
  double last = 1;
  double largest = 0;
  for (const Curve& curve : curves) {
    for (const auto& point : curve.points) {
      last = std::max(last, point.first);
      largest = std::max(largest, point.second);
    }
  }
  return plot_curves(title, linear_axis(x_name, last), linear_axis("", largest), curves);
}

std::string plot_seconds(const Measurement& measurement) {
  Curve requests{.name = "requests/s", .points = {}};
  for (std::size_t at = 0; at < measurement.seconds.size(); ++at) {
    const auto count = static_cast<double>(measurement.seconds[at].requests);
    requests.points.emplace_back(static_cast<double>(at + 1), count);
  }
  return plot_course("Throughput over time", "second", {requests});
}

std::string plot_ratios(const Comparison& comparison, const Contestant& each) {
  const Contestant& base = comparison.contestants.front();
  std::vector<Bar> bars;
  double largest = 1;
  for (const NamedFigure& figure : named_figures) {
    const Estimate ratio = each.ratio(base, figure.figure, comparison.options.seed);
    if (ratio.median == 0) continue;
    bars.push_back({figure.name, ratio.low, ratio.median, ratio.high});
    largest = std::max(largest, ratio.high);
  }
  const std::string title =
      each.server.name + " / " + base.server.name + ": median ratio and its 95 % range";
  return plot_bars(title, linear_axis("ratio", largest), bars, 1);
}

}  // namespace

std::string html_of(const Measurement& measurement) {
  const std::string plots =
      plot_seconds(measurement) +
      plot_latency({{"gets", measurement.record.get_ns}, {"sets", measurement.record.set_ns}});
  return page(
      "ringbench: " + measurement.server.address,
      measurement.options.command_line,
      table_of(measurement),
      plots,
      json_of(measurement)
  );
}

std::string html_of(const SearchResult& result) {
  const Measurement& told = result.best ? result.trials[*result.best] : result.trials.back();
  std::vector<std::pair<double, double>> points;
  for (const Measurement& trial : result.trials) {
    const double share = told.options.goal.value_or(LatencyGoal{}).share;
    points.emplace_back(
        trial.rate.value_or(0), static_cast<double>(trial.latency().percentile(share)) / 1e6
    );
  }
  std::sort(points.begin(), points.end());
  const std::string plots =
      plot_course("Latency of the goal's share (ms) by rate", "requests/s", {{"ms", points}}) +
      plot_latency({{"best rate", told.latency()}});
  return page(
      "ringbench --search: " + told.server.address,
      told.options.command_line,
      table_of(result, told.options.goal.value_or(LatencyGoal{})),
      plots,
      json_of(result)
  );
}

std::string html_of(const Comparison& comparison) {
  std::string plots;
  std::vector<Curve> rates;
  std::vector<Curve> costs;
  std::vector<std::pair<std::string, Histogram>> latencies;
  for (const Contestant& each : comparison.contestants) {
    if (&each != &comparison.contestants.front()) plots += plot_ratios(comparison, each);
    rates.push_back({.name = each.server.name, .points = {}});
    costs.push_back({.name = each.server.name, .points = {}});
    for (std::size_t round = 0; round < each.slices.size(); ++round) {
      const auto number = static_cast<double>(round + 1);
      rates.back().points.emplace_back(number, each.slices[round].rate);
      costs.back().points.emplace_back(number, each.slices[round].server_cpu_us);
    }
    Histogram all = each.record.get_ns;
    all.merge(each.record.set_ns);
    latencies.emplace_back(each.server.name, std::move(all));
  }
  plots += plot_course("Server CPU (us) by round", "round", costs);
  plots += plot_course("Throughput (keys/s) by round", "round", rates) + plot_latency(latencies);
  return page(
      "ringbench compare",
      comparison.options.command_line,
      table_of(comparison),
      plots,
      json_of(comparison)
  );
}

}  // namespace rc::bench
