#include "common/keys.hpp"

#include <string>

#include <doctest/doctest.h>

using rc::bench::append_key;

TEST_SUITE("bench/keys") {
  TEST_CASE("a key is its prefix and fifteen digits, appended") {
    std::string out = "get ";
    append_key(out, "k", 1234567);
    CHECK(out == "get k000000001234567");
    append_key(out, "k", 0);
    CHECK(out.ends_with("k000000000000000"));
    append_key(out, "", 999'999'999'999'999);
    CHECK(out.ends_with("k000000000000000999999999999999"));
  }
}
