// ringbench: measures a cache server. README.md says how to use it.

#include "ringbench/load.hpp"
#include "ringbench/measure.hpp"
#include "ringbench/options.hpp"
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
  auto measured = measure(options, *load.value());
  if (!measured) return complain(measured.error().message, status_problems);
  const Measurement& measurement = measured.value();
  if (measurement.fill_problem.empty()) print(stdout, table_of(measurement));
  print(stderr, remarks_of(measurement));
  return measurement.is_right() ? 0 : status_problems;
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::ringbench_main(argc, argv);
}
