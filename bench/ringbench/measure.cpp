#include "ringbench/measure.hpp"

#include "ringbench/units.hpp"

#include <cstdio>
#include <unistd.h>

namespace rc::bench {
namespace {

CrewOptions crew_options(const Options& options) {
  return {
      .threads = options.threads,
      .client =
          {
              .connections = options.connections,
              .depth = options.depth,
              .reads_through = options.reads_through,
          },
  };
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

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Result<std::string> fill(
    Crew& crew, std::size_t server, const Load& load, std::vector<std::string>& warnings
) {
  const Stint stint{.depth = load.pass_depth()};
  auto stored = crew.run(server, load.pass(crew, Verb::set), stint);
  if (!stored) return stored.error();
  if (stored.value().problems() > 0) {
    return grouped(stored.value().problems()) +
           " of the keys could not be stored; the first: " + stored.value().first_problem;
  }
  auto read = crew.run(server, load.pass(crew, Verb::get), stint);
  if (!read) return read.error();
  if (read.value().problems() > 0) {
    return grouped(read.value().problems()) +
           " of the keys came back wrong; the first: " + read.value().first_problem;
  }
  if (read.value().misses > 0) {
    warnings.push_back(
        grouped(read.value().misses) + " of " + grouped(load.keys()) +
        " keys did not stay: the server has too little memory for this load; use fewer --keys"
    );
  }
  return std::string();
}

Result<Measurement> measure(const Options& options, const Load& load) {
  auto server = meet(options.address, options.pid, load.protocol());
  if (!server) return server.error();
  auto started = Crew::start({options.address}, load.protocol(), crew_options(options));
  if (!started) return started.error();
  Crew& crew = *started.value();

  Measurement measurement{
      .options = options,
      .machine = this_machine(),
      .server = server.value(),
      .record = {},
      .server_use = {},
      .seconds = {},
      .warnings = {},
  };
  ServerProcess& process = measurement.server.process;
  if (options.fills) {
    auto problem = fill(crew, 0, load, measurement.warnings);
    if (!problem) return problem.error();
    measurement.fill_problem = problem.value();
    if (!measurement.fill_problem.empty()) return measurement;
  }
  Stint stint{.length_ns = options.warm_up_ns, .seed = options.seed};
  if (options.warm_up_ns > 0) {
    auto warm = crew.run(0, load.sources(crew, options.seed + 1), stint);
    if (!warm) return warm.error();
  }
  stint.length_ns = options.length_ns;
  stint.requests = options.requests;
  const auto sources = load.sources(crew, options.seed);
  const Slowdown before = slowdown_so_far(process.pid());
  Seconds seconds(crew, process, options.shows_progress);
  process.start();
  auto record = crew.run(0, sources, stint, [&] { seconds.on_second(); });
  measurement.server_use = process.since_start();
  if (!record) return record.error();
  measurement.record = std::move(record).value();
  measurement.seconds = std::move(seconds.all());
  for (const auto& about : {
           warnings_about(options, measurement.record, measurement.server_use, process.is_known()),
           describe_slowdown(before, slowdown_so_far(process.pid()), measurement.record.wall_ns),
       }) {
    measurement.warnings.insert(measurement.warnings.end(), about.begin(), about.end());
  }
  return measurement;
}

std::vector<std::string> warnings_about(
    const Options& options, const Record& record, const CpuUse& server_use, bool server_is_known
) {
  std::vector<std::string> warnings;
  const double client_busy = share_of(record.client_busiest_ns, record.wall_ns);
  const double server_busy = share_of(server_use.busiest_ns, record.wall_ns);
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
  if (record.wall_ns < 5 * second_ns && options.trace.empty()) {
    warnings.push_back(
        "a run of " + format_duration(record.wall_ns) +
        " is short: figures may be far from those of a longer one; use --time 30s"
    );
  }
  constexpr std::uint64_t enough = 100'000;  // Ten beyond the 99.99th percentile.
  if (record.requests() < enough) {
    warnings.push_back(
        "p99.99 of " + grouped(record.requests()) +
        " requests rests on fewer than ten of them; use a longer --time"
    );
  }
  return warnings;
}

}  // namespace rc::bench
