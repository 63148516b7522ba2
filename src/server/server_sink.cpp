#include "server/server_sink.hpp"

#include "base/assert.hpp"
#include "proto/key_guess.hpp"
#include "server/session.hpp"
#include "server/watch_events.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace rc::server {

ServerSink::ServerSink(Node& node, std::uint32_t worker_index, store::Access& access)
    : connections_(node.worker(worker_index).connections),
      context_{
          .node = node,
          .access = access,
          .counters = node.worker(worker_index).counters,
          .prefixes = {node.prefixes(), worker_index},
          .now = {},
          .batch = {},
          .request = {},
          .pending = {},
          .items = {},
          .watched = 0,
          .connection_id = 0} {}

ServerSink::~ServerSink() {
  context_.access.observe_evictions(nullptr);
  RC_ASSERT(connections_.size() == 0);
}

void ServerSink::on_turn_begin(const Instant& now) {
  context_.now = {.wall = context_.node.clock(now.wall), .monotonic_ns = now.monotonic_ns};
  context_.prefixes.refresh();
  context_.watched = context_.node.watchers().mask();
  context_.access.observe_evictions(context_.watches(Watch::evictions) ? this : nullptr);
  context_.access.begin_turn(context_.now.wall);
}

void ServerSink::on_turn_end() {
  wants_turn_soon_ = context_.access.background_step();
  context_.access.end_turn();
}

void* ServerSink::on_open(const net::ConnInfo& info) {
  auto session = std::make_unique<Session>(context_.node.protocol_at(info.listener));
  ConnectionRecord& record = session->record();
  record.peer = info.peer;
  record.id = info.id;
  record.is_unix = info.is_unix;
  // Relaxed: see ConnectionRecord.
  record.last_active_s.store(count(context_.now.wall), std::memory_order_relaxed);
  connections_.add(record, info.listener);
  if (!info.is_datagram) tell_opened(record, context_);
  // net keeps it until on_close().
  return session.release();
}

// Where each peer asks for one thing at a time, this is what makes their look-ups one batch.
void ServerSink::look_ahead(std::span<const std::string_view> inputs) {
  static_assert(look_ahead_max <= store::Access::batch_max);
  std::array<std::string_view, look_ahead_max> keys;
  std::size_t count = 0;
  for (const std::string_view input : inputs) {
    const std::string_view key = proto::KeyGuess(input).next();
    if (!key.empty()) keys[count++] = key;
  }
  context_.access.look_ahead(std::span(keys).first(count));
}

net::Consumed ServerSink::on_bytes(void* session, std::string_view bytes, net::Output& out) {
  return static_cast<Session*>(session)->on_bytes(bytes, out, context_);
}

void ServerSink::on_released(net::PinToken token) {
  context_.access.release(store::PinToken{token});
}

void ServerSink::on_ending(void* session, net::Ending why) {
  const auto* const ending = static_cast<Session*>(session);
  // To net it ended well, if what the peer did wrong was a matter of its protocol.
  if (why == net::Ending::finished && ending->broke_off()) why = net::Ending::failed;
  tell_closed(ending->record(), why, context_);
}

void ServerSink::on_evicted(const store::Item& item) {
  tell_eviction(item, context_);
}

void ServerSink::on_close(void* session) {
  const std::unique_ptr<Session> closing(static_cast<Session*>(session));
  closing->on_close(context_);
  connections_.remove(closing->record());
}

bool ServerSink::is_idle(const void* session) const {
  const std::uint32_t timeout_s = context_.node.settings().idle_timeout_s;
  if (timeout_s == 0 || static_cast<const Session*>(session)->is_watching()) return false;
  // Relaxed: see ConnectionRecord; this thread wrote it.
  const std::uint32_t active_s =
      static_cast<const Session*>(session)->record().last_active_s.load(std::memory_order_relaxed);
  return count(context_.now.wall) > active_s + timeout_s;
}

bool ServerSink::wants_slow_readers_closed() const {
  return context_.node.store().wants_slow_readers_closed();
}

}  // namespace rc::server
