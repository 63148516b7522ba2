#include "base/numbers.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include <doctest/doctest.h>

TEST_SUITE("base/numbers") {
  TEST_CASE("the whole text must be the number") {
    CHECK(rc::parse_number<std::uint32_t>("4294967295") == 4294967295U);
    for (const char* text : {"", "-1", "+1", "1 ", " 1", "1a", "4294967296"}) {
      CAPTURE(text);
      CHECK_FALSE(rc::parse_number<std::uint32_t>(text));
    }
  }

  TEST_CASE("signed numbers keep their sign") {
    CHECK(rc::parse_number<std::int64_t>("-1") == -1);
    CHECK_FALSE(rc::parse_number<std::int64_t>("--1"));
  }

  TEST_CASE("the longest number fits number_text_max") {
    std::array<char, rc::number_text_max> text{};
    const char* end = rc::write_number(text.data(), std::numeric_limits<std::uint64_t>::max());
    CHECK(
        std::string_view(text.data(), static_cast<std::size_t>(end - text.data())) ==
        "18446744073709551615"
    );
  }
}
