#include "net/address.hpp"

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("addresses are read as people write them") {
    struct Row {
      const char* typed;
      const char* meant;
    };
    const Row rows[] = {
        {"127.0.0.1", "127.0.0.1:11311"},
        {"127.0.0.1:80", "127.0.0.1:80"},
        {"[::1]", "[::1]:11311"},
        {"[::1]:80", "[::1]:80"},
        {"::1", "[::1]:11311"},
        {"/run/socket", "/run/socket"},
        {"./socket", "./socket"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.typed);
      auto addresses = resolve(row.typed, 11311);
      REQUIRE(addresses.ok());
      REQUIRE(addresses.value().size() == 1);
      CHECK(addresses.value()[0].text == row.meant);
    }
  }

  TEST_CASE("a star is every address of IPv4 and IPv6") {
    auto addresses = resolve("*:80", 11311);
    REQUIRE(addresses.ok());
    bool has_v4 = false;
    bool has_v6 = false;
    for (const Address& address : addresses.value()) {
      has_v4 = has_v4 || address.text == "0.0.0.0:80";
      has_v6 = has_v6 || address.text == "[::]:80";
    }
    CHECK(has_v4);
    CHECK(has_v6);
  }

  TEST_CASE("a name is looked up") {
    auto addresses = resolve("localhost:80", 11311);
    REQUIRE(addresses.ok());
    CHECK(addresses.value()[0].text.ends_with(":80"));
  }

  TEST_CASE("an address that cannot be read says what is wrong with it") {
    const char* wrong[] = {
        "", ":80", "[::1", "[::1]80", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:"};
    for (const char* text : wrong) {
      CAPTURE(text);
      const auto addresses = resolve(text, 11311);
      REQUIRE_FALSE(addresses.ok());
      CHECK(addresses.error().message.find(text) != std::string::npos);
    }
  }

  TEST_CASE("a socket path that does not fit is an error") {
    CHECK_FALSE(unix_address(std::string(200, 'x')).ok());
    CHECK_FALSE(unix_address("").ok());
    CHECK(unix_address(std::string(107, 'x')).ok());
  }
}

}  // namespace
}  // namespace rc::net
