// One thread's connections to one server, driven from one ring.
//
// Closed loop: each connection sends `depth` requests together, and the next when all the answers
// are there. Open loop: requests become due by a Pace, whatever the server does; each goes to a
// connection that has room, and waits where none has. Its latency counts from the moment it was
// due, so a server that stalls is charged for all that should have been asked meanwhile.
//
// Every value received is compared with what the key's must be. With read-through, a miss is
// followed by a set of that key.
//
// Thread: make, use and destroy it on one thread; done() may be read by others.
#pragma once

#include "ringbench/fifo.hpp"
#include "ringbench/pace.hpp"
#include "ringbench/protocol.hpp"
#include "ringbench/record.hpp"
#include "ringbench/source.hpp"

#include "base/result.hpp"
#include "ring/ring.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

struct ClientOptions {
  std::size_t connections = 1;
  std::size_t depth = 1;
  bool reads_through = false;
};

// The limits of one run.
struct Stint {
  std::uint64_t length_ns = ~std::uint64_t{0};  // Nothing new is sent after it.
  std::uint64_t requests = ~std::uint64_t{0};
  std::size_t depth = 0;  // Another one than the client's, where not 0.
  // Open loop.
  std::optional<double> rate = std::nullopt;
  Arrivals arrivals = Arrivals::poisson;
  std::uint64_t seed = 1;
};

class Client {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Client>> connect(
      const std::string& address, const Protocol& protocol, const ClientOptions& options
  );
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Asks until the stint is over or the source has nothing left, and waits for the last answer.
  // An error ends it: a lost connection, or a server that is silent for ten seconds.
  [[nodiscard]] Result<Done> run(Source& source, const Stint& stint);

  // Of the last run.
  [[nodiscard]] const Record& record() const { return record_; }
  // Requests answered since the beginning. Thread: any.
  [[nodiscard]] std::uint64_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  struct Request {
    std::uint64_t start_ns;
    std::uint32_t answered;  // Keys of it.
    std::uint32_t keys;
    Verb verb;
  };
  struct Peer {
    int fd = -1;
    std::string input;    // The beginning of an answer whose rest has not come.
    std::string output;   // Requests since the send under way began.
    std::string sending;  // Must not change while the kernel reads it.
    std::size_t sent = 0;
    bool has_news = false;  // It is in with_output_.
    bool is_free = false;   // It is in free_.
    Fifo<Request> requests;
    Fifo<Item> items;   // The keys of these requests.
    Fifo<Item> missed;  // To be set.
  };

  Client(const Protocol& protocol, const ClientOptions& options, std::unique_ptr<ring::Ring> ring);
  [[nodiscard]] Result<Done> open(const std::string& address);
  void begin(Source& source, const Stint& stint);
  void turn();
  void finish();
  [[nodiscard]] std::uint64_t wait_ns() const;
  [[nodiscard]] bool may_ask() const;

  void feed(std::uint32_t index);
  void feed_due();
  [[nodiscard]] bool ask_next(Peer& peer, std::uint64_t start_ns);
  void set_missed(Peer& peer, std::uint64_t start_ns);
  void write(Peer& peer, Verb verb, std::uint64_t start_ns);
  void offer(std::uint32_t index);

  void handle(const ring::Completion& completion);
  void on_received(std::uint32_t index, const ring::Completion& completion);
  void on_sent(std::uint32_t index, std::int32_t result);
  [[nodiscard]] std::size_t take_answers(Peer& peer, std::string_view input);
  void on_answer(Peer& peer, const Answer& answer, std::string_view input);
  void on_value(Peer& peer, Request& request, const Answer& answer);
  void on_miss(Peer& peer, const Item& item);
  void complete(Peer& peer);
  void note_problem(std::uint64_t& counter, std::string_view what);
  void flush(std::uint32_t index);
  void mark(std::uint32_t index);
  void fail(Error error);

  const Protocol& protocol_;
  ClientOptions options_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::uint32_t> with_output_;
  std::deque<std::uint32_t> free_;  // Peers with room for a request, in an open loop.
  std::vector<Item> asked_;         // The request being made.

  Source* source_ = nullptr;
  Stint stint_;
  std::optional<Pace> pace_;
  std::size_t depth_ = 1;
  std::uint64_t start_ns_ = 0;
  std::uint64_t until_ns_ = 0;
  std::uint64_t now_ns_ = 0;
  std::uint64_t heard_ns_ = 0;  // When something last arrived.
  std::uint64_t asked_count_ = 0;
  std::size_t in_flight_ = 0;  // Requests, of all peers.
  std::size_t missed_ = 0;     // Sets to be made, of all peers.
  bool is_exhausted_ = false;
  std::optional<Error> failure_;

  Record record_;
  std::atomic<std::uint64_t> done_ = 0;
  std::unique_ptr<ring::Ring> ring_;  // Last: the kernel may use the peers' memory until it goes.
};

}  // namespace rc::bench
