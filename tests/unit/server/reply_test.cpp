#include "server/reply.hpp"

#include "peer.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using rc::server_test::Peer;
using rc::server_test::TestNode;

}  // namespace

TEST_SUITE("server/reply") {
  TEST_CASE("values around the border between copying and pinning arrive whole") {
    TestNode node;
    Peer peer(node);
    for (const std::size_t bytes :
         {0UL, 1UL, 4095UL, 4096UL, 4097UL, 32768UL, 70000UL, 1000000UL}) {
      CAPTURE(bytes);
      std::string value(bytes, 'v');
      for (std::size_t i = 0; i < bytes; i += 7) value[i] = static_cast<char>('a' + i % 26);
      const std::string length = std::to_string(bytes);
      REQUIRE(peer.talk("set k 3 0 " + length + "\r\n" + value + "\r\n") == "STORED\r\n");
      const std::string one = "VALUE k 3 " + length + "\r\n" + value + "\r\n";
      CHECK(peer.talk("get k\r\n") == one + "END\r\n");
      CHECK(peer.talk("get k none k none\r\n") == one + one + "END\r\n");
    }
  }

  TEST_CASE("a pinned value outlives its key, and is let go once it is sent") {
    TestNode node;
    Peer reader(node, rc::mib * 4);
    Peer writer(node);
    const std::string value(500'000, 'v');
    writer.talk("set k 0 0 500000\r\n" + value + "\r\n");
    reader.send("get k\r\n");
    for (int i = 0; i < 200; ++i) {
      writer.talk("set k 0 0 500000\r\n" + std::string(500'000, 'w') + "\r\n");
    }
    writer.talk("delete k\r\n");
    CHECK(node.node().store().figures().pinned_dead_bytes > 500'000);
    CHECK(reader.replies() == "VALUE k 0 500000\r\n" + value + "\r\nEND\r\n");
    writer.talk("get none\r\n");
    CHECK(node.node().store().figures().pinned_dead_bytes == 0);
  }
}
