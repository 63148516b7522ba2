// shift: one server through a series of value sizes, its memory watched all the while. Prints one
// line per phase as it ends, then every sample; bench/size_shift makes a table and a plot of them.

#include "common/arguments.hpp"
#include "common/target.hpp"
#include "shift/shift.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace rc::bench {
namespace {

constexpr std::string_view usage =
    "usage: shift --server [NAME=]ADDRESS[,PID] [options]\n"
    "\n"
    "Stores one kind of value after another, each several times what the server may hold, and\n"
    "watches its memory. Prints\n"
    "  phase NAME SECONDS OBJECTS REFUSED LIVE_BYTES NEWEST_BYTES PRESENT_BYTES "
    "RESIDENT_MAX_BYTES\n"
    "  own FIGURE BYTES           (memory_* of `stats ringcached`, where there is such)\n"
    "  sample SECONDS RESIDENT_BYTES LIVE_BYTES\n"
    "\n"
    "  --server [NAME=]ADDRESS[,PID]  its resident memory is read from the process PID\n"
    "  --limit N            the server's limit in MiB (1024)\n"
    "  --fill-percent N     of the limit, stored in each phase (200)\n"
    "  --newest-percent N   of the limit, the newest bytes looked for after each phase (50)\n"
    "  --phase SIZE         bytes of a value, or a range MIN-MAX; may be given several times\n"
    "                       (100 700 4096 50-100000 100 1000000 300)\n"
    "  --connections N      to the server, each with a batch of sets under way (8)\n";

struct Options {
  std::vector<std::string> servers;
  std::vector<std::string> phases;
  std::size_t limit_mib = 1024;
  std::size_t fill_percent = 200;
  std::size_t newest_percent = 50;
  std::size_t connections = 8;

  [[nodiscard]] std::uint64_t of_limit(std::size_t percent) const {
    return limit_mib * 1024 * 1024 / 100 * percent;
  }
};

Options parse_options(Arguments& arguments, int count, char** values) {
  Options options;
  arguments.bind("--server", options.servers);
  arguments.bind("--phase", options.phases);
  arguments.bind("--limit", options.limit_mib);
  arguments.bind("--fill-percent", options.fill_percent);
  arguments.bind("--newest-percent", options.newest_percent);
  arguments.bind("--connections", options.connections);
  arguments.parse(count, values);
  if (options.servers.size() != 1) arguments.fail("exactly one `--server` must be given");
  if (options.connections == 0) arguments.fail("`--connections` must not be 0");
  if (options.phases.empty()) {
    options.phases = {"100", "700", "4096", "50-100000", "100", "1000000", "300"};
  }
  return options;
}

std::vector<Phase> parse_phases(const Arguments& arguments, const Options& options) {
  std::vector<Phase> phases;
  for (const std::string& text : options.phases) {
    const std::optional<Phase> phase = parse_phase(text);
    if (!phase) arguments.fail("`--phase` is neither a size nor MIN-MAX: `" + text + "`");
    phases.push_back(*phase);
  }
  return phases;
}

double seconds(std::uint64_t time_ns) {
  return static_cast<double>(time_ns) / 1e9;
}

void print(const Phase& phase, const PhaseReport& report, ServerFigures& figures) {
  std::printf(
      "phase %s %.2f %ju %ju %ju %ju %ju %ju\n",
      phase.name.c_str(),
      seconds(report.end.time_ns),
      std::uintmax_t{report.objects},
      std::uintmax_t{report.refused},
      std::uintmax_t{report.end.live_bytes},
      std::uintmax_t{report.newest_bytes},
      std::uintmax_t{report.present_bytes},
      std::uintmax_t{figures.resident_max_bytes()}
  );
  for (const auto& [name, value] : figures.stats("ringcached")) {
    if (!name.starts_with("memory_")) continue;
    std::printf("own %s %ju\n", name.c_str(), std::uintmax_t{value});
  }
  std::fflush(stdout);
}

int report_loss(const Target& target) {
  std::fprintf(stderr, "shift: error: %s: %s\n", target.name.c_str(), std::strerror(errno));
  return 1;
}

int shift_main(int count, char** values) {
  Arguments arguments("shift", usage);
  const Options options = parse_options(arguments, count, values);
  const std::vector<Phase> phases = parse_phases(arguments, options);
  const std::optional<Target> target = parse_target(options.servers.front());
  if (!target) arguments.fail("`--server` is not [NAME=]ADDRESS[,PID]");

  Shift shift(target->address, target->pid);
  if (!shift.connect(options.connections)) return report_loss(*target);
  const std::uint64_t fill_bytes = options.of_limit(options.fill_percent);
  const std::uint64_t newest_bytes = options.of_limit(options.newest_percent);
  std::uint64_t failures = 0;
  for (std::size_t index = 0; index < phases.size(); ++index) {
    PhaseReport report;
    if (!shift.run(index, phases[index], fill_bytes, newest_bytes, report)) {
      return report_loss(*target);
    }
    print(phases[index], report, shift.figures());
    failures += report.failures;
  }
  for (const MemorySample& each : shift.samples()) {
    std::printf(
        "sample %.3f %ju %ju\n",
        seconds(each.time_ns),
        std::uintmax_t{each.resident_bytes},
        std::uintmax_t{each.live_bytes}
    );
  }
  if (failures > 0) std::fprintf(stderr, "shift: error: %ju odd replies\n", failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::shift_main(argc, argv);
}
