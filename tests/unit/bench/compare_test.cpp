#include "ringbench/compare.hpp"

#include "common/random.hpp"
#include "ringbench/table.hpp"
#include "scripted_server.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;
using rc::bench::testing::answer_classic;
using rc::bench::testing::ScriptedServer;

namespace {

// A server that needs `cost_us` per request on a machine whose speed drifts by a factor of three,
// with noise, and a hiccup now and then.
std::vector<Contestant> rivals(double cost_us, double other_cost_us, std::uint64_t seed) {
  std::vector<Contestant> contestants(2);
  Random random(seed);
  const auto noise = [&] {
    const double hiccup = random() % 20 == 0 ? 3.0 : 1.0;
    return (0.95 + 0.1 * Random::unit(random())) * hiccup;
  };
  for (int round = 0; round < 60; ++round) {
    const double drift = 1.0 + 2.0 * round / 60;
    contestants[0].slices.push_back({.server_cpu_us = cost_us * drift * noise()});
    contestants[1].slices.push_back({.server_cpu_us = other_cost_us * drift * noise()});
  }
  return contestants;
}

// 25,000 requests for a hundred objects of 50 bytes.
std::string trace_file() {
  std::string path = "/tmp/ringbench-trace-XXXXXX";
  const int fd = mkstemp(path.data());
  REQUIRE(fd >= 0);
  for (std::uint64_t request = 0; request < 25'000; ++request) {
    const std::uint64_t word = request * 7 % 100 | std::uint64_t{50} << 32;
    REQUIRE(write(fd, &word, sizeof word) == sizeof word);
  }
  close(fd);
  return path;
}

}  // namespace

TEST_SUITE("bench/compare") {
  TEST_CASE("two identical servers: the range of the ratio includes 1.00, nearly always") {
    int included = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const auto twins = rivals(5, 5, seed);
      const Estimate ratio = twins[1].ratio(twins[0], Figure::server_cpu, seed);
      included += ratio.low <= 1.0 && 1.0 <= ratio.high ? 1 : 0;
      CHECK(ratio.median == doctest::Approx(1.0).epsilon(0.03));
    }
    CHECK(included >= 90);
  }

  TEST_CASE("a difference of a tenth is seen through a drift of 300 %") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const auto pair = rivals(5, 4.5, seed);
      const Estimate ratio = pair[1].ratio(pair[0], Figure::server_cpu, seed);
      CHECK(ratio.high < 1.0);
      CHECK(ratio.median == doctest::Approx(0.9).epsilon(0.03));
      // Medians of the two without the pairing say much less.
      const Estimate base = pair[0].figure(Figure::server_cpu, seed);
      CHECK(base.high / base.low > ratio.high / ratio.low);
    }
  }

  TEST_CASE("a slice's figures are per key and second") {
    Record record;
    record.gets = 10;
    record.get_keys = 100;
    record.hits = 100;
    record.wall_ns = 100'000'000;
    record.client_cpu_ns = 300'000;
    for (std::uint64_t request = 1; request <= 10; ++request) record.get_ns.add(request * 1000);
    const Slice slice = slice_of(record, 200'000);
    CHECK(slice.rate == doctest::Approx(1000));
    CHECK(slice.server_cpu_us == doctest::Approx(2));
    CHECK(slice.client_cpu_us == doctest::Approx(3));
    CHECK(slice.p50_us == doctest::Approx(5).epsilon(0.001));
    CHECK(slice.p99_us == doctest::Approx(10).epsilon(0.001));
    CHECK(slice[Figure::p99] == slice.p99_us);
    CHECK(slice[Figure::rate] == slice.rate);
  }

  TEST_CASE("a ratio to a base whose figure is not known is nothing") {
    const auto unknown = rivals(0, 5, 1);
    CHECK(unknown[1].ratio(unknown[0], Figure::server_cpu, 1).median == 0);
  }

  TEST_CASE("running servers take turns, every round each once") {
    std::map<std::string, std::string> values;
    std::map<std::string, std::string> other_values;
    const auto script = [](auto& store) {
      return [&store](std::string& input) {
        if (input != "version\r\n") return answer_classic(input, store);
        input.clear();
        return std::string("VERSION 1.2.3\r\n");
      };
    };
    ScriptedServer one(script(values));
    ScriptedServer two(script(other_values));
    Options options;
    options.compares = true;
    options.targets = {
        {.name = "one", .address = one.address()}, {.name = "two", .address = two.address()}};
    options.keys = 50;
    options.rounds = 4;
    options.slice_ns = 20'000'000;
    options.warm_up_ns = 0;
    auto load = Load::make(options);
    REQUIRE(load);
    auto session = Session::open(options, *load.value());
    REQUIRE(session);
    auto compared = compare(*session.value());
    REQUIRE(compared);
    const Comparison& comparison = compared.value();
    CHECK(comparison.is_right());
    for (const Contestant& each : comparison.contestants) {
      CHECK(each.slices.size() == 4);
      CHECK(each.record.misses == 0);
      CHECK(each.record.wall_ns >= 4 * options.slice_ns);
    }
    CHECK(values.size() == 50);
    CHECK(other_values.size() == 50);
    const std::string table = table_of(comparison);
    CHECK(table.find("  one: 127.0.0.1:") != std::string::npos);
    CHECK(table.find("ratio [95 % range]") != std::string::npos);
    CHECK(remarks_of(comparison).find("fewer than 10 rounds") != std::string::npos);
  }

  TEST_CASE("a trace is replayed by each to its end") {
    std::map<std::string, std::string> values;
    ScriptedServer server([&](std::string& input) {
      if (input != "version\r\n") return answer_classic(input, values);
      input.clear();
      return std::string("VERSION 1.2.3\r\n");
    });
    const std::string path = trace_file();
    Options options;
    options.compares = true;
    options.targets = {
        {.name = "one", .address = server.address()}, {.name = "two", .address = server.address()}};
    options.trace = path;
    options.reads_through = true;
    options.fills = false;
    options.warm_up_ns = 0;
    auto load = Load::make(options);
    std::remove(path.c_str());
    REQUIRE(load);
    auto session = Session::open(options, *load.value());
    REQUIRE(session);
    auto compared = compare(*session.value());
    REQUIRE(compared);
    for (const Contestant& each : compared.value().contestants) {
      CHECK(each.record.gets == 25'000);
      CHECK(each.slices.size() == 3);
    }
  }
}
