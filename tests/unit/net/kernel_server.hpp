// A node of one worker or more on the real kernel, echoing, for tests that talk to it through
// sockets from the test's own thread.
#pragma once

#include "echo_sink.hpp"

#include "base/assert.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "net/team.hpp"
#include "ring/kernel_ring.hpp"
#include "stats/counters.hpp"

#include <cstdint>
#include <latch>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace rc::net {

struct ServerOptions {
  std::uint32_t workers = 1;
  std::uint32_t connections_max = 100;
  double mischief = 0;
  std::vector<std::string> listen{"127.0.0.1:0"};
  std::string unix_socket = {};
  ring::KernelRing::Options ring = {};
  Loop::Options loop = {};
  bool is_short_of_memory = false;
};

class KernelServer {
 public:
  explicit KernelServer(const ServerOptions& options)
      : team_(
            {.workers = options.workers,
             .connections_max = options.connections_max,
             .refusal = "ERROR Too many open connections\r\n"},
            listeners(options)
        ),
        ready_(options.workers + 1) {
    workers_.resize(options.workers);
    for (std::uint32_t i = 0; i < options.workers; ++i) {
      workers_[i] = std::make_unique<Worker>();
      workers_[i]->thread = std::thread([this, i, options] { work(i, options); });
    }
    ready_.arrive_and_wait();
  }
  ~KernelServer() { stop(Stop::drain); }

  // Once or more; after the first time nothing is left to stop.
  void stop(Stop how) {
    if (std::exchange(is_stopped_, true)) return;
    ask(how);
    may_leave_.count_down();
    for (const auto& worker : workers_) worker->thread.join();
  }
  void ask(Stop how) {
    for (const auto& worker : workers_) worker->loop->request_stop(how);
  }

  [[nodiscard]] const Team& team() const { return team_; }
  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const {
    return team_.listeners()[listener].port();
  }
  [[nodiscard]] stats::Snapshot counters() const {
    stats::Snapshot sum;
    for (const auto& worker : workers_) sum += worker->counters.read();
    return sum;
  }
  // Requires: stopped.
  [[nodiscard]] const EchoSink& sink(std::uint32_t worker = 0) const {
    return *workers_[worker]->sink;
  }

 private:
  struct Worker {
    stats::Counters counters;
    std::unique_ptr<EchoSink> sink;
    Loop* loop = nullptr;
    std::thread thread;
  };

  static std::vector<Listener> listeners(const ServerOptions& options) {
    auto opened = open_listeners(options.listen, 0, options.unix_socket, {});
    RC_ASSERT(opened.ok());
    return std::move(opened).value();
  }

  void work(std::uint32_t i, const ServerOptions& options) {
    Worker& worker = *workers_[i];
    auto made = ring::KernelRing::create(options.ring);
    RC_ASSERT(made.ok());
    const std::unique_ptr<ring::KernelRing> ring = std::move(made).value();
    worker.sink = std::make_unique<EchoSink>(i + 1, options.mischief);
    worker.sink->is_short_of_memory = options.is_short_of_memory;
    Loop::Options loop_options = options.loop;
    loop_options.worker = i;
    Loop loop(loop_options, team_, *ring, *worker.sink, worker.counters);
    worker.loop = &loop;
    ready_.arrive_and_wait();
    loop.run();
    // The test may ask a loop to stop that has ended by itself: the loop stays until it has.
    may_leave_.wait();
  }

  Team team_;
  std::latch ready_;
  std::latch may_leave_{1};
  bool is_stopped_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
};

// A blocking client with a deadline on every read, so that a test fails instead of hanging.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Client& operator=(Client&&) = delete;
  ~Client() { close(); }

  [[nodiscard]] static Client tcp(std::uint16_t port, int receive_buffer_bytes = 0) {
    return to("127.0.0.1:" + std::to_string(port), receive_buffer_bytes);
  }
  [[nodiscard]] static Client to(const std::string& text, int receive_buffer_bytes = 0) {
    auto addresses = resolve(text, 0);
    RC_ASSERT(addresses.ok());
    const Address& address = addresses.value()[0];
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    RC_ASSERT(fd >= 0);
    if (receive_buffer_bytes != 0) {
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
    }
    const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
    RC_ASSERT(::connect(fd, target, address.bytes) == 0);
    return Client(fd);
  }

  // False if the peer is gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Exactly `bytes`, less at the end of the stream.
  [[nodiscard]] std::string receive(std::size_t bytes) const {
    std::string text(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
      const ssize_t got = receive_some(text.data() + have, bytes - have);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
  }
  [[nodiscard]] std::string receive_all() const {
    std::string text;
    char chunk[4096];
    for (;;) {
      const ssize_t got = receive_some(chunk, sizeof(chunk));
      if (got <= 0) return text;
      text.append(chunk, static_cast<std::size_t>(got));
    }
  }
  // Whether the peer closes (or has closed) within the deadline, with nothing more to read.
  [[nodiscard]] bool is_closed_by_peer() const {
    char byte = 0;
    const ssize_t got = receive_some(&byte, 1);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  void end_sending() const { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  // The work of a ring that this thread has had before interrupts its calls, even a while later.
  [[nodiscard]] ssize_t receive_some(char* at, std::size_t bytes) const {
    for (;;) {
      const ssize_t got = ::recv(fd_, at, bytes, 0);
      if (got >= 0 || errno != EINTR) return got;
    }
  }
  int fd_;
};

}  // namespace rc::net
