#include "proto/key_guess.hpp"

#include "binary_frame.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::proto::KeyGuess;
using rc::proto_test::Frame;

std::vector<std::string> guesses(std::string_view input) {
  std::vector<std::string> keys;
  for (KeyGuess guess(input); !guess.rest().empty();) keys.emplace_back(guess.next());
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_SUITE("proto/key_guess") {
  TEST_CASE("a text request's key is its second word") {
    CHECK(guesses("get one two\r\n") == Keys{"one"});
    CHECK(guesses("mg one v\r\n") == Keys{"one"});
    CHECK(guesses("delete one\r\n") == Keys{"one"});
    CHECK(guesses("incr one") == Keys{"one"});
    CHECK(guesses("version\r\n") == Keys{""});
  }

  TEST_CASE("behind a value comes the next key") {
    CHECK(
        guesses("set one 0 0 3\r\nget\r\nadd two 1 9 0 noreply\r\n\r\ncas six 0 0 1 7\r\nx\r\n") ==
        Keys{"one", "two", "six"}
    );
    CHECK(guesses("ms one 2 T9\r\nhi\r\nms two 0\r\n\r\nget six\r\n") == Keys{"one", "two", "six"});
    const std::string set =
        Frame{.opcode = 1, .extras = "12345678", .key = "one", .value = "v"}.bytes();
    CHECK(guesses(set + Frame{.key = "two"}.bytes() + "?") == Keys{"one", "two", ""});
  }

  TEST_CASE("what is cut off or no request ends it") {
    CHECK(guesses("set one 0 0 3") == Keys{"one"});
    CHECK(guesses("set one 0 0 3\r\nab") == Keys{"one"});
    CHECK(guesses("set one 0 0 x\r\nget two\r\n") == Keys{"one"});
    CHECK(guesses(std::string(3000, 'x')) == Keys{""});
    CHECK(guesses("get " + std::string(3000, 'x')).front().size() == rc::proto::key_bytes_max);
  }

  TEST_CASE("any bytes give parts of themselves, and an end") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::string good =
        "set one 0 0 3\r\nabc\r\nms two 1 b\r\nx\r\n" + Frame{.key = "six"}.bytes();
    for (int round = 0; round < 5000; ++round) {
      std::string input = good.substr(random() % good.size());
      for (int changes = 0; changes < 3; ++changes) {
        input[random() % input.size()] = static_cast<char>(random());
      }
      for (KeyGuess guess(input); !guess.rest().empty();) {
        const std::size_t before = guess.rest().size();
        const std::string_view key = guess.next();
        REQUIRE(guess.rest().size() < before);
        REQUIRE(
            (key.empty() ||
             (key.data() >= input.data() && key.data() + key.size() <= input.data() + input.size()))
        );
      }
    }
  }
}
