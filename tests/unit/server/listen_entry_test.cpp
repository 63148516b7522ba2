#include "server/listen_entry.hpp"

#include "peer.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

using rc::server::parse_listen_entry;
using rc::server::Protocol;
using rc::server_test::Peer;
using rc::server_test::TestNode;

std::string complaint(std::string_view text) {
  const auto entry = parse_listen_entry(text);
  REQUIRE_FALSE(entry.ok());
  return entry.error().message;
}

}  // namespace

TEST_SUITE("server/listen_entry") {
  TEST_CASE("an entry without a prefix is an address and nothing else") {
    for (const std::string_view text : {"127.0.0.1", "[::1]:11212", "*", "protocol.example:1"}) {
      auto entry = parse_listen_entry(text);
      REQUIRE(entry.ok());
      CHECK(entry.value().address == text);
      CHECK_FALSE(entry.value().protocol);
    }
  }

  TEST_CASE("prefixes come off in any order, and the protocol is kept") {
    const auto check = [](std::string_view text, std::string_view address, Protocol protocol) {
      CAPTURE(text);
      auto entry = parse_listen_entry(text);
      REQUIRE(entry.ok());
      CHECK(entry.value().address == address);
      CHECK(entry.value().protocol == protocol);
    };
    check("proto[ascii]:127.0.0.1:11211", "127.0.0.1:11211", Protocol::ascii);
    check("proto[binary]:[::1]:11211", "[::1]:11211", Protocol::binary);
    check("proto[negotiating]:*", "*", Protocol::any);
    check("tag[front]:proto[ascii]:*:1", "*:1", Protocol::ascii);
    check("proto[binary]:notls:tag[b]:::1", "::1", Protocol::binary);
  }

  TEST_CASE("what is wrong in front of an address is told with the whole entry") {
    const std::string expected = "expected proto[ascii]:, proto[binary]: or proto[negotiating]:";
    for (const std::string text :
         {"proto[", "proto[ascii", "proto[ascii]127.0.0.1", "proto[text]:127.0.0.1", "proto[]:*"}) {
      CHECK(complaint(text) == "listen address '" + text + "': " + expected);
    }
    CHECK(complaint("tag[x:1").find("expected tag[NAME]:") != std::string::npos);
    CHECK(complaint("mtls:*").find("TLS is not served") != std::string::npos);
    CHECK(complaint("proto[ascii]:").find("the address is missing") != std::string::npos);
  }

  TEST_CASE("a connection speaks what its listener allows, and elsewhere what the node does") {
    // `version` in binary, and with a line end a line of text that is no command.
    std::string version("\x80\x0b", 2);
    version.resize(24);
    TestNode node;
    node.node().restrict("127.0.0.1:1", Protocol::ascii);
    node.node().restrict("127.0.0.1:2", Protocol::binary);
    Peer ascii(node, Peer::output_limit, "127.0.0.1:1");
    CHECK(ascii.talk("mn\r\n") == "MN\r\n");
    Peer misled(node, Peer::output_limit, "127.0.0.1:1");
    CHECK(misled.talk(version + "\r\n") == "ERROR\r\n");
    Peer binary(node, Peer::output_limit, "127.0.0.1:2");
    CHECK(binary.talk(version).size() > 24);
    Peer refused(node, Peer::output_limit, "127.0.0.1:2");
    CHECK(refused.talk("mn\r\n").empty());
    CHECK(refused.closed());
    Peer any(node);
    CHECK(any.talk(version).size() > 24);
  }
}
