#include "base/suggest.hpp"

#include <array>

#include <doctest/doctest.h>

TEST_SUITE("base/suggest") {
  TEST_CASE("a typing slip finds the name that was meant") {
    constexpr std::array<std::string_view, 3> known{"memory", "threads", "listen"};
    CHECK(rc::suggest("memry", known) == "memory");
    CHECK(rc::suggest("thread", known) == "threads");
  }

  TEST_CASE("a word that resembles nothing gets no suggestion") {
    constexpr std::array<std::string_view, 2> known{"memory", "threads"};
    CHECK(rc::suggest("xyzzy", known).empty());
  }
}
