#include "common/stand_in.hpp"

#include <string>

#include <doctest/doctest.h>

using rc::bench::append_value;
using rc::bench::is_value_of;

namespace {

std::string value_of(std::uint64_t object, std::size_t size) {
  std::string value;
  append_value(value, object, size);
  return value;
}

}  // namespace

TEST_SUITE("bench/stand_in") {
  TEST_CASE("an object's value is recognised at every size") {
    for (std::size_t size = 0; size < 40; ++size) {
      CAPTURE(size);
      CHECK(value_of(5, size).size() == size);
      CHECK(is_value_of(value_of(5, size), 5));
    }
  }

  TEST_CASE("a value is appended after what is there") {
    std::string request = "head";
    append_value(request, 5, 11);
    CHECK(request == "head" + value_of(5, 11));
  }

  TEST_CASE("one wrong byte anywhere is noticed") {
    const std::string right = value_of(9, 29);
    for (std::size_t at = 0; at < right.size(); ++at) {
      CAPTURE(at);
      std::string wrong = right;
      wrong[at] = static_cast<char>(wrong[at] ^ 1);
      CHECK_FALSE(is_value_of(wrong, 9));
    }
  }

  TEST_CASE("a neighbour's value and a cut or shifted value are wrong") {
    CHECK_FALSE(is_value_of(value_of(10, 16), 9));
    CHECK_FALSE(is_value_of(value_of(9, 16).substr(0, 8), 9));
    CHECK_FALSE(is_value_of(value_of(9, 16).substr(8), 9));
    CHECK_FALSE(is_value_of(value_of(9, 16) + '\0', 9));
  }

  TEST_CASE("an object that grew has another value, and both are its own") {
    CHECK(is_value_of(value_of(9, 16), 9));
    CHECK(is_value_of(value_of(9, 24), 9));
    CHECK(value_of(9, 24).substr(0, 16) != value_of(9, 16));
  }
}
