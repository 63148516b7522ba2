#include "ringbench/measure.hpp"

#include "ringbench/units.hpp"

#include <cstdio>
#include <unistd.h>

namespace rc::bench {
namespace {

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Collects what each second brought, and tells it.
class Seconds {
 public:
  Seconds(const Crew& crew, const ServerProcess& server, bool shows)
      : crew_(crew), server_(server), shows_(shows), last_{crew.done(0), server.used_ns()} {}

  void on_second() {
    const Second now{.requests = crew_.done(0), .server_cpu_ns = server_.used_ns()};
    all_.push_back({
        .requests = now.requests - last_.requests,
        .server_cpu_ns = now.server_cpu_ns - last_.server_cpu_ns,
    });
    last_ = now;
    if (shows_) show(all_.back());
  }
  [[nodiscard]] std::vector<Second>& all() { return all_; }

 private:
  void show(const Second& second) const {
    std::string line =
        formatted("%4zu s  %12s requests/s", all_.size(), grouped(second.requests).c_str());
    if (server_.is_known()) {
      line += formatted("  server %3.0f %% CPU", static_cast<double>(second.server_cpu_ns) / 1e7);
    }
    std::fprintf(stderr, "%s\n", line.c_str());
  }

  const Crew& crew_;
  const ServerProcess& server_;
  bool shows_;
  Second last_;
  std::vector<Second> all_;
};

}  // namespace

double Measurement::per_second() const {
  return share_of(record.requests(), record.wall_ns) * 1e9;
}

double Measurement::kept_pace() const {
  return share_of(record.requests(), record.requests() + record.unsent);
}

Histogram Measurement::latency() const {
  Histogram all = record.get_ns;
  all.merge(record.set_ns);
  return all;
}

Result<Measurement> measure(Session& session, std::optional<double> rate) {
  const Options& options = session.options();
  const Stint stint{
      .length_ns = options.length_ns,
      .requests = options.requests,
      .rate = rate,
      .arrivals = options.arrivals,
      .seed = options.seed,
  };
  const auto sources = session.load().sources(session.crew(), options.seed);
  Server server = session.servers().front();
  const Slowdown before = slowdown_so_far(server.process.pid());
  Seconds seconds(session.crew(), server.process, options.shows_progress);
  server.process.start();
  auto record = session.crew().run(0, sources, stint, [&] { seconds.on_second(); });
  const CpuUse server_use = server.process.since_start();
  if (!record) return record.error();
  Measurement measurement{
      .options = options,
      .machine = this_machine(),
      .server = std::move(server),
      .rate = rate,
      .record = std::move(record).value(),
      .server_use = server_use,
      .seconds = std::move(seconds.all()),
      .warnings = session.warnings(),
  };
  const Slowdown after = slowdown_so_far(measurement.server.process.pid());
  for (const auto& about :
       {warnings_about(measurement),
        describe_slowdown(before, after, measurement.record.wall_ns)}) {
    measurement.warnings.insert(measurement.warnings.end(), about.begin(), about.end());
  }
  return measurement;
}

std::vector<std::string> warnings_about(const Measurement& measurement) {
  std::vector<std::string> warnings;
  const Record& record = measurement.record;
  const bool server_is_known = measurement.server.process.is_known();
  const double client_busy = share_of(record.client_busiest_ns, record.wall_ns);
  const double server_busy = share_of(measurement.server_use.busiest_ns, record.wall_ns);
  constexpr double is_full = 0.9;
  if (client_busy >= is_full && !(server_is_known && server_busy >= is_full)) {
    warnings.push_back(formatted(
        "this client is the bottleneck: its busiest thread used %.0f %% of a core, %s; use more "
        "--threads or other cores",
        client_busy * 100,
        server_is_known ? formatted("the server's %.0f %%", server_busy * 100).c_str()
                        : "the server's is not known"
    ));
  }
  constexpr double is_kept = 0.99;
  if (measurement.rate && measurement.kept_pace() < is_kept) {
    warnings.push_back(
        grouped(record.unsent) +
        " requests were due and not sent, as every connection waited for answers: the server does "
        "not keep up with this rate, or there are too few --connections for its latency"
    );
  }
  if (record.refused > 0 && measurement.is_right()) {
    warnings.push_back(
        grouped(record.refused) + " sets were refused; the first: " + record.first_problem
    );
  }
  if (record.wall_ns < 5 * second_ns && measurement.options.trace.empty()) {
    warnings.push_back(
        "a run of " + format_duration(record.wall_ns) +
        " is short: figures may be far from those of a longer one; use " +
        (measurement.options.compares ? "more --rounds" : "--time 30s")
    );
  }
  constexpr std::uint64_t enough = 100'000;  // Ten beyond the 99.99th percentile.
  if (record.requests() < enough && !measurement.options.compares) {
    warnings.push_back(
        "p99.99 of " + grouped(record.requests()) +
        " requests rests on fewer than ten of them; use a longer --time"
    );
  }
  return warnings;
}

}  // namespace rc::bench
