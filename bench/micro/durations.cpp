#include "micro/durations.hpp"

#include <array>
#include <cstdio>

namespace rc::bench {
namespace {

void print_row(const char* name, const char* which, const Histogram& durations) {
  constexpr std::array shares{0.5, 0.99, 0.999, 0.9999, 0.99999};
  std::printf("| %s | %s |", name, which);
  for (const double share : shares) {
    std::printf(" %.2f |", static_cast<double>(durations.percentile(share)) / 1e3);
  }
  std::printf(" **%.1f** |\n", static_cast<double>(durations.max()) / 1e3);
}

}  // namespace

void print_rows(const char* name, const Durations& durations) {
  print_row(name, "every time", durations.every_time());
  print_row(name, "once", durations.first());
}

}  // namespace rc::bench
