// More completions than the queue holds: Linux keeps them, but ends the multishot operations they
// belong to.
#include "kernel_server.hpp"

#include <deque>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("nothing is lost and nobody is forgotten when the completion queue overflows") {
    ServerOptions options;
    options.ring.sq_entries = 4;
    options.ring.cq_entries = 8;
    KernelServer server(options);
    std::deque<Client> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(Client::tcp(server.port()));
    const Client sleeper = Client::tcp(server.port());
    for (int round = 0; round < 10; ++round) {
      CHECK(sleeper.send("nap\n"));
      const std::string line = "round " + std::to_string(round) + "\n";
      for (const Client& client : clients) CHECK(client.send(line));
      for (const Client& client : clients) CHECK(client.receive(line.size()) == line);
      CHECK(sleeper.receive(4) == "nap\n");
    }
    CHECK(server.counters()[stats::Metric::cq_overflows] > 0);
    CHECK(server.counters()[stats::Metric::recv_rearmed] > 0);
  }
}

}  // namespace
}  // namespace rc::net
