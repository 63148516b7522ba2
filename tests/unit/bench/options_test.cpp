#include "ringbench/options.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;

namespace {

CommandLine read(std::vector<const char*> words) {
  words.insert(words.begin(), "ringbench");
  return read_command_line(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_SUITE("bench/options") {
  TEST_CASE("nothing at all is an honest default") {
    const CommandLine line = read({});
    REQUIRE(line.options);
    CHECK(line.options->targets.at(0).address == "127.0.0.1:11211");
    CHECK(line.options->get_share == 0.9);
    CHECK(line.options->length_ns == 30'000'000'000);
    CHECK(line.options->fills);
    CHECK(line.options->command_line == "ringbench");
  }

  TEST_CASE("what is given is taken") {
    const CommandLine line = read(
        {"/run/cache",
         "-c",
         "50",
         "--depth",
         "16",
         "-r",
         "1:3",
         "-t",
         "500ms",
         "--no-fill",
         "-p",
         "zipf:1.1",
         "-s",
         "1-9"}
    );
    REQUIRE(line.options);
    CHECK(line.options->targets.at(0).address == "/run/cache");
    CHECK(line.options->connections == 50);
    CHECK(line.options->depth == 16);
    CHECK(line.options->get_share == 0.25);
    CHECK(line.options->length_ns == 500'000'000);
    CHECK(!line.options->fills);
    CHECK(line.options->popularity == "zipf:1.1");
    CHECK(line.options->value_sizes == "1-9");
  }

  TEST_CASE("a trace is read through from an empty cache to its end, unless a time is given") {
    const CommandLine whole = read({"--trace", "t.bin"});
    REQUIRE(whole.options);
    CHECK(whole.options->reads_through);
    CHECK(!whole.options->fills);
    CHECK(whole.options->warm_up_ns == 0);
    CHECK(whole.options->length_ns == ~std::uint64_t{0});
    CHECK(read({"--trace", "t.bin", "-t", "5s"}).options->length_ns == 5'000'000'000);
  }

  TEST_CASE("a number of requests needs no time") {
    CHECK(read({"-n", "100"}).options->length_ns == ~std::uint64_t{0});
    CHECK(read({"-n", "100"}).options->requests == 100);
  }

  TEST_CASE("an open loop, and the search for its rate") {
    const CommandLine open = read({"--rate", "5e4", "--arrivals", "constant"});
    REQUIRE(open.options);
    CHECK(open.options->rate == 50'000.0);
    CHECK(open.options->arrivals == Arrivals::constant);
    const CommandLine search = read({"--search", "p99.9=250us"});
    REQUIRE(search.options);
    CHECK(search.options->goal->share == doctest::Approx(0.999));
    CHECK(search.options->goal->ns == 250'000);
    CHECK(search.options->length_ns == 5'000'000'000);
    CHECK(text_of(*search.options->goal) == "p99.9 = 250 us");
    for (const char* wrong :
         {"", "99=1ms", "p=1ms", "p0=1ms", "p100=1ms", "p99=", "p99=0", "p99x=1"}) {
      CHECK(!parse_goal(wrong));
    }
  }

  TEST_CASE("a comparison names its servers") {
    const CommandLine line = read(
        {"compare",
         "mc=127.0.0.1:1,77",
         "127.0.0.1:2",
         "new=/run/a.sock",
         "--rounds",
         "9",
         "--slice",
         "50ms",
         "-d",
         "16"}
    );
    REQUIRE(line.options);
    const Options& options = *line.options;
    CHECK(options.compares);
    REQUIRE(options.targets.size() == 3);
    CHECK(options.targets[0].name == "mc");
    CHECK(options.targets[0].address == "127.0.0.1:1");
    CHECK(options.targets[0].pid == 77);
    CHECK(options.targets[1].name == "127.0.0.1:2");
    CHECK(options.targets[1].pid == 0);
    CHECK(options.targets[2].address == "/run/a.sock");
    CHECK(options.rounds == 9);
    CHECK(options.slice_ns == 50'000'000);
    CHECK(options.depth == 16);
    CHECK(options.command_line.starts_with("ringbench compare mc="));
  }

  TEST_CASE("the form of the result") {
    CHECK(read({}).options->format == Format::table);
    CHECK(read({"--json"}).options->format == Format::json);
    CHECK(read({"--csv", "--html", "page.html"}).options->format == Format::csv);
    CHECK(read({"--html", "page.html"}).options->html == "page.html");
  }

  TEST_CASE("help and version go to standard output with status 0") {
    const CommandLine help = read({"--help"});
    CHECK(!help.options);
    CHECK(help.status == 0);
    CHECK(help.text.find("--connections") != std::string::npos);
    CHECK(read({"--version"}).text.starts_with("ringbench "));
  }

  TEST_CASE("a wrong line has status 2 and names what is wrong") {
    const std::vector<std::pair<std::vector<const char*>, const char*>> lines = {
        {{"--nonsense"}, "--nonsense"},
        {{"--depth", "0"}, "--depth: must be more than 0"},
        {{"--depth", "x"}, "--depth"},
        {{"--keys", "0"}, "--keys: must be more"},
        {{"--ratio", "9"}, "--ratio `9`"},
        {{"--ratio", "0:0"}, "--ratio `0:0`"},
        {{"--time", "5 parsecs"}, "--time `5 parsecs`"},
        {{"--time", "0"}, "--time: must be more"},
        {{"--threads", "4", "-c", "3"}, "--connections 3"},
        {{"--trace", "t", "--keys", "5"}, "--keys"},
        {{"--rate", "0"}, "--rate"},
        {{"--rate", "5", "--search", "p99=1ms"}, "--search"},
        {{"--search", "p99"}, "--search `p99`"},
        {{"--search", "p99=1ms", "-n", "5"}, "--search"},
        {{"--arrivals", "constant"}, "--arrivals"},
        {{"--rate", "5", "--arrivals", "steady"}, "--arrivals `steady`"},
        {{"--json", "--csv"}, "--csv"},
        {{"--key-prefix", "a b"}, "--key-prefix `a b`"},
        {{"one:1", "two:2"}, "two:2"},
        {{"--rounds", "5"}, "--rounds"},
        {{"compare", "one:1"}, "servers"},
        {{"compare", "one:1", "=two:2"}, "`=two:2`"},
        {{"compare", "one:1", "two:2,x"}, "`two:2,x`"},
        {{"compare", "one:1", "two:2", "--time", "5s"}, "--time"},
        {{"compare", "one:1", "two:2", "-n", "5"}, "--requests"},
        {{"compare", "one:1", "two:2", "--trace", "t", "--rounds", "5"}, "--rounds"},
        {{"compare", "one:1", "two:2", "--slice", "0"}, "--slice: must be more"},
        {{"compare", "one:1", "two:2", "--rounds", "0"}, "--rounds: must be more"},
    };
    for (const auto& each : lines) {
      const char* named = each.second;
      CAPTURE(named);
      const CommandLine line = read(each.first);
      CHECK(!line.options);
      CHECK(line.status == 2);
      CHECK(line.text.starts_with("ringbench: error: "));
      CHECK(line.text.find(named) != std::string::npos);
    }
  }
}
