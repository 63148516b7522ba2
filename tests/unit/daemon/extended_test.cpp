#include "daemon/extended.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using rc::daemon::CommandLine;

std::string error_of(std::string_view word) {
  CommandLine line;
  const auto applied = rc::daemon::apply_extended(word, line);
  REQUIRE_FALSE(applied.ok());
  return applied.error().message;
}

}  // namespace

TEST_SUITE("daemon/extended") {
  TEST_CASE("idle_timeout acts") {
    CommandLine line;
    REQUIRE(rc::daemon::apply_extended("idle_timeout=60", line).ok());
    CHECK(line.settings.idle_timeout_s == 60);
    CHECK(line.notices.empty());
  }

  TEST_CASE("watcher_logbuf_size acts, in KiB and within bounds") {
    CommandLine line;
    REQUIRE(rc::daemon::apply_extended("watcher_logbuf_size=512", line).ok());
    CHECK(line.settings.watcher_buffer_bytes == 512 * 1024);
    REQUIRE(rc::daemon::apply_extended("watcher_logbuf_size=4294967295", line).ok());
    CHECK(line.settings.watcher_buffer_bytes == 64 * 1024 * 1024);
    CHECK(line.notices.empty());
  }

  TEST_CASE("track_sizes acts") {
    CommandLine line;
    CHECK_FALSE(line.settings.track_sizes);
    REQUIRE(rc::daemon::apply_extended("track_sizes", line).ok());
    CHECK(line.settings.track_sizes);
    CHECK(line.notices.empty());
  }

  TEST_CASE("what is done anyway needs no notice, and what has no effect gets one") {
    CommandLine line;
    for (const auto* word : {"modern", "maxconns_fast", "lru_crawler", "slab_reassign"}) {
      CHECK(rc::daemon::apply_extended(word, line).ok());
    }
    CHECK(line.notices.empty());
    for (const auto* word :
         {"hashpower=20",
          "hot_lru_pct=30",
          "slab_automove",
          "slab_automove=2",
          "no_lru_crawler",
          "hot_max_factor=0.2",
          "slab_sizes=100-200",
          "ext_path=/x:1G"}) {
      CHECK(rc::daemon::apply_extended(word, line).ok());
    }
    CHECK(line.notices.size() == 8);
    CHECK(line.notices[0] == "`-o hashpower` has no effect here");
  }

  TEST_CASE("a wrong value or name is named") {
    CHECK(error_of("idle_timeout") == "`-o idle_timeout`: needs a number");
    CHECK(error_of("idle_timeout=") == "`-o idle_timeout=`: needs a number");
    CHECK(error_of("idle_timeout=soon") == "`-o idle_timeout=soon`: needs a number");
    CHECK(error_of("hot_max_factor=x").find("needs a number such as") != std::string::npos);
    CHECK(error_of("modern=1") == "`-o modern=1`: takes no value");
    CHECK(
        error_of("idle_timout=3") ==
        "unknown extended option `-o idle_timout`; did you mean `-o idle_timeout`?"
    );
    CHECK(error_of("proxy_config=x.lua").find("no proxy") != std::string::npos);
  }
}
