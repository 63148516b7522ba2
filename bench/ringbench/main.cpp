// ringbench: measures a cache server. README.md says how to use it.

#include "ringbench/compare.hpp"
#include "ringbench/load.hpp"
#include "ringbench/measure.hpp"
#include "ringbench/options.hpp"
#include "ringbench/search.hpp"
#include "ringbench/session.hpp"
#include "ringbench/table.hpp"

#include <cstdio>
#include <unistd.h>

namespace rc::bench {
namespace {

constexpr int status_problems = 1;

void print(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

int complain(const std::string& what, int status) {
  print(stderr, "ringbench: error: " + what + "\n");
  return status;
}

int run_once(Session& session) {
  auto measured = measure(session, session.options().rate);
  if (!measured) return complain(measured.error().message, status_problems);
  const Measurement& measurement = measured.value();
  print(stdout, table_of(measurement));
  print(stderr, remarks_of(measurement));
  return measurement.is_right() ? 0 : status_problems;
}

int run_search(Session& session, const LatencyGoal& goal) {
  auto found = search(session, goal);
  if (!found) return complain(found.error().message, status_problems);
  const SearchResult& result = found.value();
  print(stdout, table_of(result, goal));
  const Measurement& told = result.best ? result.trials[*result.best] : result.trials.back();
  print(stderr, remarks_of(told));
  return told.is_right() && result.best ? 0 : status_problems;
}

int run_compare(Session& session) {
  auto compared = compare(session);
  if (!compared) return complain(compared.error().message, status_problems);
  print(stdout, table_of(compared.value()));
  print(stderr, remarks_of(compared.value()));
  return compared.value().is_right() ? 0 : status_problems;
}

int ringbench_main(int count, const char* const* words) {
  CommandLine line = read_command_line(count, words);
  if (!line.options) {
    print(line.status == 0 ? stdout : stderr, line.text);
    return line.status;
  }
  Options& options = *line.options;
  options.shows_progress = options.shows_progress || isatty(STDERR_FILENO) != 0;
  auto load = Load::make(options);
  if (!load) return complain(load.error().message, status_usage);
  auto session = Session::open(options, *load.value());
  if (!session) return complain(session.error().message, status_problems);
  if (options.compares) return run_compare(*session.value());
  if (options.goal) return run_search(*session.value(), *options.goal);
  return run_once(*session.value());
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::ringbench_main(argc, argv);
}
