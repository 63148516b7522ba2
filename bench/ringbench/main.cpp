// ringbench: measures a cache server. README.md says how to use it.

#include "ringbench/compare.hpp"
#include "ringbench/load.hpp"
#include "ringbench/measure.hpp"
#include "ringbench/options.hpp"
#include "ringbench/report.hpp"
#include "ringbench/search.hpp"
#include "ringbench/session.hpp"
#include "ringbench/table.hpp"

#include <cerrno>
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

// The page was asked for and cannot be written: the figures are printed all the same.
bool write_page(const std::string& path, const std::string& page) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  print(file, page);
  return std::fclose(file) == 0;
}

// Prints a result of any kind, `table` being how it looks to people; returns the status.
template <class Outcome>
int tell(const Outcome& result, const Options& options, const std::string& table, bool is_right) {
  switch (options.format) {
    case Format::table:
      print(stdout, table);
      break;
    case Format::json:
      print(stdout, json_of(result));
      break;
    case Format::csv:
      print(stdout, csv_of(result));
      break;
  }
  if (!options.html.empty() && !write_page(options.html, html_of(result))) {
    return complain(system_error(errno, "--html " + options.html).message, status_problems);
  }
  return is_right ? 0 : status_problems;
}

int run_once(Session& session) {
  auto measured = measure(session, session.options().rate);
  if (!measured) return complain(measured.error().message, status_problems);
  const Measurement& measurement = measured.value();
  print(stderr, remarks_of(measurement));
  return tell(measurement, session.options(), table_of(measurement), measurement.is_right());
}

int run_search(Session& session, const LatencyGoal& goal) {
  auto found = search(session, goal);
  if (!found) return complain(found.error().message, status_problems);
  const SearchResult& result = found.value();
  const Measurement& told = result.best ? result.trials[*result.best] : result.trials.back();
  print(stderr, remarks_of(told));
  const bool is_right = told.is_right() && result.best.has_value();
  return tell(result, session.options(), table_of(result, goal), is_right);
}

int run_compare(Session& session) {
  auto compared = compare(session);
  if (!compared) return complain(compared.error().message, status_problems);
  const Comparison& comparison = compared.value();
  print(stderr, remarks_of(comparison));
  return tell(comparison, session.options(), table_of(comparison), comparison.is_right());
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
