// A sink that has something to say unasked is called again although nobody sends anything, and is
// told why its connections end.
#include "kernel_server.hpp"

#include <string>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("a connection that waits is called again without a byte from its peer") {
    KernelServer server({});
    const Client client = Client::tcp(server.port());
    CHECK(client.send("tick\n"));
    CHECK(client.receive(20) == "tick\ntock\ntock\ntock\n");
    // And then it is a connection like any other.
    CHECK(client.send("ping\n"));
    CHECK(client.receive(5) == "ping\n");
  }

  TEST_CASE("peers that leave while they are waited for are forgotten") {
    KernelServer server({});
    for (int i = 0; i < 20; ++i) {
      const Client client = Client::tcp(server.port());
      CHECK(client.send("tick\n"));
      CHECK(client.receive(5) == "tick\n");
    }
    const Client last = Client::tcp(server.port());
    CHECK(last.send("tick\n"));
    CHECK(last.receive(20) == "tick\ntock\ntock\ntock\n");
    server.stop(Stop::drain);
    CHECK(server.sink().sessions.empty());
  }

  TEST_CASE("the sink is told why a connection ends") {
    KernelServer server({});
    {
      const Client leaves = Client::tcp(server.port());
      CHECK(leaves.send("ping\n"));
      CHECK(leaves.receive(5) == "ping\n");
    }
    const Client bored = Client::tcp(server.port());
    CHECK(bored.send("bored\n"));
    CHECK(bored.receive(6) == "bored\n");
    CHECK(bored.is_closed_by_peer());
    const Client stays = Client::tcp(server.port());
    CHECK(stays.send("ping\n"));
    CHECK(stays.receive(5) == "ping\n");
    server.stop(Stop::now);
    auto endings = server.sink().endings;
    CHECK(endings[Ending::finished] == 1);
    CHECK(endings[Ending::idle] == 1);
    CHECK(endings[Ending::stopped] == 1);
    CHECK(endings[Ending::failed] == 0);
  }
}

}  // namespace
}  // namespace rc::net
