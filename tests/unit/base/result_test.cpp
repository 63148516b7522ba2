#include "base/result.hpp"

#include <cerrno>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace {

rc::Result<int> half(int number) {
  if (number % 2 != 0) return rc::Error{0, std::to_string(number) + " is odd"};
  return number / 2;
}

}  // namespace

TEST_SUITE("base/result") {
  TEST_CASE("a result is a value or an error") {
    CHECK(half(8).ok());
    CHECK(half(8).value() == 4);
    CHECK_FALSE(half(7).ok());
    CHECK(half(7).error().message == "7 is odd");
    CHECK(static_cast<bool>(half(8)));
  }

  TEST_CASE("a value that cannot be copied moves out") {
    rc::Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    const std::unique_ptr<int> owned = std::move(result).value();
    CHECK(*owned == 7);
  }

  TEST_CASE("a value may be changed in place") {
    rc::Result<std::string> result(std::string("a"));
    result.value() += "b";
    CHECK(result.value() == "ab");
  }

  TEST_CASE("the error of a system call says what failed and why") {
    const rc::Error error = rc::system_error(EADDRINUSE, "listen 127.0.0.1:11211");
    CHECK(error.number == EADDRINUSE);
    CHECK(error.message == "listen 127.0.0.1:11211: Address already in use");
  }
}
