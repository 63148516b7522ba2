#include "ringbench/compare.hpp"

#include "ringbench/measure.hpp"
#include "ringbench/units.hpp"

#include <algorithm>
#include <cstdio>
#include <random>

namespace rc::bench {
namespace {

// So many of a trace's requests are one slice: the servers then replay the same part in turn.
constexpr std::uint64_t trace_slice_requests = 10'000;

double per(std::uint64_t amount, std::uint64_t count) {
  return static_cast<double>(amount) / static_cast<double>(std::max<std::uint64_t>(count, 1));
}

Stint stint_of(const Options& options, std::size_t round) {
  Stint stint{.rate = options.rate, .arrivals = options.arrivals, .seed = options.seed + round};
  if (options.trace.empty()) {
    stint.length_ns = options.slice_ns;
  } else {
    stint.requests = trace_slice_requests;
  }
  return stint;
}

// The rounds of a comparison, played.
class Rounds {
 public:
  Rounds(Session& session, std::vector<Contestant>& contestants)
      : session_(session), contestants_(contestants), random_(session.options().seed) {
    for (std::size_t server = 0; server < contestants.size(); ++server) {
      sources_.push_back(session.load().sources(session.crew(), session.options().seed));
      order_.push_back(server);
    }
  }

  Result<Done> play() {
    const Options& options = session_.options();
    const bool is_trace = !options.trace.empty();
    for (std::size_t round = 0; is_trace || round < options.rounds; ++round) {
      const std::uint64_t asked = asked_;
      std::shuffle(order_.begin(), order_.end(), random_);
      for (const std::size_t server : order_) {
        const Result<Done> done = take_turn(server, stint_of(options, round));
        if (!done) return done;
      }
      if (asked_ == asked) break;  // The trace is over.
      if (options.shows_progress) show(round + 1, is_trace ? 0 : options.rounds);
    }
    return Done{};
  }

 private:
  Result<Done> take_turn(std::size_t server, const Stint& stint) {
    Contestant& contestant = contestants_[server];
    contestant.server.process.start();
    auto record = session_.crew().run(server, sources_[server], stint);
    const CpuUse use = contestant.server.process.since_start();
    if (!record) {
      return Error{.message = contestant.server.name + ": " + record.error().message};
    }
    const std::uint64_t requests = record.value().requests();
    asked_ += requests;
    if (requests > 0) contestant.slices.push_back(slice_of(record.value(), use.all_ns));
    contestant.record.merge(record.value(), true);
    contestant.server_use.all_ns += use.all_ns;
    contestant.server_use.busiest_ns += use.busiest_ns;
    return Done{};
  }

  static void show(std::size_t round, std::size_t rounds) {
    if (rounds == 0) {
      std::fprintf(stderr, "round %zu\n", round);
    } else if (round % 10 == 0 || round == rounds) {
      std::fprintf(stderr, "round %zu of %zu\n", round, rounds);
    }
  }

  Session& session_;
  std::vector<Contestant>& contestants_;
  std::mt19937_64 random_;
  std::vector<Load::Sources> sources_;  // By server.
  std::vector<std::size_t> order_;
  std::uint64_t asked_ = 0;
};

void warn_about(Comparison& comparison) {
  for (const Contestant& each : comparison.contestants) {
    const Measurement run{
        .options = comparison.options,
        .machine = comparison.machine,
        .server = each.server,
        .rate = comparison.options.rate,
        .record = each.record,
        .server_use = each.server_use,
        .seconds = {},
        .warnings = {},
    };
    for (const std::string& warning : warnings_about(run)) {
      comparison.warnings.push_back(each.server.name + ": " + warning);
    }
  }
  constexpr std::size_t rounds_min = 10;
  if (comparison.contestants.front().slices.size() < rounds_min) {
    comparison.warnings.push_back("ranges rest on fewer than 10 rounds; use more --rounds");
  }
}

}  // namespace

double Slice::operator[](Figure figure) const {
  switch (figure) {
    case Figure::rate:
      return rate;
    case Figure::server_cpu:
      return server_cpu_us;
    case Figure::client_cpu:
      return client_cpu_us;
    case Figure::p50:
      return p50_us;
    case Figure::p99:
      return p99_us;
  }
  return 0;
}

Slice slice_of(const Record& record, std::uint64_t server_cpu_ns) {
  Histogram latency = record.get_ns;
  latency.merge(record.set_ns);
  return {
      .rate = per(record.keys(), record.wall_ns) * 1e9,
      .server_cpu_us = per(server_cpu_ns, record.keys()) / 1e3,
      .client_cpu_us = per(record.client_cpu_ns, record.keys()) / 1e3,
      .p50_us = static_cast<double>(latency.percentile(0.5)) / 1e3,
      .p99_us = static_cast<double>(latency.percentile(0.99)) / 1e3,
  };
}

Estimate Contestant::figure(Figure figure, std::uint64_t seed) const {
  std::vector<double> samples;
  for (const Slice& slice : slices) samples.push_back(slice[figure]);
  return estimate(samples, seed);
}

Estimate Contestant::ratio(const Contestant& base, Figure figure, std::uint64_t seed) const {
  std::vector<double> samples;
  const std::size_t rounds = std::min(slices.size(), base.slices.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    const double of_base = base.slices[round][figure];
    if (of_base > 0) samples.push_back(slices[round][figure] / of_base);
  }
  return estimate(samples, seed);
}

bool Comparison::is_right() const {
  return std::all_of(contestants.begin(), contestants.end(), [this](const Contestant& each) {
    return each.record.is_right(options.reads_through);
  });
}

Result<Comparison> compare(Session& session) {
  Comparison comparison{
      .options = session.options(),
      .machine = this_machine(),
      .contestants = {},
      .warnings = session.warnings(),
  };
  for (const Server& server : session.servers()) {
    comparison.contestants.push_back(
        {.server = server, .slices = {}, .record = {}, .server_use = {}}
    );
  }
  const pid_t first = session.servers().front().process.pid();
  const Slowdown before = slowdown_so_far(first);
  const Result<Done> played = Rounds(session, comparison.contestants).play();
  if (!played) return played.error();
  warn_about(comparison);
  std::uint64_t wall_ns = 0;
  for (const Contestant& each : comparison.contestants) wall_ns += each.record.wall_ns;
  for (const auto& sentence : describe_slowdown(before, slowdown_so_far(first), wall_ns)) {
    comparison.warnings.push_back(sentence);
  }
  return comparison;
}

}  // namespace rc::bench
