// Sockets and rings that exist only in memory and misbehave on purpose: operations complete in
// random order, in part, late, or with the errors that Linux really gives. Everything follows from
// a seed, so a failure can be run again.
//
// It also watches the contract of ring::Ring: one receive and one send per descriptor, nothing in
// flight when a descriptor is closed, received bytes not used after their buffer is given back
// (they are overwritten), bytes to be sent alive until the send completes (they are read then).
#pragma once

#include "base/assert.hpp"
#include "ring/ring.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

namespace rc::net {

// How badly the world behaves.
struct Weather {
  std::uint32_t cq_entries = 4096;
  std::uint32_t buffers = 64;
  std::uint32_t buffer_bytes = 4096;
  double short_send = 0;       // a send takes only part
  double ended_multishot = 0;  // a multishot operation ends although it succeeded
  double no_descriptors = 0;   // an accept fails with EMFILE or the like
  double interrupted = 0;      // a receive or send fails with EINTR
  double late_send = 0;        // a send finds the peer's window closed
  double immediate_reset = 0;  // a connection is gone before it is accepted
};

// The other end of a connection, moved by the test.
struct FakeClient {
  // What the client has to say, how much of it has reached the socket, and how much of that the
  // server has read.
  std::string script;
  std::size_t delivered = 0;
  std::size_t read_by_server = 0;
  // The client ends its side when all is delivered.
  bool ends = true;
  bool has_reset = false;
  bool never_reads = false;

  std::string received{};
  int fd = -1;  // on the server's side, once accepted
  bool is_accepted = false;
  bool is_closed_by_server = false;
  bool is_read_shut = false;
  bool is_shut = false;
};

class FakeRing;

class FakeKernel {
 public:
  FakeKernel(std::uint64_t seed, const Weather& weather) : random(seed), weather_(weather) {}

  [[nodiscard]] bool chance(double probability) {
    return probability > 0 && std::uniform_real_distribution<>(0, 1)(random) < probability;
  }
  [[nodiscard]] std::size_t below(std::size_t n) { return random() % n; }

  // Puts a client into the backlog.
  FakeClient& connect(std::string script) {
    clients.push_back({.script = std::move(script)});
    backlog_.push_back(&clients.back());
    return clients.back();
  }
  // Some more of the script reaches the socket.
  void deliver(FakeClient& client) {
    if (client.is_read_shut || client.has_reset) return;
    const std::size_t left = client.script.size() - client.delivered;
    if (left > 0) client.delivered += 1 + below(std::min<std::size_t>(left, 3000));
  }

  [[nodiscard]] std::size_t open_descriptors() const { return sockets_.size(); }
  [[nodiscard]] const Weather& weather() const { return weather_; }

  std::mt19937_64 random;
  // A deque, because sockets point to clients.
  std::deque<FakeClient> clients;

 private:
  friend class FakeRing;

  // Far from any real descriptor, so that nothing real is ever touched.
  static constexpr int first_fd = 1'000'000;

  // The number freed last is handed out first: the unkindest order.
  int open(FakeClient* client) {
    int fd = next_fd_;
    if (free_fds_.empty()) {
      ++next_fd_;
    } else {
      fd = free_fds_.back();
      free_fds_.pop_back();
    }
    sockets_[fd] = client;
    client->fd = fd;
    client->is_accepted = true;
    return fd;
  }
  void close(int fd) {
    RC_ASSERT(sockets_.contains(fd));
    sockets_[fd]->is_closed_by_server = true;
    sockets_.erase(fd);
    free_fds_.push_back(fd);
  }

  Weather weather_;
  std::deque<FakeClient*> backlog_;
  std::map<int, FakeClient*> sockets_;
  std::vector<int> free_fds_;
  int next_fd_ = first_fd;
  std::map<int, FakeRing*> rings_;
};

class FakeRing final : public ring::Ring {
 public:
  FakeRing(FakeKernel& kernel, int descriptor) : kernel_(kernel), descriptor_(descriptor) {
    kernel_.rings_[descriptor_] = this;
    buffers_.resize(kernel_.weather().buffers);
    for (std::size_t i = 0; i < buffers_.size(); ++i) free_buffers_.push_back(i);
  }
  ~FakeRing() override { kernel_.rings_.erase(descriptor_); }

  void accept(int fd, ring::OpId id) override { add({.kind = Kind::accept, .fd = fd, .id = id}); }
  void recv(int fd, ring::OpId id) override {
    RC_ASSERT(count(Kind::recv, fd) == 0);
    add({.kind = Kind::recv, .fd = fd, .id = id});
  }
  void send(int fd, std::string_view bytes, ring::OpId id) override {
    RC_ASSERT(count(Kind::send, fd) == 0);
    Op op{.kind = Kind::send, .fd = fd, .id = id};
    op.segments.push_back(bytes);
    add(op);
  }
  void sendmsg(int fd, const msghdr* message, ring::OpId id) override {
    RC_ASSERT(count(Kind::send, fd) == 0);
    Op op{.kind = Kind::send, .fd = fd, .id = id};
    for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
      const iovec& segment = message->msg_iov[i];
      op.segments.emplace_back(static_cast<const char*>(segment.iov_base), segment.iov_len);
    }
    add(op);
  }
  void cancel(ring::OpId target, ring::OpId id) override {
    add({.kind = Kind::cancel, .id = id, .target = target});
  }
  void cancel_all(ring::OpId id) override { add({.kind = Kind::cancel_all, .id = id}); }
  void close(int fd, ring::OpId id) override { add({.kind = Kind::close, .fd = fd, .id = id}); }
  void message(int ring_fd, ring::OpId at_target, std::int32_t result, ring::OpId id) override {
    add({.kind = Kind::message, .fd = ring_fd, .id = id, .target = at_target, .result = result});
  }
  void poll(int fd, ring::OpId id) override { add({.kind = Kind::poll, .fd = fd, .id = id}); }

  void shutdown(int fd, ring::Direction direction) override {
    FakeClient& client = *kernel_.sockets_.at(fd);
    client.is_read_shut = true;
    if (direction == ring::Direction::both) client.is_shut = true;
  }

  // Instant operations take effect in order, as in the kernel; a send usually does, too.
  void submit() override {
    for (std::size_t i = submitted_; i < ops_.size();) {
      const bool is_instant = ops_[i].kind == Kind::close || ops_[i].kind == Kind::message ||
                              ops_[i].kind == Kind::cancel || ops_[i].kind == Kind::cancel_all;
      const bool is_tried = is_instant || (ops_[i].kind == Kind::send && kernel_.chance(0.5));
      // Cancelling moves operations, but only such as lie before i.
      const std::size_t before = ops_.size();
      const bool is_gone = is_tried && try_op(i);
      if (!is_gone) {
        ++i;
      } else {
        i -= before - ops_.size() - 1;
      }
    }
    submitted_ = ops_.size();
  }

  void submit_and_wait(Nanoseconds) override {
    submit();
    // Some operations get their chance, not all: the order in which things happen is random.
    const std::size_t tries = 1 + kernel_.below(2 * ops_.size() + 1);
    for (std::size_t i = 0; i < tries && !ops_.empty(); ++i) try_op(kernel_.below(ops_.size()));
    submitted_ = ops_.size();
  }

  std::size_t reap(std::span<ring::Completion> out) override {
    std::size_t reaped = 0;
    for (; reaped < out.size() && !completions_.empty(); ++reaped) {
      out[reaped] = completions_.front().completion;
      if (completions_.front().buffer != no_buffer) held_.push_back(completions_.front().buffer);
      completions_.pop_front();
    }
    return reaped;
  }

  void publish_buffers() override {
    for (const std::size_t buffer : held_) {
      std::fill(buffers_[buffer].begin(), buffers_[buffer].end(), '!');
      free_buffers_.push_back(buffer);
    }
    held_.clear();
  }

  std::uint64_t take_overflows() override { return std::exchange(overflows_, 0); }
  int descriptor() const override { return descriptor_; }

  // Operations of connections and listeners that are still in flight.
  [[nodiscard]] std::size_t ops_in_flight() const {
    return static_cast<std::size_t>(std::count_if(ops_.begin(), ops_.end(), [](const Op& op) {
      return op.kind != Kind::poll;
    }));
  }

 private:
  enum class Kind { accept, recv, send, cancel, cancel_all, close, message, poll };
  struct Op {
    Kind kind{};
    int fd = -1;
    ring::OpId id{};
    ring::OpId target{};
    std::int32_t result = 0;
    std::vector<std::string_view> segments{};
  };
  static constexpr std::size_t no_buffer = ~std::size_t{0};
  struct Pending {
    ring::Completion completion;
    std::size_t buffer = no_buffer;
  };

  void add(const Op& op) { ops_.push_back(op); }
  [[nodiscard]] std::size_t count(Kind kind, int fd) const {
    return static_cast<std::size_t>(std::count_if(ops_.begin(), ops_.end(), [&](const Op& op) {
      return op.kind == kind && op.fd == fd;
    }));
  }
  bool forget(std::size_t i) {
    ops_.erase(ops_.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }

  // Completes operation i; true if it is over.
  bool complete(
      std::size_t i,
      std::int32_t result,
      bool more,
      std::string_view bytes = {},
      std::size_t buffer = no_buffer
  ) {
    const ring::OpId id = ops_[i].id;
    // A full queue: the completion is kept, and a multishot operation ends by it.
    if (completions_.size() >= kernel_.weather().cq_entries) {
      more = false;
      ++overflows_;
    }
    completions_.push_back(
        {.completion = {.id = id, .result = result, .more = more, .bytes = bytes}, .buffer = buffer}
    );
    return more ? false : forget(i);
  }

  // True if the operation is over.
  bool try_op(std::size_t i) {
    switch (ops_[i].kind) {
      case Kind::accept:
        return try_accept(i);
      case Kind::recv:
        return try_recv(i);
      case Kind::send:
        return try_send(i);
      case Kind::cancel:
        return do_cancel(i);
      case Kind::cancel_all:
        return do_cancel_all(i);
      case Kind::close:
        RC_ASSERT(count(Kind::recv, ops_[i].fd) == 0);
        RC_ASSERT(count(Kind::send, ops_[i].fd) == 0);
        kernel_.close(ops_[i].fd);
        return complete(i, 0, false);
      case Kind::message:
        return do_message(i);
      case Kind::poll:
        return false;
    }
    return false;
  }

  bool try_accept(std::size_t i) {
    if (kernel_.backlog_.empty()) return false;
    if (kernel_.chance(kernel_.weather().no_descriptors)) {
      const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
      return complete(i, -errors[kernel_.below(4)], false);
    }
    FakeClient* client = kernel_.backlog_.front();
    kernel_.backlog_.pop_front();
    if (kernel_.chance(kernel_.weather().immediate_reset)) {
      client->has_reset = true;
      return complete(i, -ECONNABORTED, kernel_.chance(0.5));
    }
    return complete(i, kernel_.open(client), !kernel_.chance(kernel_.weather().ended_multishot));
  }

  bool try_recv(std::size_t i) {
    FakeClient& client = *kernel_.sockets_.at(ops_[i].fd);
    const std::size_t waiting = client.delivered - client.read_by_server;
    if (client.is_shut) return complete(i, 0, false);
    if (client.has_reset) return complete(i, -ECONNRESET, false);
    // Whether anything waits or not: that is what Linux does when a receive is armed.
    if (free_buffers_.empty() && (waiting > 0 || kernel_.chance(0.2))) {
      return complete(i, -ENOBUFS, false);
    }
    if (waiting == 0) {
      const bool is_over = client.delivered == client.script.size() && client.ends;
      return is_over || client.is_read_shut ? complete(i, 0, false) : false;
    }
    if (kernel_.chance(kernel_.weather().interrupted)) return complete(i, -EINTR, false);
    const std::size_t buffer = free_buffers_.back();
    free_buffers_.pop_back();
    const std::size_t most = std::min<std::size_t>(waiting, kernel_.weather().buffer_bytes);
    const std::size_t bytes = kernel_.chance(0.3) ? 1 + kernel_.below(most) : most;
    buffers_[buffer] = client.script.substr(client.read_by_server, bytes);
    client.read_by_server += bytes;
    const bool more = !kernel_.chance(kernel_.weather().ended_multishot);
    return complete(i, static_cast<std::int32_t>(bytes), more, buffers_[buffer], buffer);
  }

  bool try_send(std::size_t i) {
    FakeClient& client = *kernel_.sockets_.at(ops_[i].fd);
    if (client.is_shut) return complete(i, -EPIPE, false);
    if (client.has_reset) return complete(i, -ECONNRESET, false);
    if (client.never_reads || kernel_.chance(kernel_.weather().late_send)) return false;
    if (kernel_.chance(kernel_.weather().interrupted)) return complete(i, -EINTR, false);
    return complete(i, transfer(i, kernel_.weather().short_send), false);
  }

  // What a send takes: all, or with the given probability only the beginning.
  std::int32_t transfer(std::size_t i, double short_send) {
    std::string bytes;
    for (const std::string_view segment : ops_[i].segments) bytes += segment;
    if (bytes.size() > 1 && kernel_.chance(short_send)) {
      bytes.resize(1 + kernel_.below(bytes.size() - 1));
    }
    kernel_.sockets_.at(ops_[i].fd)->received += bytes;
    return static_cast<std::int32_t>(bytes.size());
  }

  // A cancelled send may have sent something.
  void cancel_op(std::size_t i) {
    const bool is_partial = ops_[i].kind == Kind::send && kernel_.chance(0.3) &&
                            !kernel_.sockets_.at(ops_[i].fd)->is_shut;
    complete(i, is_partial ? transfer(i, 1) : -ECANCELED, false);
  }

  bool do_cancel(std::size_t i) {
    const std::uint64_t target = ops_[i].target.pack();
    // Only what was submitted before.
    for (std::size_t k = 0; k < i; ++k) {
      if (ops_[k].id.pack() != target) continue;
      cancel_op(k);
      return complete(i - 1, 0, false);
    }
    return complete(i, -ENOENT, false);
  }

  bool do_cancel_all(std::size_t i) {
    // Only what was submitted before.
    for (std::size_t k = i; k > 0; --k) {
      const Kind kind = ops_[k - 1].kind;
      if (kind != Kind::accept && kind != Kind::recv && kind != Kind::send) continue;
      cancel_op(k - 1);
      --i;
    }
    return complete(i, 0, false);
  }

  bool do_message(std::size_t i) {
    const auto target = kernel_.rings_.find(ops_[i].fd);
    if (target == kernel_.rings_.end()) return complete(i, -EBADF, false);
    target->second->completions_.push_back(
        {.completion = {.id = ops_[i].target, .result = ops_[i].result, .more = false, .bytes = {}}}
    );
    return complete(i, 0, false);
  }

  FakeKernel& kernel_;
  int descriptor_;
  std::vector<Op> ops_;
  std::size_t submitted_ = 0;
  std::deque<Pending> completions_;
  std::vector<std::string> buffers_;
  std::vector<std::size_t> free_buffers_;
  std::vector<std::size_t> held_;
  std::uint64_t overflows_ = 0;
};

}  // namespace rc::net
