#include "ringbench/report.hpp"

#include "ringbench/json.hpp"
#include "ringbench/plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include <doctest/doctest.h>

using namespace rc::bench;

namespace {

Measurement small_run() {
  Measurement run;
  run.options.command_line = "ringbench <here> & \"there\"";
  run.server = {.name = "here", .address = "here:1", .version = "</script>"};
  run.record.gets = 3;
  run.record.hits = 2;
  run.record.misses = 1;
  run.record.wall_ns = 1'000'000'000;
  for (const std::uint64_t us : {10U, 20U, 30U}) run.record.get_ns.add(us * 1000);
  run.seconds = {{.requests = 3, .server_cpu_ns = 5}};
  run.warnings = {"short"};
  return run;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_SUITE("bench/report") {
  TEST_CASE("json: nesting, commas, escapes and numbers that are none") {
    Json json;
    json.begin_object();
    json.add("text", "a\"b\\c\n<\x01");
    json.add("count", std::uint64_t{18'446'744'073'709'551'615U});
    json.add("real", 0.25);
    json.add("nothing", std::nan(""));
    json.add("infinite", std::numeric_limits<double>::infinity());
    json.add("yes", true);
    json.begin_array("empty");
    json.end_array();
    json.begin_array("list");
    json.add("", 1.0);
    json.begin_object();
    json.end_object();
    json.add("", "x");
    json.end_array();
    json.end_object();
    CHECK(
        json.text() ==
        R"({"text": "a\"b\\c\u000a\u003c\u0001", "count": 18446744073709551615, "real": 0.25, )"
        R"("nothing": null, "infinite": null, "yes": true, "empty": [], "list": [1, {}, "x"]})"
    );
  }

  TEST_CASE("axes begin at 0, reach what they show, and have round ticks") {
    for (const double largest : {0.0, 0.7, 1.0, 3.0, 42.0, 99.0, 123'456.0}) {
      CAPTURE(largest);
      const Axis axis = linear_axis("x", largest);
      CHECK(axis.from == 0);
      CHECK(axis.to >= largest);
      CHECK(axis.ticks.size() >= 4);
      CHECK(axis.ticks.size() <= 12);
    }
    const Axis log = log_axis("ms", 0.02, 35);
    CHECK(log.from == -2);
    CHECK(log.to == 2);
    CHECK(log.ticks.front().text == "0.01");
    CHECK(log.ticks.back().text == "100");
  }

  TEST_CASE("a curve's points lie where they belong, and names are escaped") {
    const std::string plot = plot_curves(
        "a < b",
        {.name = "x", .from = 0, .to = 10, .ticks = {}},
        {.name = "y", .from = 0, .to = 1, .ticks = {}},
        {{.name = "c & d", .points = {{0, 0}, {10, 1}}}}
    );
    CHECK(has(plot, "points=\"90.0,255.0 840.0,40.0 \""));
    CHECK(has(plot, "a &lt; b"));
    CHECK(has(plot, "c &amp; d"));
  }

  TEST_CASE("a run as JSON and CSV") {
    const std::string json = json_of(small_run());
    CHECK(has(json, R"("gets": 3)"));
    CHECK(has(json, R"("hit_ratio": 0.6666666667)"));
    CHECK(has(json, R"("server_cpu_us_per_request": null)"));
    CHECK(has(json, R"("each_second": [{"requests": 3, "server_cpu_seconds": 5e-09}])"));
    CHECK(has(json, R"("warnings": ["short"])"));
    const std::string csv = csv_of(small_run());
    CHECK(lines(csv) == 4);
    CHECK(has(csv, "\ngets,3,3.0,20.000,20."));
  }

  TEST_CASE("a page holds the data, refers to nothing, and cannot be ended by a name") {
    const std::string page = html_of(small_run());
    CHECK(has(page, "ringbench &lt;here&gt; &amp; &quot;there&quot;"));
    CHECK(has(page, R"("gets": 3)"));
    CHECK(has(page, "Throughput over time"));
    CHECK(has(page, "Latency by percentile"));
    for (const char* reference : {"http", "src=", "href=", "url(", "@import"}) {
      CHECK(!has(page, reference));
    }
    CHECK(page.find("</script>") == page.rfind("</script>"));
  }

  TEST_CASE("a comparison: every round of every server, and ratios") {
    Comparison comparison;
    comparison.contestants.resize(2);
    comparison.contestants[0].server.name = "old, slow";
    comparison.contestants[1].server.name = "new";
    for (int round = 0; round < 3; ++round) {
      comparison.contestants[0].slices.push_back({.rate = 100, .server_cpu_us = 8});
      comparison.contestants[1].slices.push_back({.rate = 150, .server_cpu_us = 4});
    }
    const std::string csv = csv_of(comparison);
    CHECK(lines(csv) == 7);
    CHECK(has(csv, "\n\"old, slow\",3,100.0000,8.0000,"));
    const std::string json = json_of(comparison);
    CHECK(
        has(json,
            R"("server_cpu_us_per_key": {"value": {"median": 4, "low": 4, "high": 4}, )"
            R"("ratio": {"median": 0.5, "low": 0.5, "high": 0.5}, "rounds": [4, 4, 4]})")
    );
    CHECK(has(html_of(comparison), "new / old, slow: median ratio"));
  }

  TEST_CASE("a search: all trials, and the best rate or none") {
    SearchResult result;
    result.trials.push_back(small_run());
    result.trials.back().rate = 1000;
    result.trials.back().options.goal = LatencyGoal{.share = 0.99, .ns = 1'000'000};
    CHECK(has(json_of(result), R"("best_rate": null)"));
    result.best = 0;
    CHECK(has(json_of(result), R"("best_rate": 1000)"));
    CHECK(has(json_of(result), R"("goal": "p99 = 1 ms")"));
    CHECK(has(csv_of(result), "\n1000.0,3.0,1,"));
    CHECK(has(html_of(result), R"("best_rate": 1000)"));
  }
}
