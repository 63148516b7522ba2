// replay: a trace through one cache server or several, slice by slice in turn, so that what
// disturbs the machine disturbs them alike. Prints one block of "name value" lines per server.

#include "common/arguments.hpp"
#include "common/target.hpp"
#include "replay/replay.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>

namespace rc::bench {
namespace {

constexpr std::string_view usage =
    "usage: replay --server NAME,HOST:PORT[,PID] [--server ...] [options] < trace\n"
    "\n"
    "Replays a trace of cache requests as a read-through cache: get the object, on a miss take\n"
    "it from a stand-in database and set it. Every hit is verified.\n"
    "\n"
    "  --server NAME,HOST:PORT[,PID]  a server; its CPU time is read from the process PID\n"
    "  --trace FILE         64-bit words: object number, size << 32 (default -, standard input)\n"
    "  --requests N         stop after N requests (default all)\n"
    "  --connections N      connections to each server, one request under way in each (16)\n"
    "  --default-size N     bytes of objects whose size the trace does not know (300)\n"
    "  --key-prefix TEXT    what stands before the object number in a key (object:)\n"
    "  --slice N            requests before the next server has its turn (10000)\n"
    "  --seed N             of the random order of the turns (1)\n";

struct Options {
  std::vector<std::string> servers;
  std::string trace = "-";
  std::size_t requests = SIZE_MAX;
  std::size_t slice = 10'000;
  std::size_t seed = 1;
  ReplayOptions replay;
};

struct Contestant {
  Target target;
  std::unique_ptr<Replay> replay;
};

Options parse_options(Arguments& arguments, int count, char** values) {
  Options options;
  arguments.bind("--server", options.servers);
  arguments.bind("--trace", options.trace);
  arguments.bind("--requests", options.requests);
  arguments.bind("--connections", options.replay.connections);
  arguments.bind("--default-size", options.replay.default_size_bytes);
  arguments.bind("--key-prefix", options.replay.key_prefix);
  arguments.bind("--slice", options.slice);
  arguments.bind("--seed", options.seed);
  arguments.parse(count, values);
  if (options.servers.empty()) arguments.fail("no `--server` is given");
  if (options.replay.connections == 0) arguments.fail("`--connections` must not be 0");
  if (options.slice == 0) arguments.fail("`--slice` must not be 0");
  return options;
}

Contestant contestant(const Arguments& arguments, const Options& options, std::string_view text) {
  const std::optional<Target> target = parse_target(text);
  if (!target)
    arguments.fail("`--server` is not NAME,HOST:PORT[,PID]: `" + std::string(text) + "`");
  const CpuClock clock(target->pid);
  if (!clock.valid()) arguments.fail("no process " + std::to_string(target->pid) + " to measure");
  return {.target = *target, .replay = std::make_unique<Replay>(options.replay, clock)};
}

bool report_loss(const Contestant& contestant) {
  std::fprintf(
      stderr,
      "replay: error: connection to %s (%s): %s\n",
      contestant.target.name.c_str(),
      contestant.target.address.c_str(),
      std::strerror(errno)
  );
  return false;
}

bool run(std::vector<Contestant>& contestants, const Options& options, const Trace& trace) {
  std::mt19937_64 random(options.seed);
  for (Contestant& each : contestants) {
    if (!each.replay->connect(each.target.address)) return report_loss(each);
  }
  std::span<const TraceRequest> rest = trace;
  while (!rest.empty()) {
    const auto slice = rest.first(std::min(options.slice, rest.size()));
    rest = rest.subspan(slice.size());
    std::shuffle(contestants.begin(), contestants.end(), random);
    for (Contestant& each : contestants) {
      if (!each.replay->run(slice)) return report_loss(each);
    }
  }
  return true;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void print(const Target& target, const ReplayTotals& totals) {
  const auto line = [](const char* name, std::uint64_t value) {
    std::printf("%s %ju\n", name, std::uintmax_t{value});
  };
  std::printf("server %s\n", target.name.c_str());
  line("requests", totals.requests());
  line("hits", totals.hits);
  line("misses", totals.misses);
  std::printf("hit_ratio %.6f\n", ratio(totals.hits, totals.requests()));
  std::printf("requests_per_second %.0f\n", ratio(totals.requests(), totals.wall_ns) * 1e9);
  if (target.pid != 0) {
    std::printf("server_cpu_us %.3f\n", ratio(totals.server_cpu_ns, totals.requests()) / 1e3);
  }
  std::printf("client_cpu_us %.3f\n", ratio(totals.client_cpu_ns, totals.requests()) / 1e3);
  line("refused", totals.refused);
  line("wrong_values", totals.wrong_values);
  line("errors", totals.errors);
}

int replay_main(int count, char** values) {
  Arguments arguments("replay", usage);
  const Options options = parse_options(arguments, count, values);
  std::vector<Contestant> contestants;
  for (const std::string& text : options.servers) {
    contestants.push_back(contestant(arguments, options, text));
  }
  Result<Trace> trace = read_trace(options.trace, options.requests);
  if (!trace) arguments.fail("trace `" + options.trace + "` " + trace.error().message);
  if (!run(contestants, options, trace.value())) return 1;

  std::uint64_t failures = 0;
  for (const Contestant& each : contestants) {
    print(each.target, each.replay->totals());
    failures += each.replay->totals().wrong_values + each.replay->totals().errors;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::replay_main(argc, argv);
}
