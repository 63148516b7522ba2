// The loop on the real kernel: bytes come back in order, from every kind of address.
#include "net/loop.hpp"

#include "kernel_server.hpp"

#include <random>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("a line comes back") {
    KernelServer server({});
    const Client client = Client::tcp(server.port());
    CHECK(client.send("hello\n"));
    CHECK(client.receive(6) == "hello\n");
  }

  TEST_CASE("a line may arrive in any pieces") {
    KernelServer server({});
    const Client client = Client::tcp(server.port());
    const std::string line = "a line in pieces\n";
    for (const char byte : line) CHECK(client.send({&byte, 1}));
    CHECK(client.receive(line.size()) == line);
  }

  TEST_CASE("an end of stream that is there before the first receive is not lost") {
    // Over a Unix socket, and handed over to a second worker, which gives it the time to be there.
    const std::string path = "/tmp/rc-net-end-" + std::to_string(::getpid());
    KernelServer server({.workers = 2, .listen = {}, .unix_socket = path});
    for (int i = 0; i < 50; ++i) {
      CAPTURE(i);
      const Client client = Client::to(path);
      CHECK(client.send("first and last\n"));
      client.end_sending();
      CHECK(client.receive(15) == "first and last\n");
      REQUIRE(client.is_closed_by_peer());
    }
  }

  TEST_CASE("megabytes in both directions stay in order whatever the sink does") {
    for (const double mischief : {0.0, 0.05, 0.5}) {
      CAPTURE(mischief);
      KernelServer server({.mischief = mischief});
      const Client client = Client::tcp(server.port());
      std::mt19937_64 random(7);
      std::string sent;
      while (sent.size() < 4'000'000) {
        std::string line(random() % (random() % 50 == 0 ? 40'000 : 200), 'x');
        for (char& letter : line) letter = static_cast<char>('a' + random() % 26);
        if (random() % 20 == 0) sent += "#" + std::to_string(line.size() + 1) + "\n";
        sent += line + "\n";
      }
      std::thread writer([&] {
        CHECK(client.send(sent));
        client.end_sending();
      });
      const std::string received = client.receive_all();
      writer.join();
      CHECK(received.size() == sent.size());
      CHECK((received == sent));
      server.stop(Stop::drain);
      CHECK(server.sink().pinned.empty());
      CHECK(server.sink().sessions.empty());
    }
  }
}

}  // namespace
}  // namespace rc::net
