#include "base/bytes.hpp"

#include <doctest/doctest.h>

TEST_SUITE("base/bytes") {
  TEST_CASE("a plain number counts in the unit the caller names") {
    CHECK(rc::parse_size("64", rc::mib) == 64 * rc::mib);
    CHECK(rc::parse_size("64") == 64);
  }

  TEST_CASE("suffixes are binary, in any case, with or without iB") {
    CHECK(rc::parse_size("512k", rc::mib) == 512 * rc::kib);
    CHECK(rc::parse_size("1G") == rc::gib);
    CHECK(rc::parse_size("3MiB") == 3 * rc::mib);
    CHECK(rc::parse_size("7mb") == 7 * rc::mib);
  }

  TEST_CASE("what is no size is refused") {
    for (const char* text : {"", "m", "-1", "12xb", "1.5g", " 1", "1 m", "99999999999g"}) {
      CAPTURE(text);
      CHECK_FALSE(rc::parse_size(text));
    }
  }

  TEST_CASE("sizes print with the largest fitting unit") {
    CHECK(rc::format_size(300) == "300 B");
    CHECK(rc::format_size(1536) == "1.5 KiB");
    CHECK(rc::format_size(64 * rc::mib) == "64 MiB");
    CHECK(rc::format_size(2 * rc::gib) == "2 GiB");
  }
}
