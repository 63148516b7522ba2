// One worker's event loop: it moves bytes between sockets and a Sink.
//
// A turn: reap all completions -> sink.on_turn_begin -> sink.on_bytes per connection that has
// input -> sink.on_turn_end -> one send per connection that has output -> give the receive buffers
// back -> submit and wait. While nothing happens, a turn comes at least once a second.
//
// To start a node: open the listeners, make one Team, and start a thread per worker. Each thread
// makes its KernelRing and its Loop; when all are made (wait for that, and for errors), each calls
// run(). Worker 0 accepts and hands connections to all.
// Thread: the worker's own, except request_stop.
#pragma once

#include "base/clock.hpp"
#include "net/sink.hpp"
#include "net/team.hpp"
#include "ring/ring.hpp"
#include "stats/counters.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace rc::net {

enum class Stop : std::uint8_t {
  none,
  drain,  // accept no more, execute what has arrived, send what is pending, then return
  now,    // close everything and return
};

class Engine;

class Loop {
 public:
  struct Options {
    std::uint32_t worker = 0;  // 0 .. team.workers() - 1; worker 0 accepts
    // A connection with more output than this executes nothing until its peer has read.
    std::size_t output_limit_bytes = 1024 * 1024;
    // The send buffers of all connections of this worker together. Above it, connections are held
    // to little output each and slow readers are closed.
    std::size_t send_share_bytes = 32 * 1024 * 1024;
    // Received bytes that could not be executed yet, of all connections of this worker together.
    std::size_t input_share_bytes = 32 * 1024 * 1024;
    std::uint32_t drain_deadline_ms = 5000;
    // How often paused accepts and slow readers are looked at.
    std::uint32_t house_period_ms = 100;
  };

  // All of them outlive the Loop.
  Loop(const Options& options, Team& team, ring::Ring& ring, Sink& sink, stats::Counters& counters);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves until a stop is asked for and carried out. Requires: all loops of the team exist.
  void run();

  // Thread: any, and any number of times; a later Stop::now overrides Stop::drain.
  void request_stop(Stop how);

  // One turn that waits at most `wait_ns`; false when the loop has ended. run() is a sequence of
  // turns; tests take them one by one.
  bool turn(Nanoseconds wait_ns);

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace rc::net
