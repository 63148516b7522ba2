// Stopping on the real kernel.
#include "kernel_server.hpp"

#include <deque>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("a drain executes what has arrived, answers it and closes idle connections") {
    for (const std::uint32_t workers : {1U, 3U}) {
      CAPTURE(workers);
      KernelServer server({.workers = workers});
      std::deque<Client> clients;
      const std::string line = std::string(50'000, 'x') + "\n";
      for (int i = 0; i < 20; ++i) {
        clients.push_back(Client::tcp(server.port()));
        CHECK(clients.back().send("hello\n"));
        CHECK(clients.back().receive(6) == "hello\n");
      }
      const Client idle = Client::tcp(server.port());
      CHECK(idle.send("here\n"));
      CHECK(idle.receive(5) == "here\n");
      for (const Client& client : clients) CHECK(client.send(line));
      server.ask(Stop::drain);
      for (const Client& client : clients) CHECK(client.receive_all() == line);
      CHECK(idle.is_closed_by_peer());
      server.stop(Stop::drain);
      CHECK(server.team().connections() == 0);
    }
  }

  TEST_CASE("a drain stops listening") {
    KernelServer server({});
    const std::uint16_t port = server.port();
    server.stop(Stop::drain);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(port);
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) != 0);
    ::close(fd);
  }

  TEST_CASE("a drain gives up on a client that does not read when its time is over") {
    ServerOptions options;
    options.loop.drain_deadline_ms = 200;
    KernelServer server(options);
    const Client stuck = Client::tcp(server.port(), 4096);
    const std::string block = "#9000000\n" + std::string(3'000'000, 'z');
    std::thread writer([&] { static_cast<void>(stuck.send(block)); });
    while (server.counters()[stats::Metric::bytes_read] < 100'000) std::this_thread::yield();
    server.stop(Stop::drain);
    CHECK(server.team().connections() == 0);
    writer.join();
  }

  TEST_CASE("a second request to stop does not wait for anybody") {
    ServerOptions options;
    options.loop.drain_deadline_ms = 3'600'000;
    KernelServer server(options);
    const Client stuck = Client::tcp(server.port(), 4096);
    const std::string block = "#9000000\n" + std::string(3'000'000, 'z');
    std::thread writer([&] { static_cast<void>(stuck.send(block)); });
    while (server.counters()[stats::Metric::bytes_read] < 100'000) std::this_thread::yield();
    server.ask(Stop::drain);
    server.stop(Stop::now);
    CHECK(server.team().connections() == 0);
    writer.join();
  }

  TEST_CASE("a loop that is destroyed while it serves closes its connections") {
    auto made = ring::KernelRing::create({});
    REQUIRE(made.ok());
    auto listeners = open_listeners({"127.0.0.1:0"}, 0, "", {});
    REQUIRE(listeners.ok());
    Team team({.workers = 1, .connections_max = 10, .refusal = ""}, std::move(listeners).value());
    stats::Counters counters;
    EchoSink sink(1);
    const Client client = Client::tcp(team.listeners()[0].port());
    {
      Loop loop({.worker = 0}, team, *made.value(), sink, counters);
      while (sink.opened == 0) loop.turn(1'000'000);
    }
    CHECK(sink.closed == 1);
    CHECK(client.is_closed_by_peer());
  }
}

}  // namespace
}  // namespace rc::net
