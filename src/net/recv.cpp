// Engine: received bytes. They are executed where the kernel put them; only an incomplete request
// or what must wait its turn is copied.
#include "base/assert.hpp"
#include "net/engine.hpp"

#include <algorithm>
#include <cerrno>

namespace rc::net {

using ring::Completion;
using ring::OpKind;
using stats::Metric;

namespace {

// More than this waiting to be executed, and the connection is not read until it has been.
constexpr std::size_t waiting_input_max = 64 * 1024;
// How much of what arrives is joined to an incomplete request at first. Most requests end within
// it, and what follows is then executed in place.
constexpr std::size_t join_bytes = 4096;

}  // namespace

bool Engine::wants_receive(const Connection& connection) const {
  return !connection.is_receiving && !connection.is_paused && !connection.is_starved &&
         !connection.is_at_end && !connection.is_finishing && !connection.is_closing;
}

void Engine::arm_receive(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (!wants_receive(connection)) return;
  connection.is_receiving = true;
  ring_.recv(connection.fd, op(OpKind::recv, index));
}

void Engine::handle_receive(std::uint32_t index, const Completion& completion) {
  Connection& connection = connections_[index];
  if (!completion.more) connection.is_receiving = false;
  if (connection.is_closing) return finish_closing_if_quiet(index);
  if (completion.result < 0) return receive_failed(index, -completion.result);
  if (completion.result == 0) {
    connection.is_at_end = true;
    // What waits is executed first.
    if (!connection.must_wait()) finish(index);
    return;
  }
  counters_.add(Metric::bytes_read, completion.bytes.size());
  const ConnectionRef before = ref(index);
  // Nothing is executed behind a request to close.
  if (!connection.is_finishing) receive(index, completion.bytes);
  if (completion.more) return;
  // It ended although bytes came: the completion queue was full, or the kernel wants others to have
  // their turn.
  counters_.add(Metric::recv_rearmed);
  if (connections_.find(before) != nullptr) arm_receive(index);
}

void Engine::receive_failed(std::uint32_t index, int number) {
  Connection& connection = connections_[index];
  switch (number) {
    case ENOBUFS:
      // Armed again at once it would fail at once: the buffers come back at the end of the turn.
      counters_.add(Metric::recv_starved);
      connection.is_starved = true;
      starved_.push_back(ref(index));
      return;
    case ECANCELED:
    case EINTR:
    case EAGAIN:
      return arm_receive(index);
    default:
      return close(index, Ending::failed);
  }
}

void Engine::rearm_starved() {
  for (const ConnectionRef ref : starved_) {
    Connection* connection = connections_.find(ref);
    if (connection == nullptr) continue;
    connection->is_starved = false;
    arm_receive(ref.index);
  }
  starved_.clear();
}

void Engine::receive(std::uint32_t index, std::string_view bytes) {
  Connection& connection = connections_[index];
  if (!connection.must_wait()) return execute(index, bytes);
  keep(connection, bytes);
  pause_receive_if_much_waits(index);
}

void Engine::pause_receive_if_much_waits(std::uint32_t index) {
  Connection& connection = connections_[index];
  const bool is_much =
      connection.input.size() > waiting_input_max || input_bytes_ > options_.input_share_bytes;
  if (!is_much || connection.is_paused) return;
  connection.is_paused = true;
  if (!connection.is_receiving || connection.is_cancelling) return;
  connection.is_cancelling = true;
  ring_.cancel(op(OpKind::recv, index), op(OpKind::cancel, index));
}

// Executes what waits, then `fresh`.
void Engine::execute(std::uint32_t index, std::string_view fresh) {
  Connection& connection = connections_[index];
  const std::size_t pending_before =
      connection.chain == nullptr ? 0 : connection.chain->pending_bytes();
  output_.bind(std::move(connection.chain));
  const Next next = connection.input.empty() ? execute_in_place(connection, fresh)
                                             : execute_joined(connection, fresh);
  connection.chain = output_.unbind();
  // Pins of no length have nothing to wait for.
  if (connection.chain != nullptr && connection.chain->pending_bytes() == 0) {
    release_sent(connection, 0);
  }
  if (connection.chain != nullptr) {
    unsubmitted_bytes_ += connection.chain->pending_bytes() - pending_before;
    queue_to_send(index);
  }
  follow(index, next);
}

Consumed Engine::offer(Connection& connection, std::string_view bytes) {
  const Consumed consumed = sink_.on_bytes(connection.session, bytes, output_);
  RC_ASSERT(consumed.bytes <= bytes.size());
  return consumed;
}

Next Engine::execute_in_place(Connection& connection, std::string_view bytes) {
  const Consumed consumed = offer(connection, bytes);
  keep(connection, bytes.substr(consumed.bytes));
  return consumed.next;
}

Next Engine::execute_joined(Connection& connection, std::string_view fresh) {
  const std::size_t kept_before = connection.input.size();
  const std::size_t joined = std::min(fresh.size(), join_bytes);
  keep(connection, fresh.substr(0, joined));
  const Consumed consumed = offer(connection, connection.input.view());
  const bool is_past_the_join = consumed.bytes >= kept_before;
  if (consumed.next == Next::receive && is_past_the_join && joined != 0) {
    // What was kept is executed. The rest lies in `fresh`, in place.
    const std::size_t of_fresh = consumed.bytes - kept_before;
    drop_input(connection);
    if (of_fresh == fresh.size()) return consumed.next;
    return execute_in_place(connection, fresh.substr(of_fresh));
  }
  const std::size_t capacity_before = connection.input.capacity();
  connection.input.remove_prefix(consumed.bytes);
  input_bytes_ -= capacity_before - connection.input.capacity();
  if (joined == fresh.size()) return consumed.next;
  keep(connection, fresh.substr(joined));
  if (consumed.next != Next::receive) return consumed.next;
  // A request longer than the join: once more, with everything.
  return execute_joined(connection, {});
}

void Engine::follow(std::uint32_t index, Next next) {
  Connection& connection = connections_[index];
  switch (next) {
    case Next::receive:
      return await_rest(index);
    case Next::yield:
      return queue_to_run(index, next_running_);
    case Next::wait:
      return await_time(index);
    case Next::blocked:
      // A sink that is blocked by nothing would never be called again.
      if (connection.chain == nullptr) return queue_to_run(index, next_running_);
      connection.is_blocked = true;
      return;
    case Next::close:
      return finish(index);
    case Next::abort:
      return close(index, Ending::failed);
  }
}

void Engine::await_rest(std::uint32_t index) {
  Connection& connection = connections_[index];
  const bool is_over_share =
      input_bytes_ > options_.input_share_bytes && connection.input.size() > waiting_input_max;
  if (connection.input.size() > Sink::input_limit_bytes || is_over_share)
    return close(index, Ending::failed);
  // No more will come: an incomplete request is dropped.
  if (connection.is_at_end) return finish(index);
  connection.is_paused = false;
  arm_receive(index);
}

void Engine::await_time(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (!connection.is_waiting) {
    connection.is_waiting = true;
    waiting_.push_back(ref(index));
  }
  await_rest(index);
}

void Engine::keep(Connection& connection, std::string_view bytes) {
  const std::size_t capacity_before = connection.input.capacity();
  connection.input.append(bytes);
  input_bytes_ += connection.input.capacity() - capacity_before;
}

void Engine::drop_input(Connection& connection) {
  input_bytes_ -= connection.input.capacity();
  connection.input.release();
}

void Engine::queue_to_run(std::uint32_t index, std::vector<ConnectionRef>& list) {
  Connection& connection = connections_[index];
  if (connection.is_queued_to_run) return;
  connection.is_queued_to_run = true;
  list.push_back(ref(index));
}

}  // namespace rc::net
