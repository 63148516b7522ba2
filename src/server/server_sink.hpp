// What net calls with the bytes of one worker's connections: opens and closes sessions, frames the
// store's turns, and gives pinned values back.
// Thread: the owning worker.
#pragma once

#include "net/sink.hpp"
#include "server/context.hpp"
#include "server/node.hpp"
#include "store/access.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace rc::server {

class ServerSink final : public net::Sink, private store::EvictionObserver {
 public:
  // Both outlive the sink. `access` counts into node.worker(worker_index).counters too.
  ServerSink(Node& node, std::uint32_t worker_index, store::Access& access);
  // Requires: net has closed all connections.
  ~ServerSink();

  void on_turn_begin(const Instant& now) override;
  void on_turn_end() override;
  [[nodiscard]] void* on_open(const net::ConnInfo& info) override;
  void look_ahead(std::span<const std::string_view> inputs) override;
  [[nodiscard]] net::Consumed on_bytes(void* session, std::string_view bytes, net::Output& out)
      override;
  void on_released(net::PinToken token) override;
  void on_ending(void* session, net::Ending why) override;
  void on_close(void* session) override;
  [[nodiscard]] bool wants_slow_readers_closed() const override;
  [[nodiscard]] bool is_idle(const void* session) const override;

  // The store has work left that should not wait for the next client: take another turn soon.
  [[nodiscard]] bool wants_turn_soon() const override { return wants_turn_soon_; }

 private:
  void on_evicted(const store::Item& item) override;

  ConnectionList& connections_;
  Context context_;
  bool wants_turn_soon_ = false;
};

}  // namespace rc::server
