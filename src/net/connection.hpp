// A connection, and the slots that connections live in. One line of cache each while idle; input,
// output and the session behind `session` hang on it only while they are needed.
//
// Invariants:
//   1. At most one receive, one send and one cancellation are in flight; the flags say which.
//   2. The slot is reused only when none is (see Engine::finish_closing), and then with another
//      generation, so a completion never reaches a stranger.
//   3. `chain` is null unless there is output that the kernel has not taken.
// Thread: the owning worker.
#pragma once

#include "base/cacheline.hpp"
#include "net/pending_input.hpp"
#include "net/send_chain.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace rc::net {

struct alignas(cache_line_bytes) Connection {
  void* session = nullptr;
  std::unique_ptr<SendChain> chain;
  PendingInput input;
  int fd = -1;
  std::uint32_t generation = 0;

  // In flight.
  bool is_receiving : 1 = false;
  bool is_sending : 1 = false;
  bool is_cancelling : 1 = false;
  // Waiting in a list of the loop.
  bool is_queued_to_run : 1 = false;
  bool is_queued_to_send : 1 = false;
  bool is_waiting : 1 = false;  // for the next of the sink's regular calls
  // State.
  bool is_open : 1 = false;
  bool is_blocked : 1 = false;    // its output is full: executes nothing until it has drained
  bool is_paused : 1 = false;     // too much waits to be executed: receives nothing
  bool is_starved : 1 = false;    // lost its receive because the ring had no buffer
  bool is_at_end : 1 = false;     // the peer has sent everything it will
  bool is_finishing : 1 = false;  // closes when its output is sent
  bool is_closing : 1 = false;    // shut down; waits for what is in flight

  // Whether bytes that arrive must wait for others to be executed first.
  [[nodiscard]] bool must_wait() const { return is_blocked || is_queued_to_run; }
  [[nodiscard]] bool is_quiet() const { return !is_receiving && !is_sending && !is_cancelling; }
};
static_assert(sizeof(Connection) == cache_line_bytes);

// Names a connection for as long as it lives; afterwards it names nothing.
struct ConnectionRef {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

// All connections of a worker. Slots come in chunks, made when they are first needed, and keep
// their place in memory.
class Connections {
 public:
  // A free slot, the one used last first: it is the one still in the cache.
  [[nodiscard]] std::uint32_t take();
  // Gives the slot another generation and makes it free. Requires: nothing hangs on it.
  void give_back(std::uint32_t index);

  [[nodiscard]] Connection& operator[](std::uint32_t index) {
    return chunks_[index / chunk_slots]->slots[index % chunk_slots];
  }
  // Null if the reference outlived its connection.
  [[nodiscard]] Connection* find(ConnectionRef ref);

  [[nodiscard]] std::uint32_t open_count() const { return open_count_; }
  // Slots ever made; open ones are among them.
  [[nodiscard]] std::uint32_t slot_count() const {
    return static_cast<std::uint32_t>(chunks_.size()) * chunk_slots;
  }

 private:
  static constexpr std::uint32_t chunk_slots = 64;
  struct Chunk {
    std::array<Connection, chunk_slots> slots;
  };

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t open_count_ = 0;
};

}  // namespace rc::net
