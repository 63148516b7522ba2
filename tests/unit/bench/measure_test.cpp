#include "ringbench/measure.hpp"

#include "ringbench/machine.hpp"
#include "ringbench/search.hpp"
#include "ringbench/server_process.hpp"
#include "scripted_server.hpp"

#include <map>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;
using rc::bench::testing::answer_classic;
using rc::bench::testing::ScriptedServer;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

// Ten seconds with a client that is idle and a server, this process, that is full.
Measurement long_run() {
  Measurement measurement;
  measurement.server.process = ServerProcess(getpid());
  measurement.record.wall_ns = 10 * second;
  measurement.record.client_busiest_ns = 3 * second;
  measurement.record.gets = 1'000'000;
  measurement.server_use = {.all_ns = 9 * second, .busiest_ns = 9 * second};
  return measurement;
}

using Values = std::map<std::string, std::string>;

std::string answer(std::string& input, Values& values) {
  if (input != "version\r\n") return answer_classic(input, values);
  input.clear();
  return "VERSION 1.2.3\r\n";
}

Options small_load(const ScriptedServer& server) {
  Options options;
  options.targets = {{.name = server.address(), .address = server.address()}};
  options.keys = 100;
  options.requests = 1000;
  options.warm_up_ns = 0;
  return options;
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
    CHECK(warnings_about(long_run()).empty());
  }

  TEST_CASE("a full client is the bottleneck, unless the server is full as well") {
    Measurement run = long_run();
    run.record.client_busiest_ns = 95 * second / 10;
    CHECK(!mentions(warnings_about(run), "bottleneck"));
    run.server_use = {.all_ns = 12 * second, .busiest_ns = 6 * second};
    CHECK(mentions(warnings_about(run), "bottleneck"));
    run.server.process = ServerProcess(0);
    CHECK(mentions(warnings_about(run), "is not known"));
  }

  TEST_CASE("a short run and few requests are told") {
    Measurement run = long_run();
    run.record.wall_ns = second;
    run.record.gets = 99'999;
    const auto warnings = warnings_about(run);
    CHECK(mentions(warnings, "is short"));
    CHECK(mentions(warnings, "p99.99 of 99,999 requests"));
  }

  TEST_CASE("a rate that was not reached is told") {
    Measurement run = long_run();
    run.record.unsent = 20'000;
    CHECK(warnings_about(run).empty());
    run.rate = 102'000;
    CHECK(mentions(warnings_about(run), "20,000 requests were due and not sent"));
    run.record.unsent = 5'000;
    CHECK(warnings_about(run).empty());
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
    Values values;
    ScriptedServer server([&](std::string& input) { return answer(input, values); });
    Options options = small_load(server);
    options.warm_up_ns = 1'000'000;
    options.threads = 2;
    auto load = Load::make(options);
    REQUIRE(load);
    auto session = Session::open(options, *load.value());
    REQUIRE(session);
    auto measured = measure(*session.value(), std::nullopt);
    REQUIRE(measured);
    const Measurement& measurement = measured.value();
    CHECK(measurement.is_right());
    CHECK(measurement.warnings.size() == 2);  // Short, and few requests.
    CHECK(measurement.server.version == "1.2.3");
    CHECK(values.size() == 100);
    CHECK(measurement.record.requests() == 1000);
    CHECK(measurement.record.misses == 0);
    CHECK(measurement.record.hits == measurement.record.gets);
  }

  TEST_CASE("keys that do not stay are a warning, and refused ones an error") {
    Values values;
    bool refuses = false;
    ScriptedServer server([&](std::string& input) {
      std::string answers = answer(input, values);
      values.erase("k000000000000003");
      const std::size_t stored = refuses ? answers.find("STORED") : std::string::npos;
      if (stored != std::string::npos) answers.replace(stored, 6, "SERVER_ERROR out of memory");
      return answers;
    });
    const Options options = small_load(server);
    auto load = Load::make(options);
    REQUIRE(load);
    auto session = Session::open(options, *load.value());
    REQUIRE(session);
    CHECK(mentions(session.value()->warnings(), "1 of 100 keys did not stay"));
    refuses = true;
    session = Session::open(options, *load.value());
    REQUIRE(!session);
    CHECK(session.error().message.find("SERVER_ERROR out of memory") != std::string::npos);
  }

  TEST_CASE("refused sets are a warning where a load reads through, and else an error") {
    Measurement run = long_run();
    run.record.refused = 2;
    run.record.first_problem = "SERVER_ERROR too large";
    CHECK(!run.is_right());
    run.options.reads_through = true;
    CHECK(run.is_right());
    CHECK(mentions(warnings_about(run), "2 sets were refused; the first: SERVER_ERROR too large"));
    run.record.wrong_values = 1;
    CHECK(!run.is_right());
  }

  TEST_CASE("a goal is held by latency, pace and right answers together") {
    Measurement run = long_run();
    run.rate = 1000;
    for (std::uint64_t ms = 1; ms <= 100; ++ms) run.record.get_ns.add(ms * 1'000'000);
    CHECK(holds(run, {.share = 0.5, .ns = 51'000'000}));
    CHECK(!holds(run, {.share = 0.6, .ns = 51'000'000}));
    run.record.unsent = 20'000;
    CHECK(!holds(run, {.share = 0.5, .ns = 51'000'000}));
    run.record.unsent = 0;
    run.record.errors = 1;
    CHECK(!holds(run, {.share = 0.5, .ns = 51'000'000}));
  }

  TEST_CASE("a server that is not there: what to do is said") {
    std::string address;
    {
      address = ScriptedServer([](std::string&) { return std::string(); }).address();
    }
    const auto met = meet({.name = address, .address = address}, *make_protocol("classic", "k", 0));
    REQUIRE(!met);
    CHECK(met.error().message.find(address) != std::string::npos);
    CHECK(met.error().message.find("start one") != std::string::npos);
  }
}
