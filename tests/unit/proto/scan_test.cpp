#include "proto/scan.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  rc::proto::TokenCursor cursor(text);
  while (cursor.more()) tokens.emplace_back(cursor.next());
  return tokens;
}

}  // namespace

TEST_SUITE("proto/scan") {
  TEST_CASE("the vector scan agrees with the plain loop on any bytes at any offset") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 2000; ++round) {
      std::string text(random() % 100, 'x');
      for (char& c : text) {
        if (random() % 24 == 0) c = " \n\t\r\0\x8a\xa0"[random() % 7];
      }
      const char* end = text.data() + text.size();
      for (const char* at = text.data(); at <= end; ++at) {
        REQUIRE(rc::proto::find_separator(at, end) == rc::proto::find_separator_plain(at, end));
      }
    }
  }

  TEST_CASE("only spaces separate tokens, and a run of them separates once") {
    CHECK(tokens_of("a  bc d ") == std::vector<std::string>{"a", "bc", "d"});
    CHECK(tokens_of("a\tb") == std::vector<std::string>{"a\tb"});
    CHECK(tokens_of("   ").empty());
    CHECK(tokens_of("").empty());
  }

  TEST_CASE("the rest of a cursor begins behind the last token") {
    rc::proto::TokenCursor cursor("one two three");
    CHECK(cursor.next() == "one");
    CHECK(cursor.rest() == " two three");
  }
}
