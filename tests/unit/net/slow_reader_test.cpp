// A client that asks and does not read: it is held back, it does not hold back anybody else, and
// when it reads at last nothing is missing.
#include "kernel_server.hpp"

#include <chrono>
#include <fcntl.h>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

std::string numbered_lines(std::size_t count) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) {
    lines += std::to_string(i) + std::string(1000, 'v') + "\n";
  }
  return lines;
}

// Sends until the kernel has taken nothing for a while; returns how much it took.
std::size_t send_until_stuck(const Client& client, std::string_view bytes) {
  std::size_t sent = 0;
  for (int idle = 0; idle < 20 && sent < bytes.size();) {
    const ssize_t taken =
        ::send(client.fd(), bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken > 0) {
      sent += static_cast<std::size_t>(taken);
      idle = 0;
    } else {
      ++idle;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  return sent;
}

TEST_SUITE("net") {
  TEST_CASE("a client that does not read is not read either, and others are served") {
    for (const double mischief : {0.0, 0.3}) {
      CAPTURE(mischief);
      ServerOptions options{.mischief = mischief};
      options.loop.output_limit_bytes = 256 * 1024;
      KernelServer server(options);
      const Client slow = Client::tcp(server.port(), 8192);
      const std::string lines = numbered_lines(20'000);
      const std::size_t sent = send_until_stuck(slow, lines);
      CHECK(sent < lines.size());
      // What the server took: its output limit, and what the two sockets hold.
      CHECK(server.counters()[stats::Metric::bytes_read] < 12 * 1024 * 1024);

      const Client other = Client::tcp(server.port());
      for (int i = 0; i < 100; ++i) {
        CHECK(other.send("ping\n"));
        CHECK(other.receive(5) == "ping\n");
      }

      std::thread writer([&] {
        CHECK(slow.send(std::string_view(lines).substr(sent)));
        slow.end_sending();
      });
      const std::string received = slow.receive_all();
      writer.join();
      CHECK(received.size() == lines.size());
      CHECK((received == lines));
    }
  }

  TEST_CASE("slow readers are closed while the sink is short of memory, others are not") {
    KernelServer server({.is_short_of_memory = true});
    const Client slow = Client::tcp(server.port(), 4096);
    const Client other = Client::tcp(server.port());
    static_cast<void>(send_until_stuck(slow, numbered_lines(20'000)));
    // It had a second.
    while (server.counters()[stats::Metric::closed_connections] == 0) {
      CHECK(other.send("ping\n"));
      CHECK(other.receive(5) == "ping\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(other.send("ping\n"));
    CHECK(other.receive(5) == "ping\n");
    CHECK(server.team().connections() == 1);
  }

  TEST_CASE("a slow reader that is let be keeps its connection") {
    KernelServer server({});
    const Client slow = Client::tcp(server.port(), 4096);
    const std::string lines = numbered_lines(10'000);
    const std::size_t sent = send_until_stuck(slow, lines);
    std::this_thread::sleep_for(std::chrono::milliseconds(1300));
    std::thread writer([&] {
      CHECK(slow.send(std::string_view(lines).substr(sent)));
      slow.end_sending();
    });
    CHECK((slow.receive_all() == lines));
    writer.join();
  }
}

}  // namespace
}  // namespace rc::net
