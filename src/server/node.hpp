// What all workers of a node share: the settings, the store, and a place per worker where it leaves
// its counters and its connections for whoever asks for statistics.
//
// Nothing here is touched by a request other than `stats` and `verbosity`; a worker writes its own
// counters, and takes its own mutex when a connection opens or closes.
// Thread: any, except where said.
#pragma once

#include "base/cacheline.hpp"
#include "base/clock.hpp"
#include "server/connection_list.hpp"
#include "server/prefix_stats.hpp"
#include "server/settings.hpp"
#include "server/watchers.hpp"
#include "stats/counters.hpp"
#include "store/store.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rc::server {

// One worker's entry. Thread: counters as stats::Counters says, connections as ConnectionList says.
struct alignas(cache_line_bytes) WorkerShare {
  stats::Counters counters;
  ConnectionList connections;
};

class Node {
 public:
  // Both outlive the node. Has settings.threads worker shares.
  Node(const Settings& settings, store::Store& store, UnixSeconds started);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] store::Store& store() const { return store_; }
  [[nodiscard]] UnixSeconds started() const { return started_; }

  [[nodiscard]] std::uint32_t worker_count() const { return settings_.threads; }
  [[nodiscard]] WorkerShare& worker(std::uint32_t index) const;

  // All workers' counters, since the start and since the last `stats reset`.
  [[nodiscard]] stats::Snapshot totals() const;
  [[nodiscard]] stats::Snapshot since_reset() const;
  void reset_stats();

  // Anonymous memory of the process when it was ready and had done nothing yet: what code, threads
  // and rings cost without any load. Set before the workers serve.
  [[nodiscard]] std::uint64_t base_bytes() const { return base_bytes_; }
  void set_base_bytes(std::uint64_t bytes) { base_bytes_ = bytes; }

  // `stats detail`. Set back by reset_stats() too.
  [[nodiscard]] PrefixStats& prefixes() { return prefixes_; }
  [[nodiscard]] const PrefixStats& prefixes() const { return prefixes_; }

  // The time that the node goes by: the system's, and what `debugtime` has put it forward by.
  [[nodiscard]] UnixSeconds clock(UnixSeconds system) const;
  // False if that were more than the clock can show. Workers follow in their next turn.
  [[nodiscard]] bool put_forward(std::uint32_t seconds);

  // Whether `stats sizes` counts or says that it is disabled. To count costs nothing before it is
  // asked for; the switch is memcached's.
  [[nodiscard]] bool tracks_sizes() const;
  void track_sizes(bool on);

  // What is spoken on connections accepted at `listener` (net::ConnInfo::listener).
  [[nodiscard]] Protocol protocol_at(std::string_view listener) const;
  // Before the workers serve.
  void restrict(std::string listener, Protocol protocol);

  // Who watches what the workers do.
  [[nodiscard]] Watchers& watchers() { return watchers_; }
  [[nodiscard]] const Watchers& watchers() const { return watchers_; }

  // What `verbosity` asked for; shown, and acted on by nobody yet.
  [[nodiscard]] std::uint32_t verbosity() const;
  void set_verbosity(std::uint32_t level);

 private:
  const Settings& settings_;
  store::Store& store_;
  UnixSeconds started_;
  std::unique_ptr<WorkerShare[]> workers_;
  std::atomic<std::uint32_t> verbosity_;
  std::atomic<bool> tracks_sizes_;
  std::atomic<std::uint32_t> forward_s_{0};
  PrefixStats prefixes_;
  Watchers watchers_;
  std::uint64_t base_bytes_ = 0;
  std::vector<std::pair<std::string, Protocol>> restricted_;  // listeners with a say of their own

  mutable std::mutex mutex_;
  stats::Snapshot reset_base_;  // under mutex_
};

}  // namespace rc::server
