// The end of connections on the real kernel: no descriptor stays behind, and a number that is used
// again carries nothing over from the connection before.
#include "kernel_server.hpp"

#include <deque>
#include <filesystem>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

void reset(Client& client) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  client.close();
}

// Waits until the server has closed everything; the deadline is the test runner's.
void await_connections(const KernelServer& server, std::uint32_t count) {
  while (server.team().connections() != count) std::this_thread::yield();
}

TEST_SUITE("net") {
  TEST_CASE("the peer sees the end when the sink closes") {
    KernelServer server({});
    const Client client = Client::tcp(server.port());
    CHECK(client.send("one\nquit\nnever\n"));
    CHECK(client.receive_all() == "one\nquit\n");
    await_connections(server, 0);
  }

  TEST_CASE("requests that came before the end of the stream are answered") {
    KernelServer server({});
    const Client client = Client::tcp(server.port());
    CHECK(client.send("one\ntwo\nincomplete"));
    client.end_sending();
    CHECK(client.receive_all() == "one\ntwo\n");
  }

  TEST_CASE("descriptors are closed however a connection ends") {
    KernelServer server({});
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 300; ++i) {
      Client client = Client::tcp(server.port());
      CHECK(client.send(i % 3 == 0 ? "quit\n" : "a line\n"));
      if (i % 3 == 1) reset(client);
      if (i % 3 == 2) CHECK(client.receive(7) == "a line\n");
    }
    await_connections(server, 0);
    // The close itself may be one turn behind the count.
    const Client last = Client::tcp(server.port());
    CHECK(last.send("x\n"));
    CHECK(last.receive(2) == "x\n");
    CHECK(open_descriptors() == before + 2);
    CHECK(server.counters()[stats::Metric::closed_connections] == 300);
  }

  TEST_CASE("a connection that gets the descriptor of a broken one hears nothing of it") {
    KernelServer server({});
    const std::string block = "#1000000\n" + std::string(1'000'000, 'z');
    for (int i = 0; i < 100; ++i) {
      // Its answer is in flight, stuck and half sent when it breaks.
      Client broken = Client::tcp(server.port(), 4096);
      CHECK(broken.send(block.substr(0, 400'000)));
      reset(broken);
      const Client next = Client::tcp(server.port());
      const std::string line = "line " + std::to_string(i) + "\n";
      CHECK(next.send(line));
      CHECK(next.receive(line.size()) == line);
    }
  }
}

}  // namespace
}  // namespace rc::net
