// More arrivals in a turn than there are receive buffers: Linux ends the receive with ENOBUFS.
#include "kernel_server.hpp"

#include <chrono>
#include <deque>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

ServerOptions with_buffers(const ring::BufferShape& shape) {
  ServerOptions options;
  options.ring.buffers = shape;
  return options;
}

TEST_SUITE("net") {
  TEST_CASE("connections that found no buffer are served all the same") {
    for (const bool incremental : {false, true}) {
      CAPTURE(incremental);
      KernelServer server(with_buffers({.incremental = incremental, .count = 2, .bytes = 1024}));
      std::deque<Client> clients;
      for (int i = 0; i < 40; ++i) clients.push_back(Client::tcp(server.port()));
      const std::string lines = std::string(3000, 'a') + "\n" + std::string(500, 'b') + "\n";
      for (int round = 0; round < 20; ++round) {
        for (const Client& client : clients) CHECK(client.send(lines));
        for (const Client& client : clients) CHECK(client.receive(lines.size()) == lines);
      }
      CHECK(server.counters()[stats::Metric::recv_starved] > 0);
    }
  }

  TEST_CASE("an idle loop sleeps after it was short of buffers") {
    KernelServer server(with_buffers({.incremental = false, .count = 1, .bytes = 64}));
    std::deque<Client> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(Client::tcp(server.port()));
    const std::string line = std::string(2000, 'a') + "\n";
    for (const Client& client : clients) CHECK(client.send(line));
    for (const Client& client : clients) CHECK(client.receive(line.size()) == line);
    CHECK(server.counters()[stats::Metric::recv_starved] > 0);
    const std::uint64_t turns_before = server.counters()[stats::Metric::loop_turns];
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    // A loop that spins takes tens of thousands.
    CHECK(server.counters()[stats::Metric::loop_turns] - turns_before < 100);
  }
}

}  // namespace
}  // namespace rc::net
