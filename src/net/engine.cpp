#include "net/engine.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <unistd.h>
#include <utility>

#include <sys/eventfd.h>

namespace rc::net {

using ring::Completion;
using ring::OpId;
using ring::OpKind;
using stats::Metric;

namespace {

constexpr Nanoseconds millisecond_ns = 1'000'000;
constexpr Nanoseconds idle_wait_ns = 1000 * millisecond_ns;
constexpr Nanoseconds short_wait_ns = 100 * millisecond_ns;
// While the sink has work of its own to do, a fraction of a millisecond per turn.
constexpr Nanoseconds background_wait_ns = millisecond_ns;
constexpr Nanoseconds stopping_wait_ns = 10 * millisecond_ns;
constexpr Nanoseconds waiting_wait_ns = wait_period_ms * millisecond_ns;
// So many completions are handled together: about one in two is of bytes received.
constexpr std::size_t look_ahead_completions = 2 * Sink::look_ahead_max;
// After Stop::now, what the kernel may take to give everything back.
constexpr Nanoseconds stop_now_patience_ns = 1000 * millisecond_ns;

}  // namespace

Engine::Engine(
    const Loop::Options& options,
    Team& team,
    ring::Ring& ring,
    Sink& sink,
    stats::Counters& counters
)
    : options_(options),
      team_(team),
      ring_(ring),
      sink_(sink),
      counters_(counters),
      send_buffers_(options.send_share_bytes),
      chains_(send_buffers_),
      output_(send_buffers_, chains_, options.output_limit_bytes),
      is_accepting_(team.listeners().size(), false),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  RC_ASSERT(options.worker < team.workers());
  team_.set_ring(options.worker, ring.descriptor());
}

Engine::~Engine() {
  // Nobody asked it to stop; but nothing may be in flight when its memory goes.
  if (is_started_ && !has_ended_) {
    request_stop(Stop::now);
    while (turn(stopping_wait_ns)) {
    }
  }
  team_.set_ring(options_.worker, -1);
  // What the kernel has not given back even then; none on any kernel we know.
  for (std::uint32_t i = 0; i < connections_.slot_count(); ++i) drop_output(connections_[i]);
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

ConnectionRef Engine::ref(std::uint32_t index) {
  return {.index = index, .generation = connections_[index].generation};
}

OpId Engine::op(OpKind kind, std::uint32_t index) {
  return {.kind = kind, .index = index, .generation = connections_[index].generation};
}

void Engine::start() {
  is_started_ = true;
  handle_wake();
  if (!is_acceptor()) return;
  arm_accepts();
  if (team_.datagrams().empty()) return;
  datagrams_ = std::make_unique<DatagramServer>(sink_, counters_);
  for (std::uint32_t i = 0; i < team_.datagrams().size(); ++i) {
    ring_.poll(team_.datagrams()[i].fd(), {.kind = OpKind::datagram, .index = i});
  }
}

bool Engine::turn(Nanoseconds wait_ns) {
  if (!is_started_) start();
  ring_.submit_and_wait(wait_ns);
  // Everything queued so far has been handed to the kernel.
  unsubmitted_bytes_ = 0;
  now_ = read_clocks();
  counters_.add(Metric::loop_turns);

  sink_.on_turn_begin(now_);
  running_.insert(running_.end(), next_running_.begin(), next_running_.end());
  next_running_.clear();
  reap();
  queue_waiting();
  run_queued();
  const Nanoseconds house_period_ns = options_.house_period_ms * millisecond_ns;
  if (now_.monotonic_ns - house_kept_ns_ >= house_period_ns) keep_house();
  follow_stop_requests();
  sink_.on_turn_end();
  wants_turn_soon_ = sink_.wants_turn_soon();

  flush_queued();
  ring_.publish_buffers();
  rearm_starved();
  has_ended_ = has_ended();
  if (!has_ended_) return true;
  // The last descriptors are closed before run() returns.
  ring_.submit();
  return false;
}

Nanoseconds Engine::wait_ns() const {
  if (!next_running_.empty()) return 0;
  if (stop_ != Stop::none) return stopping_wait_ns;
  if (wants_turn_soon_) return background_wait_ns;
  if (!waiting_.empty()) return waiting_wait_ns;
  const bool is_short = is_accept_paused_ || send_buffers_.exhausted();
  return is_short ? short_wait_ns : idle_wait_ns;
}

void Engine::reap() {
  // Large enough that a busy turn takes few rounds, small enough for the stack.
  std::array<Completion, 256> completions;
  std::size_t count = 0;
  do {
    count = ring_.reap(completions);
    for (std::size_t i = 0; i < count; i += look_ahead_completions) {
      const std::size_t some = std::min(look_ahead_completions, count - i);
      const auto group = std::span(completions).subspan(i, some);
      look_ahead(group);
      for (const Completion& completion : group) handle(completion);
    }
  } while (count == completions.size());
  if (const std::uint64_t overflows = ring_.take_overflows(); overflows != 0) {
    counters_.add(Metric::cq_overflows);
  }
}

void Engine::look_ahead(std::span<const Completion> completions) {
  std::array<std::string_view, Sink::look_ahead_max> inputs;
  std::size_t count = 0;
  for (const Completion& completion : completions) {
    if (completion.bytes.empty() || count == inputs.size()) continue;
    inputs[count++] = completion.bytes;
  }
  // Alone it would be fetched as soon by being executed.
  if (count > 1) sink_.look_ahead(std::span(inputs).first(count));
}

void Engine::handle(const Completion& completion) {
  switch (completion.id.kind) {
    case OpKind::recv:
    case OpKind::send:
    case OpKind::cancel:
      return handle_of_connection(completion);
    case OpKind::accept:
      return handle_accept(completion);
    case OpKind::refuse:
      return handle_refuse(completion);
    case OpKind::hand_over:
      return handle_hand_over(completion);
    case OpKind::handed:
      return handle_handed(completion);
    case OpKind::wake:
      return handle_wake();
    case OpKind::datagram:
      return handle_datagrams(completion.id.index);
    case OpKind::ignored:
      return;
  }
}

void Engine::handle_of_connection(const Completion& completion) {
  const std::uint32_t index = completion.id.index;
  Connection* connection =
      connections_.find({.index = index, .generation = completion.id.generation});
  // Cannot happen while invariant 2 of Connection holds; if it ever does, nobody is harmed.
  if (connection == nullptr) return;
  switch (completion.id.kind) {
    case OpKind::recv:
      return handle_receive(index, completion);
    case OpKind::send:
      return handle_send(index, completion);
    default:
      connection->is_cancelling = false;
      return finish_closing_if_quiet(index);
  }
}

void Engine::run_queued() {
  // By position: running a connection may queue others behind it.
  for (std::size_t i = 0; i < running_.size(); ++i) {
    const ConnectionRef ref = running_[i];
    Connection* connection = connections_.find(ref);
    if (connection == nullptr || !connection->is_queued_to_run) continue;
    connection->is_queued_to_run = false;
    if (!connection->is_closing) execute(ref.index, {});
  }
  running_.clear();
}

// Turns may come thick and fast; those that wait are called at their own pace.
void Engine::queue_waiting() {
  if (waiting_.empty() || now_.monotonic_ns - waited_ns_ < waiting_wait_ns) return;
  waited_ns_ = now_.monotonic_ns;
  for (const ConnectionRef ref : waiting_) {
    Connection* connection = connections_.find(ref);
    if (connection == nullptr) continue;
    connection->is_waiting = false;
    // Nothing is executed behind a request to close.
    if (!connection->is_finishing) queue_to_run(ref.index, running_);
  }
  waiting_.clear();
}

void Engine::keep_house() {
  house_kept_ns_ = now_.monotonic_ns;
  if (is_accept_paused_) {
    is_accept_paused_ = false;
    arm_accepts();
  }
  close_slow_readers();
  close_idle();
}

void Engine::request_stop(Stop how) {
  Stop asked = stop_asked_.load(std::memory_order_relaxed);
  // Relaxed: the word says everything there is to say. It only ever grows.
  while (asked < how && !stop_asked_.compare_exchange_weak(asked, how, std::memory_order_relaxed)) {
  }
  const std::uint64_t one = 1;
  // Cannot fail but by being full, and then the loop is woken already.
  static_cast<void>(!::write(wake_fd_, &one, sizeof(one)));
}

void Engine::handle_wake() {
  // Without it a stop is seen at the next tick.
  if (wake_fd_ < 0) return;
  std::uint64_t count = 0;
  static_cast<void>(!::read(wake_fd_, &count, sizeof(count)));
  ring_.poll(wake_fd_, {.kind = OpKind::wake});
}

void Engine::handle_datagrams(std::uint32_t socket) {
  if (stop_ != Stop::none) return;
  const DatagramSocket& served = team_.datagrams()[socket];
  datagrams_->serve(served);
  // Completes at once if more datagrams wait than one turn serves.
  ring_.poll(served.fd(), {.kind = OpKind::datagram, .index = socket});
}

void Engine::follow_stop_requests() {
  // Relaxed: partner of request_stop.
  const Stop asked = stop_asked_.load(std::memory_order_relaxed);
  const bool is_late = stop_ == Stop::drain && now_.monotonic_ns >= stop_deadline_ns_;
  if (asked >= Stop::drain && stop_ == Stop::none) begin_drain();
  if ((asked == Stop::now || is_late) && stop_ != Stop::now) begin_stop_now();
}

void Engine::begin_drain() {
  stop_ = Stop::drain;
  stop_deadline_ns_ = now_.monotonic_ns + options_.drain_deadline_ms * millisecond_ns;
  stop_accepting();
  for (std::uint32_t i = 0; i < connections_.slot_count(); ++i) {
    const Connection& connection = connections_[i];
    if (!connection.is_open || connection.is_closing) continue;
    // What the kernel has received is still delivered; then the receive sees the end of the
    // stream, and the connection finishes as if its peer had closed it.
    ring_.shutdown(connection.fd, ring::Direction::read);
  }
}

void Engine::begin_stop_now() {
  stop_ = Stop::now;
  stop_deadline_ns_ = now_.monotonic_ns + stop_now_patience_ns;
  ring_.cancel_all({});
  for (std::uint32_t i = 0; i < connections_.slot_count(); ++i) {
    const Connection& connection = connections_[i];
    if (connection.is_open && !connection.is_closing) close(i, Ending::stopped);
  }
}

bool Engine::has_ended() {
  if (stop_ == Stop::none) return false;
  if (stop_ == Stop::now && now_.monotonic_ns >= stop_deadline_ns_) return true;
  if (is_acceptor() && team_.accepting()) {
    const bool is_idle =
        std::none_of(is_accepting_.begin(), is_accepting_.end(), [](bool armed) { return armed; });
    if (!is_idle || placing_ != 0) return false;
    team_.end_accepting();
  }
  if (team_.accepting()) return false;
  // One more turn: the last connection may have been handed over just before.
  if (!std::exchange(saw_accepting_end_, true)) return false;
  return connections_.open_count() == 0;
}

}  // namespace rc::net
