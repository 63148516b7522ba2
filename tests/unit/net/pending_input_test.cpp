#include "net/pending_input.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("pending input is a queue of bytes") {
    std::mt19937_64 random(11);
    PendingInput input;
    std::string expected;
    for (int step = 0; step < 20'000; ++step) {
      if (random() % 2 == 0) {
        const std::string bytes(random() % 300, static_cast<char>('a' + random() % 26));
        input.append(bytes);
        expected += bytes;
      } else {
        const std::size_t bytes = random() % (std::min<std::size_t>(expected.size(), 400) + 1);
        input.remove_prefix(bytes);
        expected.erase(0, bytes);
      }
      REQUIRE(input.view() == expected);
    }
  }

  TEST_CASE("empty pending input holds no memory") {
    PendingInput input;
    input.append("");
    CHECK(input.capacity() == 0);
    input.append("abc");
    CHECK(input.capacity() >= 3);
    input.remove_prefix(3);
    CHECK(input.capacity() == 0);
  }
}

}  // namespace
}  // namespace rc::net
