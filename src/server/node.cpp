#include "server/node.hpp"

#include "base/assert.hpp"

namespace rc::server {

Node::Node(const Settings& settings, store::Store& store, UnixSeconds started)
    : settings_(settings),
      store_(store),
      started_(started),
      workers_(std::make_unique<WorkerShare[]>(settings.threads)),
      verbosity_(settings.verbosity),
      tracks_sizes_(settings.track_sizes),
      prefixes_(settings.threads, settings.prefix_delimiter, settings.count_prefixes),
      watchers_(settings.watcher_buffer_bytes) {}

WorkerShare& Node::worker(std::uint32_t index) const {
  RC_ASSERT(index < settings_.threads);
  return workers_[index];
}

stats::Snapshot Node::totals() const {
  stats::Snapshot sum;
  for (std::uint32_t i = 0; i < worker_count(); ++i) sum += workers_[i].counters.read();
  return sum;
}

stats::Snapshot Node::since_reset() const {
  const std::lock_guard lock(mutex_);
  stats::Snapshot counted = totals();
  counted -= reset_base_;
  return counted;
}

void Node::reset_stats() {
  prefixes_.reset();
  const std::lock_guard lock(mutex_);
  reset_base_ = totals();
}

UnixSeconds Node::clock(UnixSeconds system) const {
  // Relaxed: a number that only grows; it orders nothing.
  return UnixSeconds{count(system) + forward_s_.load(std::memory_order_relaxed)};
}

bool Node::put_forward(std::uint32_t seconds) {
  // Two decades: the clock's seconds last for several.
  constexpr std::uint32_t most_s = 20U * 365 * 24 * 60 * 60;
  const std::lock_guard lock(mutex_);
  const std::uint32_t before_s = forward_s_.load(std::memory_order_relaxed);
  if (seconds > most_s - before_s) return false;
  // Relaxed: see clock().
  forward_s_.store(before_s + seconds, std::memory_order_relaxed);
  return true;
}

bool Node::tracks_sizes() const {
  // Relaxed: a switch; it orders nothing.
  return tracks_sizes_.load(std::memory_order_relaxed);
}

void Node::track_sizes(bool on) {
  // Relaxed: see tracks_sizes().
  tracks_sizes_.store(on, std::memory_order_relaxed);
}

Protocol Node::protocol_at(std::string_view listener) const {
  for (const auto& [name, protocol] : restricted_) {
    if (name == listener) return protocol;
  }
  return settings_.protocol;
}

void Node::restrict(std::string listener, Protocol protocol) {
  restricted_.emplace_back(std::move(listener), protocol);
}

std::uint32_t Node::verbosity() const {
  // Relaxed: a number to show; it orders nothing.
  return verbosity_.load(std::memory_order_relaxed);
}

void Node::set_verbosity(std::uint32_t level) {
  // Relaxed: see verbosity().
  verbosity_.store(level, std::memory_order_relaxed);
}

}  // namespace rc::server
