// load: one load against several cache servers in turn. Prints one block of "name value" lines per
// server: medians over the rounds, and the ratio of CPU time to the first server's in the same
// round.

#include "common/arguments.hpp"
#include "common/target.hpp"
#include "load/load.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>

namespace rc::bench {
namespace {

constexpr std::string_view usage =
    "usage: load --server NAME,HOST:PORT,PID [--server ...] --do get|set|multiget|fill|read "
    "[options]\n"
    "\n"
    "Closed loop of uniformly random keys; the servers take turns in random order.\n"
    "\n"
    "  --server NAME,HOST:PORT,PID  a server; its CPU time is read from the process PID\n"
    "  --do WHAT            get, set, multiget, or once for every key: fill or read\n"
    "  --depth N            requests sent together, or keys of a multiget (1)\n"
    "  --connections N      to each server (50)\n"
    "  --keys N             number of keys (1000000)\n"
    "  --value-size N       bytes (100)\n"
    "  --key-prefix TEXT    before the 15 digits of a key (k)\n"
    "  --rounds N           turns of every server (20)\n"
    "  --slice-ms N         length of a turn (100)\n"
    "  --seed N             of keys and turns (1)\n";

struct Options {
  std::vector<std::string> servers;
  std::string action = "get";
  std::size_t rounds = 20;
  std::size_t slice_ms = 100;
  std::size_t seed = 1;
  LoadOptions load;
};

struct Contestant {
  Target target;
  std::unique_ptr<Load> load;
  std::vector<LoadTotals> rounds;
};

Options parse_options(Arguments& arguments, int count, char** values) {
  Options options;
  arguments.bind("--server", options.servers);
  arguments.bind("--do", options.action);
  arguments.bind("--depth", options.load.depth);
  arguments.bind("--connections", options.load.connections);
  arguments.bind("--keys", options.load.key_count);
  arguments.bind("--value-size", options.load.value_size_bytes);
  arguments.bind("--key-prefix", options.load.key_prefix);
  arguments.bind("--rounds", options.rounds);
  arguments.bind("--slice-ms", options.slice_ms);
  arguments.bind("--seed", options.seed);
  arguments.parse(count, values);
  if (options.servers.empty()) arguments.fail("no `--server` is given");
  if (std::min({options.load.depth, options.load.connections, options.load.key_count}) == 0) {
    arguments.fail("`--depth`, `--connections` and `--keys` must not be 0");
  }
  if (options.action == "set") options.load.operation = Operation::set;
  if (options.action == "multiget") options.load.operation = Operation::multiget;
  return options;
}

Contestant contestant(const Arguments& arguments, const Options& options, std::string_view text) {
  const std::optional<Target> target = parse_target(text);
  if (!target) arguments.fail("`--server` is not NAME,HOST:PORT,PID: `" + std::string(text) + "`");
  const CpuClock clock(target->pid);
  if (!clock.valid()) arguments.fail("no process " + std::to_string(target->pid) + " to measure");
  auto load = std::make_unique<Load>(options.load, clock, options.seed);
  return {.target = *target, .load = std::move(load), .rounds = {}};
}

bool report_loss(const Contestant& contestant) {
  const char* cause = std::strerror(errno);
  std::fprintf(stderr, "load: error: %s: %s\n", contestant.target.name.c_str(), cause);
  return false;
}

bool pass(std::vector<Contestant>& contestants, Operation operation) {
  for (Contestant& each : contestants) {
    if (!each.load->pass(operation)) return report_loss(each);
  }
  return true;
}

bool run(std::vector<Contestant>& contestants, const Options& options) {
  std::mt19937_64 random(options.seed);
  std::vector<Contestant*> order;
  for (Contestant& each : contestants) order.push_back(&each);
  for (std::size_t round = 0; round < options.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (Contestant* each : order) {
      LoadTotals totals;
      if (!each->load->run(options.slice_ms * 1'000'000, totals)) return report_loss(*each);
      each->rounds.push_back(totals);
    }
  }
  return true;
}

double median(std::vector<double> figures) {
  if (figures.empty()) return 0.0;
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

double per_key(std::uint64_t amount, const LoadTotals& totals) {
  const std::uint64_t keys = std::max<std::uint64_t>(totals.keys, 1);
  return static_cast<double>(amount) / static_cast<double>(keys);
}

void print(const Contestant& each, const Contestant& first) {
  std::vector<double> ratios, server_us, client_us, rates, hit_ratios;
  std::uint64_t failures = 0;
  for (std::size_t round = 0; round < each.rounds.size(); ++round) {
    const LoadTotals& totals = each.rounds[round];
    const LoadTotals& base = first.rounds[round];
    const double base_ns = std::max(per_key(base.server_cpu_ns, base), 1e-9);
    ratios.push_back(per_key(totals.server_cpu_ns, totals) / base_ns);
    server_us.push_back(per_key(totals.server_cpu_ns, totals) / 1e3);
    client_us.push_back(per_key(totals.client_cpu_ns, totals) / 1e3);
    rates.push_back(1e9 / per_key(totals.wall_ns, totals));
    hit_ratios.push_back(per_key(totals.hits, totals));
    failures += totals.failures;
  }
  std::printf(
      "server %s\nratio %.3f\nserver_cpu_us %.3f\nkeys_per_second %.0f\n"
      "client_cpu_us %.3f\nhit_ratio %.4f\nfailures %ju\n",
      each.target.name.c_str(),
      median(ratios),
      median(server_us),
      median(rates),
      median(client_us),
      median(hit_ratios),
      std::uintmax_t{failures}
  );
}

int load_main(int count, char** values) {
  Arguments arguments("load", usage);
  const Options options = parse_options(arguments, count, values);
  std::vector<Contestant> contestants;
  for (const std::string& text : options.servers) {
    contestants.push_back(contestant(arguments, options, text));
    Contestant& added = contestants.back();
    if (!added.load->connect(added.target.address)) return report_loss(added) ? 0 : 1;
  }
  if (options.action == "fill") return pass(contestants, Operation::set) ? 0 : 1;
  if (options.action == "read") return pass(contestants, Operation::get) ? 0 : 1;
  if (!run(contestants, options)) return 1;

  bool right = true;
  for (const Contestant& each : contestants) {
    print(each, contestants.front());
    for (const LoadTotals& totals : each.rounds) right = right && totals.failures == 0;
  }
  return right ? 0 : 1;
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::load_main(argc, argv);
}
