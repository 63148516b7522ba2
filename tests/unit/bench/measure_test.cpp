#include "ringbench/measure.hpp"

#include "ringbench/machine.hpp"
#include "ringbench/server_process.hpp"
#include "scripted_server.hpp"

#include <map>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;
using rc::bench::testing::answer_classic;
using rc::bench::testing::ScriptedServer;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

Record long_run() {
  Record record;
  record.wall_ns = 10 * second;
  record.client_busiest_ns = 3 * second;
  record.gets = 1'000'000;
  return record;
}

bool mentions(const std::vector<std::string>& sentences, const char* words) {
  for (const std::string& sentence : sentences) {
    if (sentence.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_SUITE("bench/measure") {
  TEST_CASE("a long run with an idle client needs no warning") {
    CHECK(warnings_about({}, long_run(), {.all_ns = 9 * second, .busiest_ns = 9 * second}, true)
              .empty());
  }

  TEST_CASE("a full client is the bottleneck, unless the server is full as well") {
    Record record = long_run();
    record.client_busiest_ns = 95 * second / 10;
    const CpuUse idle{.all_ns = 12 * second, .busiest_ns = 6 * second};
    const CpuUse full{.all_ns = 92 * second / 10, .busiest_ns = 92 * second / 10};
    CHECK(mentions(warnings_about({}, record, idle, true), "bottleneck"));
    CHECK(!mentions(warnings_about({}, record, full, true), "bottleneck"));
    CHECK(mentions(warnings_about({}, record, {}, false), "bottleneck"));
  }

  TEST_CASE("a short run and few requests are told") {
    Record record = long_run();
    record.wall_ns = second;
    record.gets = 99'999;
    const auto warnings = warnings_about({}, record, {}, true);
    CHECK(mentions(warnings, "is short"));
    CHECK(mentions(warnings, "p99.99 of 99,999 requests"));
  }

  TEST_CASE("what slows the machine down is told") {
    const Slowdown none;
    CHECK(describe_slowdown(none, none, second).empty());
    CHECK(mentions(describe_slowdown(none, {.quota_us = 5000}, second), "for 5 ms"));
    CHECK(mentions(describe_slowdown(none, {.stolen_ticks = 3}, second), "30 ms"));
    CHECK(describe_slowdown(none, {.stolen_ticks = 2}, second).empty());
    CHECK(mentions(describe_slowdown(none, {.hot_cores_count = 1}, second), "heat"));
  }

  TEST_CASE("the process behind a port is found, and its CPU time") {
    ScriptedServer server([](std::string&) { return std::string(); });
    CHECK(find_server(server.address()) == getpid());
    CHECK(find_server("192.0.2.1:11211") == 0);
    CHECK(find_server("/no/such/socket") == 0);
    ServerProcess process(getpid());
    REQUIRE(process.is_known());
    process.start();
    const std::uint64_t start = process.used_ns();
    while (process.used_ns() < start + 20'000'000) continue;
    CHECK(process.since_start().all_ns >= 20'000'000);
    CHECK(process.since_start().busiest_ns > 0);
    CHECK(!ServerProcess(0).is_known());
  }

  TEST_CASE("a server is filled, warmed up and measured") {
    std::map<std::string, std::string> values;
    ScriptedServer server([&](std::string& input) {
      if (input == "version\r\n") {
        input.clear();
        return std::string("VERSION 1.2.3\r\n");
      }
      return answer_classic(input, values);
    });
    Options options;
    options.address = server.address();
    options.keys = 100;
    options.requests = 1000;
    options.warm_up_ns = 1'000'000;
    options.threads = 2;
    auto load = Load::make(options);
    REQUIRE(load);
    auto measured = measure(options, *load.value());
    REQUIRE(measured);
    const Measurement& measurement = measured.value();
    CHECK(measurement.is_right());
    CHECK(measurement.server.version == "1.2.3");
    CHECK(values.size() == 100);
    CHECK(measurement.record.requests() == 1000);
    CHECK(measurement.record.misses == 0);
    CHECK(measurement.record.hits == measurement.record.gets);
  }

  TEST_CASE("keys that do not stay are a warning, and refused ones an error") {
    std::map<std::string, std::string> values;
    bool refuses = false;
    ScriptedServer server([&](std::string& input) {
      std::string answers = answer_classic(input, values);
      values.erase("k000000000000003");
      if (refuses) answers.replace(0, answers.find("\r\n"), "SERVER_ERROR out of memory");
      return answers;
    });
    Options options;
    options.keys = 10;
    auto load = Load::make(options);
    REQUIRE(load);
    auto crew = Crew::start({server.address()}, load.value()->protocol(), {});
    REQUIRE(crew);
    std::vector<std::string> warnings;
    auto problem = fill(*crew.value(), 0, *load.value(), warnings);
    REQUIRE(problem);
    CHECK(problem.value().empty());
    CHECK(mentions(warnings, "1 of 10 keys did not stay"));
    refuses = true;
    problem = fill(*crew.value(), 0, *load.value(), warnings);
    REQUIRE(problem);
    CHECK(problem.value().find("SERVER_ERROR out of memory") != std::string::npos);
  }

  TEST_CASE("a server that is not there: what to do is said") {
    std::string address;
    {
      address = ScriptedServer([](std::string&) { return std::string(); }).address();
    }
    const auto met = meet(address, 0, *make_protocol("classic", "k", 0));
    REQUIRE(!met);
    CHECK(met.error().message.find(address) != std::string::npos);
    CHECK(met.error().message.find("start one") != std::string::npos);
  }
}
