// The state and the code behind net::Loop, for this room only. One class in several files, each a
// part of a connection's life: engine.cpp (turns, stopping), accept.cpp, recv.cpp, send.cpp,
// close.cpp.
//
// The rules that hold it together:
//   - Completions are handled in one place per kind, and every handler ends with the connection in
//     a state in which something is in flight, queued or waited for; nothing is ever forgotten.
//   - A multishot operation that ended is armed again by the handler that saw it end, unless the
//     connection does not want it (wants_receive) or must wait for buffers (starved_).
//   - Sink calls are made only between on_turn_begin and on_turn_end.
// Thread: the owning worker, except request_stop.
#pragma once

#include "base/clock.hpp"
#include "net/connection.hpp"
#include "net/loop.hpp"
#include "net/output.hpp"
#include "net/send_buffers.hpp"
#include "net/sink.hpp"
#include "net/team.hpp"
#include "ring/ring.hpp"
#include "stats/counters.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace rc::net {

class Engine {
 public:
  Engine(
      const Loop::Options& options,
      Team& team,
      ring::Ring& ring,
      Sink& sink,
      stats::Counters& counters
  );
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  bool turn(Nanoseconds wait_ns);
  // How long the next turn may wait.
  [[nodiscard]] Nanoseconds wait_ns() const;
  void request_stop(Stop how);

 private:
  // engine.cpp: turns
  void start();
  void reap();
  void look_ahead(std::span<const ring::Completion> completions);
  void handle(const ring::Completion& completion);
  void handle_of_connection(const ring::Completion& completion);
  void handle_wake();
  void handle_datagrams(std::uint32_t socket);
  void run_queued();
  void queue_waiting();
  void keep_house();
  // engine.cpp: stopping
  void follow_stop_requests();
  void begin_drain();
  void begin_stop_now();
  [[nodiscard]] bool has_ended();

  // accept.cpp
  [[nodiscard]] bool is_acceptor() const { return options_.worker == 0; }
  void arm_accepts();
  void handle_accept(const ring::Completion& completion);
  void handle_refuse(const ring::Completion& completion);
  void handle_hand_over(const ring::Completion& completion);
  void handle_handed(const ring::Completion& completion);
  void place(int fd, std::uint32_t listener);
  void open(int fd, std::uint32_t listener);
  void stop_accepting();

  // recv.cpp
  [[nodiscard]] bool wants_receive(const Connection& connection) const;
  void arm_receive(std::uint32_t index);
  void handle_receive(std::uint32_t index, const ring::Completion& completion);
  void receive_failed(std::uint32_t index, int number);
  void receive(std::uint32_t index, std::string_view bytes);
  void execute(std::uint32_t index, std::string_view fresh);
  [[nodiscard]] Next execute_in_place(Connection& connection, std::string_view bytes);
  [[nodiscard]] Next execute_joined(Connection& connection, std::string_view fresh);
  [[nodiscard]] Consumed offer(Connection& connection, std::string_view bytes);
  void follow(std::uint32_t index, Next next);
  void await_rest(std::uint32_t index);
  void await_time(std::uint32_t index);
  void keep(Connection& connection, std::string_view bytes);
  void drop_input(Connection& connection);
  void pause_receive_if_much_waits(std::uint32_t index);
  void queue_to_run(std::uint32_t index, std::vector<ConnectionRef>& list);
  void rearm_starved();

  // send.cpp
  void queue_to_send(std::uint32_t index);
  void flush_queued();
  void start_send(std::uint32_t index);
  void handle_send(std::uint32_t index, const ring::Completion& completion);
  void continue_after_send(std::uint32_t index);
  void release_sent(Connection& connection, std::size_t bytes);
  void drop_output(Connection& connection);
  void close_slow_readers();

  // close.cpp
  void close_idle();
  void finish(std::uint32_t index);
  void close(std::uint32_t index, Ending why);
  void finish_closing_if_quiet(std::uint32_t index);

  [[nodiscard]] ConnectionRef ref(std::uint32_t index);
  [[nodiscard]] ring::OpId op(ring::OpKind kind, std::uint32_t index);

  const Loop::Options options_;
  Team& team_;
  ring::Ring& ring_;
  Sink& sink_;
  stats::Counters& counters_;

  Connections connections_;
  SendBuffers send_buffers_;
  ChainPool chains_;
  std::unique_ptr<DatagramServer> datagrams_;  // null where there are no UDP sockets to serve
  LoopOutput output_;

  // To be run this turn, the next turn, sent at the end of this turn, given a receive again.
  std::vector<ConnectionRef> running_;
  std::vector<ConnectionRef> next_running_;
  std::vector<ConnectionRef> sending_;
  std::vector<ConnectionRef> waiting_;  // asked for Next::wait; is_waiting says so too
  std::vector<ConnectionRef> starved_;
  std::vector<ConnectionRef> scratch_;

  Instant now_;
  Nanoseconds house_kept_ns_ = 0;
  Nanoseconds waited_ns_ = 0;          // when those that wait were called last
  std::uint32_t idle_hand_ = 0;        // the slot that close_idle looks at next
  std::size_t input_bytes_ = 0;        // capacity of all PendingInputs
  std::size_t unsubmitted_bytes_ = 0;  // output of this turn that the kernel has not seen
  bool wants_turn_soon_ = false;
  bool is_started_ = false;
  bool has_ended_ = false;

  // Accepting; index: listener.
  std::vector<bool> is_accepting_;
  bool is_accept_paused_ = false;
  std::uint32_t placing_ = 0;  // hand-overs and refusals in flight

  // Stopping.
  std::atomic<Stop> stop_asked_{Stop::none};
  Stop stop_ = Stop::none;
  Nanoseconds stop_deadline_ns_ = 0;
  bool saw_accepting_end_ = false;
  int wake_fd_ = -1;
  bool is_wake_armed_ = false;
};

}  // namespace rc::net
