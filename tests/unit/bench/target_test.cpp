#include "common/target.hpp"

#include <doctest/doctest.h>

using rc::bench::parse_target;

TEST_SUITE("bench/target") {
  TEST_CASE("a name and a process may be given") {
    const auto whole = parse_target("new=127.0.0.1:11211,77");
    REQUIRE(whole);
    CHECK(whole->name == "new");
    CHECK(whole->address == "127.0.0.1:11211");
    CHECK(whole->pid == 77);
    const auto bare = parse_target("/run/a.sock");
    REQUIRE(bare);
    CHECK(bare->name == "/run/a.sock");
    CHECK(bare->address == "/run/a.sock");
    CHECK(bare->pid == 0);
    CHECK(parse_target("[::1]:11211,5")->name == "[::1]:11211");
  }

  TEST_CASE("what is left empty, or no process, is refused") {
    for (const char* text : {"", "=a:1", "a=", "a=,5", "a:1,", "a:1,x", "a:1,0", "a:1,-3"}) {
      CAPTURE(text);
      CHECK(!parse_target(text));
    }
  }
}
