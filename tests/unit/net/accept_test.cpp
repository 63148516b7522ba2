// Accepting on the real kernel: the limit over all workers, and who gets which connection.
#include "kernel_server.hpp"

#include <deque>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("connections over the limit are told so and closed, until another one leaves") {
    KernelServer server({.workers = 2, .connections_max = 3});
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(Client::tcp(server.port()));
    for (const Client& client : clients) {
      CHECK(client.send("in\n"));
      CHECK(client.receive(3) == "in\n");
    }
    const Client refused = Client::tcp(server.port());
    CHECK(refused.receive_all() == "ERROR Too many open connections\r\n");
    CHECK(server.counters()[stats::Metric::rejected_connections] == 1);
    CHECK(server.team().connections() == 3);

    clients.pop_front();
    while (server.team().connections() == 3) std::this_thread::yield();
    const Client admitted = Client::tcp(server.port());
    CHECK(admitted.send("in\n"));
    CHECK(admitted.receive(3) == "in\n");
  }

  TEST_CASE("connections are spread evenly over the workers") {
    KernelServer server({.workers = 3});
    std::deque<Client> clients;
    for (int i = 0; i < 30; ++i) {
      clients.push_back(Client::tcp(server.port()));
      CHECK(clients.back().send("x\n"));
      CHECK(clients.back().receive(2) == "x\n");
    }
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(server.team().connections_of(i) == 10);
    // Ids are unique over all workers.
    clients.clear();
    server.stop(Stop::drain);
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(server.sink(i).opened == 10);
  }

  TEST_CASE("several listeners of all kinds feed one loop") {
    const std::string path = "/tmp/rc_accept_test." + std::to_string(::getpid());
    KernelServer server({.listen = {"127.0.0.1:0", "[::1]:0"}, .unix_socket = path});
    const std::string port_v4 = std::to_string(server.port(0));
    const std::string port_v6 = std::to_string(server.port(1));
    for (const std::string& text : {"127.0.0.1:" + port_v4, "[::1]:" + port_v6, path}) {
      CAPTURE(text);
      const Client client = Client::to(text);
      CHECK(client.send("hello\n"));
      CHECK(client.receive(6) == "hello\n");
    }
    server.stop(Stop::drain);
    CHECK(::access(path.c_str(), F_OK) != 0);
  }
}

}  // namespace
}  // namespace rc::net
