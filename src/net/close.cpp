// Engine: the end of a connection. The order matters: closing a descriptor under a multishot
// receive does nothing that anyone can see, not even to the peer, and a descriptor number is
// reused at once. So: drop what can be dropped, shut the socket down, wait until everything in
// flight has come back, close the descriptor, free the slot.
#include "net/engine.hpp"

#include <algorithm>

namespace rc::net {

using stats::Metric;

// Looks at some slots at a time, so that very many connections cost no turn much; ten calls, one
// second, go round.
void Engine::close_idle() {
  constexpr std::uint32_t slots_min = 1024;
  const std::uint32_t slots = connections_.slot_count();
  const std::uint32_t looked_at = std::min(slots, std::max(slots_min, slots / 10));
  for (std::uint32_t i = 0; i < looked_at; ++i) {
    idle_hand_ = idle_hand_ + 1 < slots ? idle_hand_ + 1 : 0;
    const Connection& connection = connections_[idle_hand_];
    if (!connection.is_open || connection.is_closing || connection.chain != nullptr) continue;
    if (!sink_.is_idle(connection.session)) continue;
    counters_.add(Metric::idle_kicks);
    close(idle_hand_, Ending::idle);
  }
}

// Closes when the output is sent.
void Engine::finish(std::uint32_t index) {
  Connection& connection = connections_[index];
  connection.is_finishing = true;
  drop_input(connection);
  if (connection.chain == nullptr) close(index, Ending::finished);
}

void Engine::close(std::uint32_t index, Ending why) {
  Connection& connection = connections_[index];
  connection.is_closing = true;
  sink_.on_ending(connection.session, why);
  sink_.on_close(connection.session);
  connection.session = nullptr;
  drop_input(connection);
  // The kernel may be reading what is in flight.
  if (!connection.is_sending) drop_output(connection);
  if (!connection.is_quiet()) ring_.shutdown(connection.fd, ring::Direction::both);
  finish_closing_if_quiet(index);
}

void Engine::finish_closing_if_quiet(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (!connection.is_closing || !connection.is_quiet()) return;
  drop_output(connection);
  ring_.close(connection.fd, {});
  counters_.add(Metric::closed_connections);
  connections_.give_back(index);
  team_.leave(options_.worker);
  if (!is_accept_paused_) return;
  // A descriptor is free again.
  is_accept_paused_ = false;
  arm_accepts();
}

}  // namespace rc::net
