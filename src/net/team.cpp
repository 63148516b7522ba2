#include "net/team.hpp"

#include "base/assert.hpp"

#include <utility>

namespace rc::net {

// Relaxed throughout for the counts: they limit and balance, they publish nothing. A connection
// may be counted a moment before or after it can be seen; only the acceptor adds, so the limit is
// never exceeded.

Team::Team(Options options, std::vector<Listener> listeners, std::vector<DatagramSocket> datagrams)
    : options_(std::move(options)),
      listeners_(std::move(listeners)),
      datagrams_(std::move(datagrams)),
      members_(std::make_unique<Member[]>(options_.workers)) {
  RC_ASSERT(options_.workers > 0);
}

std::uint32_t Team::connections() const {
  return connections_.load(std::memory_order_relaxed);
}

std::uint32_t Team::connections_of(std::uint32_t worker) const {
  return members_[worker].connections.load(std::memory_order_relaxed);
}

void Team::set_ring(std::uint32_t worker, int ring_fd) {
  RC_ASSERT(worker < options_.workers);
  // Release: the ring is complete before the acceptor sees its name; partner: ring_of().
  members_[worker].ring_fd.store(ring_fd, std::memory_order_release);
}

int Team::ring_of(std::uint32_t worker) const {
  // Acquire: partner of set_ring().
  return members_[worker].ring_fd.load(std::memory_order_acquire);
}

std::uint32_t Team::admit() {
  if (connections() >= options_.connections_max) return refused;
  std::uint32_t best = refused;
  std::uint32_t fewest = 0;
  // Starts behind the last one chosen: equals take turns.
  for (std::uint32_t i = 0; i < options_.workers; ++i) {
    const std::uint32_t worker = (next_ + i) % options_.workers;
    const std::uint32_t load = connections_of(worker);
    if (ring_of(worker) < 0 || (best != refused && load >= fewest)) continue;
    best = worker;
    fewest = load;
  }
  if (best == refused) return refused;
  next_ = best + 1;
  connections_.fetch_add(1, std::memory_order_relaxed);
  members_[best].connections.fetch_add(1, std::memory_order_relaxed);
  return best;
}

void Team::leave(std::uint32_t worker) {
  connections_.fetch_sub(1, std::memory_order_relaxed);
  members_[worker].connections.fetch_sub(1, std::memory_order_relaxed);
}

void Team::end_accepting() {
  for (Listener& listener : listeners_) listener.close();
  // Release: every hand-over has arrived in its ring before; partner: accepting().
  accepting_.store(false, std::memory_order_release);
}

bool Team::accepting() const {
  // Acquire: partner of end_accepting(); a worker that sees false reaps once more and knows all.
  return accepting_.load(std::memory_order_acquire);
}

}  // namespace rc::net
