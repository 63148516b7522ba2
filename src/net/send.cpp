// Engine: output. One send per connection and turn, and never two in flight, so replies keep their
// order and those that come meanwhile leave together.
#include "net/engine.hpp"

#include <algorithm>
#include <cerrno>

namespace rc::net {

using ring::Completion;
using ring::OpKind;
using stats::Metric;

namespace {

// Output written but not handed to the kernel. More than the second-level cache holds would be
// fetched again when it is sent.
constexpr std::size_t unsubmitted_max_bytes = 256 * 1024;

constexpr Nanoseconds slow_reader_ns = 1'000'000'000;

}  // namespace

void Engine::queue_to_send(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (connection.is_queued_to_send || connection.is_sending) return;
  connection.is_queued_to_send = true;
  sending_.push_back(ref(index));
  if (unsubmitted_bytes_ <= unsubmitted_max_bytes) return;
  flush_queued();
  ring_.submit();
  unsubmitted_bytes_ = 0;
}

void Engine::flush_queued() {
  for (const ConnectionRef ref : sending_) {
    Connection* connection = connections_.find(ref);
    if (connection == nullptr || !connection->is_queued_to_send) continue;
    connection->is_queued_to_send = false;
    if (!connection->is_closing && connection->chain != nullptr) start_send(ref.index);
  }
  sending_.clear();
}

void Engine::start_send(std::uint32_t index) {
  Connection& connection = connections_[index];
  SendChain& chain = *connection.chain;
  const SendChain::Batch batch = chain.next_batch();
  chain.in_flight_bytes = batch.bytes;
  chain.send_began_ns = now_.monotonic_ns;
  connection.is_sending = true;
  if (batch.message == nullptr) {
    ring_.send(connection.fd, batch.segment, op(OpKind::send, index));
  } else {
    ring_.sendmsg(connection.fd, batch.message, op(OpKind::send, index));
  }
}

void Engine::handle_send(std::uint32_t index, const Completion& completion) {
  Connection& connection = connections_[index];
  connection.is_sending = false;
  if (completion.result > 0) {
    counters_.add(Metric::bytes_written, static_cast<std::uint64_t>(completion.result));
  }
  if (connection.is_closing) {
    drop_output(connection);
    return finish_closing_if_quiet(index);
  }
  if (completion.result <= 0) {
    const int number = -completion.result;
    const bool comes_again = number == EINTR || number == EAGAIN || number == ENOBUFS;
    return comes_again ? queue_to_send(index) : close(index, Ending::failed);
  }
  const auto bytes = static_cast<std::size_t>(completion.result);
  if (bytes < connection.chain->in_flight_bytes) counters_.add(Metric::send_partial);
  release_sent(connection, bytes);
  continue_after_send(index);
}

void Engine::continue_after_send(std::uint32_t index) {
  Connection& connection = connections_[index];
  const std::size_t pending = connection.chain == nullptr ? 0 : connection.chain->pending_bytes();
  if (connection.chain == nullptr && connection.is_finishing) {
    return close(index, Ending::finished);
  }
  if (connection.chain != nullptr) queue_to_send(index);
  // Half empty is soon enough: stopping and starting at the limit itself would make every send a
  // small one.
  if (!connection.is_blocked || pending > options_.output_limit_bytes / 2) return;
  connection.is_blocked = false;
  queue_to_run(index, running_);
}

void Engine::release_sent(Connection& connection, std::size_t bytes) {
  connection.chain->advance(bytes, [this](PinToken token) { sink_.on_released(token); });
  if (connection.chain->empty()) chains_.give_back(std::move(connection.chain));
}

void Engine::drop_output(Connection& connection) {
  if (connection.chain != nullptr) release_sent(connection, connection.chain->pending_bytes());
}

// A send covers at most SendChain::send_bytes_max and completes when all of it is taken, so a
// reader counts as slow if it takes less than that in a second. The longest waiting half is closed;
// the next time shows whether that was enough.
void Engine::close_slow_readers() {
  if (!sink_.wants_slow_readers_closed() && !send_buffers_.exhausted()) return;
  const auto began = [this](ConnectionRef r) { return connections_[r.index].chain->send_began_ns; };
  scratch_.clear();
  for (std::uint32_t i = 0; i < connections_.slot_count(); ++i) {
    const Connection& connection = connections_[i];
    if (!connection.is_open || connection.is_closing || !connection.is_sending) continue;
    if (now_.monotonic_ns - began(ref(i)) >= slow_reader_ns) scratch_.push_back(ref(i));
  }
  std::sort(scratch_.begin(), scratch_.end(), [&](ConnectionRef a, ConnectionRef b) {
    return began(a) < began(b);
  });
  const std::size_t closed = (scratch_.size() + 1) / 2;
  for (std::size_t i = 0; i < closed; ++i) close(scratch_[i].index, Ending::failed);
}

}  // namespace rc::net
