// What net asks of the layer above, and what it offers to it: the whole interface between sockets
// and protocols. net knows no protocol; the server knows no socket.
//
// Thread: a Sink and its connections belong to one worker.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rc::net {

// Bytes that lie in memory the layer above keeps alive (a large value): net sends them from where
// they are and calls Sink::on_released(token) exactly once, when the kernel no longer needs them or
// the connection is gone.
using PinToken = std::uint64_t;

// The replies of one connection, in order; the sink only appends. The common case, a short reply
// into a buffer with room, is inline and has no virtual call; net (and a string in tests)
// implements the rest.
class Output {
 public:
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Room for `bytes` contiguous bytes, to be followed by commit() of what was written (perhaps
  // less). Never null. Requires: bytes <= reserve_max_bytes.
  static constexpr std::size_t reserve_max_bytes = 8 * 1024;
  [[nodiscard]] char* reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - cursor_) >= bytes) return cursor_;
    return grow(bytes);
  }
  void commit(std::size_t bytes) { cursor_ += bytes; }

  // Copies `text`, of any length.
  void append(std::string_view text);

  // Appends bytes by reference. Several pieces may share one token: pass `last` with the final one;
  // Sink::on_released(token) comes once, after all of them are sent or dropped.
  virtual void append_pinned(std::string_view bytes, PinToken token, bool last) = 0;

  // Bytes appended and not yet taken by the kernel. While full() the sink should execute no more
  // and return Next::blocked; a reply begun may be finished.
  [[nodiscard]] virtual std::size_t pending_bytes() const = 0;
  [[nodiscard]] virtual bool full() const = 0;

 protected:
  Output() = default;
  ~Output() = default;

  // Starts another buffer with at least `bytes` of room, sets cursor_ and end_ to it and returns
  // cursor_. The implementation knows from cursor_ how much of the last buffer was filled.
  virtual char* grow(std::size_t bytes) = 0;

  char* cursor_ = nullptr;
  char* end_ = nullptr;
};

// What the sink wants after it has seen some bytes.
enum class Next : std::uint8_t {
  receive,  // everything that could be executed was; call again when more bytes arrive
  yield,    // the connection used up its share of this turn; call again next turn
  wait,     // as receive, and call again within wait_period_ms even if nothing arrives
  blocked,  // the output is full; call again when it has drained
  close,    // send what is pending, then close; no more calls but on_close
  abort,    // close at once, pending output is dropped
};

// Next::wait is for a session that has something to say unasked: no thread has to wake another for
// it, and what it says is sent in pieces of some size.
inline constexpr std::uint32_t wait_period_ms = 10;

// Why a connection is gone.
enum class Ending : std::uint8_t {
  finished,  // the peer or the sink has ended it
  failed,    // the socket failed, the sink gave it up, or the peer broke a limit or reads slowly
  idle,      // is_idle() was true
  stopped,   // the loop stops
};

struct Consumed {
  std::size_t bytes = 0;  // how many of the bytes given are done with; the rest is given again
  Next next = Next::receive;
};

// The peer of a connection as text, for `stats conns` and logs.
struct ConnInfo {
  std::uint32_t id = 0;  // small, unique among the open connections of all workers
  bool is_unix = false;
  bool is_datagram = false;   // no connection but one request; `id` means nothing
  std::string_view peer;      // "127.0.0.1:4711", "[::1]:4711" or the path of the listener
  std::string_view listener;  // the address it was accepted on
};

class Sink {
 public:
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // A worker's turn: everything between the two happens at one reading of the clocks.
  virtual void on_turn_begin(const Instant& now) = 0;
  virtual void on_turn_end() = 0;

  // True while background work waits: the next turn then comes within a tenth of a second even if
  // no byte arrives, else within a second. Asked after on_turn_end.
  [[nodiscard]] virtual bool wants_turn_soon() const { return false; }

  // A new connection. The pointer is handed back in every later call; never null.
  [[nodiscard]] virtual void* on_open(const ConnInfo& info) = 0;

  // What several connections have sent, before the first of them is executed: most of it comes with
  // on_bytes next, in this order. The sink may start to fetch memory that it will need, so that the
  // latencies overlap, and must change nothing. `inputs` are 2 to look_ahead_max.
  static constexpr std::size_t look_ahead_max = 32;
  virtual void look_ahead(std::span<const std::string_view> /*inputs*/) {}

  // Called once per batch of received bytes, with all bytes not yet consumed; after Next::yield,
  // wait and blocked also without new bytes, and then perhaps with none at all. `bytes` is valid
  // only during the call; what is not consumed is kept by net (copied if it must be) and comes
  // again in front of the next bytes. net closes a connection whose unconsumed bytes exceed
  // input_limit_bytes while it answers Next::receive.
  static constexpr std::size_t input_limit_bytes = 1024 * 1024;
  [[nodiscard]] virtual Consumed on_bytes(void* session, std::string_view bytes, Output& out) = 0;

  // The bytes of a pinned reply are no longer needed.
  virtual void on_released(PinToken token) = 0;

  // The connection is about to be gone, and why; on_close follows at once. Not for datagrams.
  virtual void on_ending(void* /*session*/, Ending /*why*/) {}

  // The connection is gone; `session` is not used again.
  virtual void on_close(void* session) = 0;

  // The peer has asked for nothing for too long: net closes the connection, unless a reply to it is
  // still on its way. Asked about every connection about once a second.
  [[nodiscard]] virtual bool is_idle(const void* /*session*/) const { return false; }

  // Memory is short and dead items are pinned by replies that nobody reads: while this is true,
  // net closes connections whose send has made no progress for a second, the longest first.
  [[nodiscard]] virtual bool wants_slow_readers_closed() const = 0;

 protected:
  Sink() = default;
  ~Sink() = default;
};

}  // namespace rc::net
