// The system has no descriptors left: Linux ends the accept with EMFILE, and would do so again at
// once, for ever.
#include "kernel_server.hpp"

#include <chrono>
#include <deque>
#include <fcntl.h>

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace rc::net {
namespace {

// Leaves exactly `free` descriptors to this process until it is destroyed.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int free) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lowered = before_;
    rlim_t number = 0;
    for (; free > 0; ++number) {
      if (::fcntl(static_cast<int>(number), F_GETFD) < 0) --free;
    }
    lowered.rlim_cur = number;
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_SUITE("net") {
  TEST_CASE("without descriptors, clients wait in the backlog and are served when one is free") {
    auto ring = ring::KernelRing::create({});
    REQUIRE(ring.ok());
    auto listeners = open_listeners({"127.0.0.1:0"}, 0, "", {});
    REQUIRE(listeners.ok());
    Team team({.workers = 1, .connections_max = 99, .refusal = ""}, std::move(listeners).value());
    stats::Counters counters;
    EchoSink sink(1);
    Loop loop({.worker = 0}, team, *ring.value(), sink, counters);

    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(team.listeners()[0].port());
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::deque<Client> clients;
    for (int i = 0; i < 10; ++i) clients.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
    for (const Client& client : clients) {
      const auto* address = reinterpret_cast<const sockaddr*>(&target);
      REQUIRE(::connect(client.fd(), address, sizeof(target)) == 0);
      CHECK(client.send("hello\n"));
    }
    // Before the first turn: io_uring reads the limit when an accept is armed.
    const DescriptorLimit limit(4);
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(250)) {
      loop.turn(20'000'000);
    }
    CHECK(team.connections() == 4);
    // Not tried again but ten times a second.
    CHECK(counters.read()[stats::Metric::accept_paused] > 0);
    CHECK(counters.read()[stats::Metric::accept_paused] < 10);
    // In the order in which they came: each that leaves makes room for one that waits.
    while (!clients.empty()) {
      pollfd readable{.fd = clients.front().fd(), .events = POLLIN, .revents = 0};
      for (int i = 0; i < 100 && ::poll(&readable, 1, 0) == 0; ++i) loop.turn(20'000'000);
      CHECK(clients.front().receive(6) == "hello\n");
      clients.pop_front();
    }
  }
}

}  // namespace
}  // namespace rc::net
