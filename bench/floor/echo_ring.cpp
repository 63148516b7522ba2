// echo_ring: the least that a server on io_uring can cost. It receives, answers without storing
// anything, and sends, straight on the ring: no limits, no fairness, no protection from any client.
// What ringcached costs more than this is the price of being a cache.

#include "common/arguments.hpp"
#include "floor/answer.hpp"

#include "base/numbers.hpp"
#include "net/listener.hpp"
#include "ring/kernel_ring.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace rc::bench {
namespace {

using ring::Completion;
using ring::OpKind;

struct Peer {
  int fd = -1;
  std::string input;    // An incomplete request.
  std::string output;   // Replies since the send under way began.
  std::string sending;  // Must not change while the kernel reads it.
  std::size_t sent = 0;
  bool is_queued = false;
};

class EchoRing {
 public:
  EchoRing(ring::Ring& ring, int listener) : ring_(ring) {
    ring_.accept(listener, {.kind = OpKind::accept});
  }

  [[noreturn]] void run() {
    std::array<Completion, 512> completions;
    while (true) {
      ring_.submit_and_wait(1'000'000'000);
      const std::size_t count = ring_.reap(completions);
      for (std::size_t at = 0; at < count; ++at) handle(completions[at]);
      for (const std::uint32_t index : with_output_) flush(index);
      with_output_.clear();
      ring_.publish_buffers();
    }
  }

 private:
  void handle(const Completion& completion) {
    const std::uint32_t index = completion.id.index;
    if (completion.id.kind == OpKind::accept && completion.result >= 0) {
      peers_.push_back(std::make_unique<Peer>());
      peers_.back()->fd = completion.result;
      const auto added = static_cast<std::uint32_t>(peers_.size() - 1);
      ring_.recv(completion.result, {.kind = OpKind::recv, .index = added});
    } else if (completion.id.kind == OpKind::recv) {
      on_received(index, completion);
    } else if (completion.id.kind == OpKind::send) {
      on_sent(index, completion.result);
    }
  }

  void on_received(std::uint32_t index, const Completion& completion) {
    Peer& peer = *peers_[index];
    if (completion.result > 0) answer(peer, completion.bytes);
    if (!peer.output.empty() && !std::exchange(peer.is_queued, true)) with_output_.push_back(index);
    if (completion.more) return;
    if (completion.result > 0 || completion.result == -ENOBUFS) {
      ring_.recv(peer.fd, {.kind = OpKind::recv, .index = index});
    } else {
      close(std::exchange(peer.fd, -1));
    }
  }

  void answer(Peer& peer, std::string_view bytes) {
    if (peer.input.empty()) {
      peer.input = bytes.substr(answerer_.answer(bytes, peer.output));
    } else {
      peer.input += bytes;
      peer.input.erase(0, answerer_.answer(peer.input, peer.output));
    }
  }

  // One send under way per peer; what is answered meanwhile goes with the next.
  void flush(std::uint32_t index) {
    Peer& peer = *peers_[index];
    peer.is_queued = false;
    if (!peer.sending.empty() || peer.output.empty() || peer.fd < 0) return;
    std::swap(peer.sending, peer.output);
    peer.sent = 0;
    ring_.send(peer.fd, peer.sending, {.kind = OpKind::send, .index = index});
  }

  void on_sent(std::uint32_t index, std::int32_t result) {
    Peer& peer = *peers_[index];
    peer.sent += static_cast<std::size_t>(std::max(result, 0));
    const bool is_short = result > 0 && peer.sent < peer.sending.size();
    if (is_short) {
      const std::string_view rest = std::string_view(peer.sending).substr(peer.sent);
      ring_.send(peer.fd, rest, {.kind = OpKind::send, .index = index});
      return;
    }
    peer.sending.clear();
    if (!peer.output.empty() && !std::exchange(peer.is_queued, true)) with_output_.push_back(index);
  }

  ring::Ring& ring_;
  Answerer answerer_;
  std::vector<std::unique_ptr<Peer>> peers_;  // By index; an index is not used again.
  std::vector<std::uint32_t> with_output_;
};

int echo_main(int count, char** values) {
  // The options that the comparisons give every server; all but the address mean nothing here.
  std::string address = "127.0.0.1";
  std::string port = "0";
  std::string ignored;
  Arguments arguments("echo_ring", "usage: echo_ring -l ADDRESS -p PORT\n");
  arguments.bind("-l", address);
  arguments.bind("-p", port);
  for (const char* name : {"-t", "-m", "-U", "-u"}) arguments.bind(name, ignored);
  arguments.parse(count, values);

  const auto number = parse_number<std::uint16_t>(port);
  if (!number) arguments.fail("`-p` is not a port: `" + port + "`");
  auto listeners = net::open_listeners({address}, *number, "", {});
  if (!listeners) arguments.fail(listeners.error().message);
  auto ring = ring::KernelRing::create({});
  if (!ring) arguments.fail(ring.error().message);
  EchoRing(*ring.value(), listeners.value().front().fd()).run();
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::echo_main(argc, argv);
}
