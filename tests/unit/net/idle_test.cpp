// Connections whose client asks for nothing are closed when the sink says so, and only those.
#include "kernel_server.hpp"

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("an idle connection is closed and counted, others go on") {
    KernelServer server({});
    const Client bored = Client::tcp(server.port());
    const Client busy = Client::tcp(server.port());
    CHECK(busy.send("ping\n"));
    CHECK(busy.receive(5) == "ping\n");
    CHECK(bored.send("bored\n"));
    CHECK(bored.receive(6) == "bored\n");
    CHECK(bored.is_closed_by_peer());
    CHECK(server.counters()[stats::Metric::idle_kicks] == 1);
    CHECK(busy.send("ping\n"));
    CHECK(busy.receive(5) == "ping\n");
  }
}

}  // namespace
}  // namespace rc::net
