// What the event loop costs by itself: nanoseconds per request from a completion to its reply's
// send, over a ring that does everything at once and costs next to nothing. What io_uring and TCP
// cost on top is the difference to a running server.
//
//   loop_micro [seconds per case]
#include "common/clock.hpp"

#include "net/loop.hpp"
#include "net/team.hpp"
#include "ring/ring.hpp"
#include "stats/counters.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using rc::ring::Completion;
using rc::ring::OpId;
using rc::ring::OpKind;

constexpr std::string_view request = "get key:000000000001\r\n";
constexpr std::size_t reply_bytes = 140;  // of a value of 100 bytes

// Every connection receives `arrival` anew as soon as its last reply is sent.
class IdealRing final : public rc::ring::Ring {
 public:
  IdealRing(std::uint32_t connections, std::string arrival)
      : connections_(connections), arrival_(std::move(arrival)) {}

  void accept(int /*fd*/, OpId id) override {
    for (std::uint32_t i = 0; i < connections_; ++i) {
      complete(id, 1000 + i, true);
    }
  }
  void recv(int fd, OpId id) override {
    receives_.resize(std::max<std::size_t>(receives_.size(), static_cast<std::size_t>(fd) + 1));
    receives_[static_cast<std::size_t>(fd)] = id;
    deliver(fd);
  }
  void send(int fd, std::string_view bytes, OpId id) override {
    complete(id, bytes.size());
    deliver(fd);
  }
  void sendmsg(int /*fd*/, const msghdr* /*message*/, OpId /*id*/) override {}
  void cancel(OpId /*target*/, OpId /*id*/) override {}
  // The end of the measurement: all receives end, as if their peers were gone.
  void cancel_all(OpId /*id*/) override {
    for (const OpId id : receives_) {
      if (id.kind == OpKind::recv) complete(id, 0);
    }
  }
  void close(int /*fd*/, OpId /*id*/) override {}
  void message(int /*ring_fd*/, OpId /*at*/, std::int32_t /*result*/, OpId /*id*/) override {}
  void poll(int /*fd*/, OpId /*id*/) override {}
  void shutdown(int /*fd*/, rc::ring::Direction /*direction*/) override {}
  void submit() override {}
  void submit_and_wait(rc::Nanoseconds /*wait_ns*/) override {
    std::swap(ready_, reaped_);
    ready_.clear();
    position_ = 0;
  }
  std::size_t reap(std::span<Completion> out) override {
    const std::size_t count = std::min(out.size(), reaped_.size() - position_);
    std::copy_n(reaped_.begin() + static_cast<std::ptrdiff_t>(position_), count, out.begin());
    position_ += count;
    return count;
  }
  void publish_buffers() override {}
  std::uint64_t take_overflows() override { return 0; }
  [[nodiscard]] int descriptor() const override { return 0; }

 private:
  void complete(OpId id, std::size_t result, bool more = false, std::string_view bytes = {}) {
    const auto number = static_cast<std::int32_t>(result);
    ready_.push_back({.id = id, .result = number, .more = more, .bytes = bytes});
  }
  void deliver(int fd) {
    complete(receives_[static_cast<std::size_t>(fd)], arrival_.size(), true, arrival_);
  }

  std::uint32_t connections_;
  std::string arrival_;
  std::vector<OpId> receives_;  // by descriptor
  std::vector<Completion> ready_;
  std::vector<Completion> reaped_;
  std::size_t position_ = 0;
};

// Answers every request with bytes of a reply's length.
class FixedSink final : public rc::net::Sink {
 public:
  void on_turn_begin(const rc::Instant& /*now*/) override {}
  void on_turn_end() override {}
  [[nodiscard]] void* on_open(const rc::net::ConnInfo& /*info*/) override { return this; }
  [[nodiscard]] rc::net::Consumed on_bytes(
      void* /*session*/, std::string_view bytes, rc::net::Output& out
  ) override {
    for (std::size_t at = 0; at < bytes.size(); at += request.size()) {
      std::memset(out.reserve(reply_bytes), 'v', reply_bytes);
      out.commit(reply_bytes);
      ++requests_;
    }
    return {.bytes = bytes.size()};
  }
  void on_released(rc::net::PinToken /*token*/) override {}
  void on_close(void* /*session*/) override {}
  [[nodiscard]] bool wants_slow_readers_closed() const override { return false; }

  [[nodiscard]] std::uint64_t requests() const { return requests_; }

 private:
  std::uint64_t requests_ = 0;
};

void measure(std::uint32_t connections, int depth, double seconds) {
  std::string arrival;
  for (int i = 0; i < depth; ++i) arrival += request;
  std::vector<rc::net::Listener> listeners;
  listeners.push_back(rc::net::Listener::adopt(::dup(STDIN_FILENO)));
  rc::net::Team team(
      {.workers = 1, .connections_max = connections, .refusal = {}}, std::move(listeners)
  );
  IdealRing ring(connections, arrival);
  FixedSink sink;
  rc::stats::Counters counters;
  rc::net::Loop loop({}, team, ring, sink, counters);

  const std::uint64_t end = rc::bench::now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
  double best_ns = 1e9;
  while (rc::bench::now_ns() < end) {
    const std::uint64_t begin = rc::bench::now_ns();
    const std::uint64_t before = sink.requests();
    for (int turn = 0; turn < 100; ++turn) loop.turn(0);
    const auto spent = static_cast<double>(rc::bench::now_ns() - begin);
    const std::uint64_t done = sink.requests() - before;
    if (done != 0) best_ns = std::min(best_ns, spent / static_cast<double>(done));
  }
  std::printf("| %u connections, depth %d | %.1f |\n", connections, depth, best_ns);
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::strtod(arguments[1], nullptr) : 0.3;
  std::printf("| the loop alone | ns per request |\n|---|---:|\n");
  for (const int depth : {1, 16, 64}) measure(50, depth, seconds);
  measure(1000, 1, seconds);
  return 0;
}
