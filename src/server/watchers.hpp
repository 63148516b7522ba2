// Who watches the node, and the buffers their lines wait in: the crossing between the workers that
// have something to tell and those that own a watcher's connection.
//
// Where nobody watches, a worker pays one relaxed load per turn (mask()). Where somebody does, a
// worker writes each line into every watcher's buffer under one mutex that is held for a copy of
// some hundred bytes, and nobody ever waits for a socket: a line that does not fit is counted, and
// so are all behind it until the watcher has read, so that "skipped=N" stands in the place of what
// is missing. A mutex, because only a watched node takes it, and because a watcher may leave at any
// moment: who holds the mutex knows that the watchers of the list live.
// Thread: any, except where said.
#pragma once

#include "net/sink.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace rc::server {

// What there is to watch, a bit each.
enum class Watch : std::uint8_t {
  fetchers = 1U << 0,    // look-ups
  mutations = 1U << 1,   // storage commands
  evictions = 1U << 2,   // items that went to make room
  deletions = 1U << 3,   // items that were deleted
  connevents = 1U << 4,  // connections opened and closed
};
using WatchMask = std::uint8_t;

[[nodiscard]] constexpr WatchMask mask_of(Watch kind) {
  return static_cast<WatchMask>(kind);
}

// The words behind `watch`; none stand for fetchers. Nothing if one of them is not memcached's. Its
// words for what does not happen here (rawcmds, sysevents and the proxy's) add nothing.
[[nodiscard]] std::optional<WatchMask> read_watch_order(std::string_view words);

class Watchers;

// One watcher; it leaves when it is destroyed. Thread: drain() and the destructor are its worker's.
class Watcher {
 public:
  Watcher(Watchers& all, WatchMask kinds);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Moves the lines that wait to `out`, unless too much waits there already for a peer that reads
  // slowly: then they stay, and what does not fit any more is skipped.
  void drain(net::Output& out);

 private:
  friend class Watchers;
  [[nodiscard]] bool has_lines() const;
  // All that follows under the mutex of the watchers.
  [[nodiscard]] bool append(std::string_view line);
  [[nodiscard]] std::size_t take(char* out, std::size_t bytes_max);

  Watchers& all_;
  const WatchMask kinds_;
  // A ring of all_.buffer_bytes_.
  const std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t skipped_ = 0;
};

class Watchers {
 public:
  static constexpr std::size_t watchers_max = 20;
  // Of one watcher's buffer: a few of the longest lines.
  static constexpr std::size_t buffer_min_bytes = 4096;

  explicit Watchers(std::size_t buffer_bytes);
  ~Watchers();
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  // What is watched by anybody. May be a moment old.
  [[nodiscard]] WatchMask mask() const {
    // Relaxed: a worker may notice a watcher, or its leaving, a turn late. It touches nothing of a
    // watcher but under the mutex.
    return mask_.load(std::memory_order_relaxed);
  }

  // A number for the next event: the lines of one event have the same, whoever reads them.
  [[nodiscard]] std::uint64_t next_id() {
    // Relaxed: unique is all it has to be.
    return last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  struct Told {
    std::uint32_t written = 0;
    std::uint32_t skipped = 0;
  };
  // Gives the line to everyone who watches that kind.
  Told tell(Watch kind, std::string_view line);

  // Null if there are too many already.
  [[nodiscard]] std::unique_ptr<Watcher> join(WatchMask kinds);

  [[nodiscard]] std::size_t count() const;

 private:
  friend class Watcher;
  void leave(const Watcher& watcher);
  void update_mask();

  const std::size_t buffer_bytes_;
  mutable std::mutex mutex_;
  std::vector<Watcher*> watchers_;  // under mutex_
  std::atomic<WatchMask> mask_{0};
  std::atomic<std::uint64_t> last_id_{0};
};

}  // namespace rc::server
