#include "missratio/workloads.hpp"

#include <algorithm>
#include <cstddef>

#include <doctest/doctest.h>

using rc::bench::make_zipf;
using rc::bench::Workload;
using rc::bench::workload_of;

TEST_SUITE("bench/workloads") {
  TEST_CASE("objects are numbered as they come and keep the size of their first request") {
    const Workload w = workload_of("t", {{9, 100}, {4, 7}, {9, 200}});
    CHECK(w.objects == std::vector<std::uint32_t>{0, 1, 0});
    CHECK(w.size_bytes == std::vector<std::uint32_t>{100, 7});
    CHECK(w.sized);
    CHECK_FALSE(workload_of("t", {{9, 1}, {4, 1}}).sized);
  }

  TEST_CASE("the first rank of Zipf's law has its share of the requests") {
    const Workload w = make_zipf({.exponent = 1, .objects = 1000, .requests = 100'000});
    CHECK(w.objects.size() == 100'000);
    std::vector<std::size_t> counts(w.size_bytes.size());
    for (const std::uint32_t object : w.objects) ++counts[object];
    // One divided by the 1000th harmonic number, 7.485.
    const double share = static_cast<double>(*std::max_element(counts.begin(), counts.end())) / 1e5;
    CHECK(share == doctest::Approx(0.1336).epsilon(0.03));
  }

  TEST_CASE("a scan asks for each object once, amid the load or alone") {
    for (const std::size_t between : {std::size_t{0}, std::size_t{1}}) {
      CAPTURE(between);
      const Workload w = make_zipf(
          {.objects = 10,
           .requests = 1200,
           .scans = {.period = 1000, .length = 100, .objects = 1000, .between = between}}
      );
      CHECK(w.size_bytes.size() == 110);
      std::size_t run = 0;
      std::size_t longest = 0;
      for (const std::uint32_t object : w.objects) {
        run = object < 10 ? 0 : run + 1;
        longest = std::max(longest, run);
      }
      CHECK(longest == (between == 0 ? 100 : 1));
    }
  }

  TEST_CASE("a folder that is not there is an error") {
    CHECK_FALSE(rc::bench::trace_files("/nonexistent/traces").ok());
  }
}
