#include "ringbench/search.hpp"

#include "ringbench/rate_search.hpp"
#include "ringbench/units.hpp"

#include <algorithm>

namespace rc::bench {
namespace {

// Twice where it fails: one hiccup of the machine shall not decide.
Result<bool> try_rate(
    Session& session, const LatencyGoal& goal, double rate, std::vector<Measurement>& trials
) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto trial = measure(session, rate);
    if (!trial) return trial.error();
    trials.push_back(std::move(trial).value());
    if (holds(trials.back(), goal)) return true;
    if (!trials.back().is_right()) return false;
  }
  return false;
}

}  // namespace

bool holds(const Measurement& measurement, const LatencyGoal& goal) {
  constexpr double is_kept = 0.99;
  return measurement.is_right() && measurement.kept_pace() >= is_kept &&
         measurement.latency().percentile(goal.share) <= goal.ns;
}

Result<SearchResult> search(Session& session, const LatencyGoal& goal) {
  const Stint stint{.length_ns = std::min(session.options().length_ns, 2 * second_ns)};
  const auto sources = session.load().sources(session.crew(), session.options().seed);
  auto saturated = session.crew().run(0, sources, stint);
  if (!saturated) return saturated.error();
  const Record& record = saturated.value();
  RateSearch rates(
      static_cast<double>(record.requests()) * 1e9 / static_cast<double>(record.wall_ns)
  );
  SearchResult result;
  while (const std::optional<double> rate = rates.next()) {
    Result<bool> held = try_rate(session, goal, *rate, result.trials);
    if (!held) return held.error();
    rates.tried(held.value());
    if (held.value()) result.best = result.trials.size() - 1;
    if (!result.trials.back().is_right()) break;
  }
  return result;
}

}  // namespace rc::bench
