// What the races on the index share: items whose memory is really reused, workers with their own
// epoch participant, geometries in which everything collides, hooks that stall, and a time budget.
//
// A node's fields are plain memory on purpose: the thread sanitizer then sees every read that is
// not ordered after the publication or before the reuse.
#pragma once

#include "base/assert.hpp"
#include "base/hash.hpp"
#include "table/epoch.hpp"
#include "table/table.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <sched.h>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rc::stress {

using table::Handle;

using Key = std::array<char, 8>;

inline Key key_of_number(std::uint64_t number) {
  Key key{};
  std::memcpy(key.data(), &number, sizeof number);
  return key;
}
inline std::string_view view(const Key& key) {
  return {key.data(), key.size()};
}

// A small fast generator, seeded per thread.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E37'79B9'7F4A'7C15U + 1) {}
  std::uint64_t operator()() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
  }
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }

 private:
  std::uint64_t state_;
};

// Stalls now and then between two steps of an operation: mostly a yield, seldom long enough for
// others to run through many operations.
struct StallingHooks : table::NoHooks {
  static void at(table::Point) {
    thread_local Random random(std::hash<std::thread::id>{}(std::this_thread::get_id()));
    const std::uint64_t dice = random.below(4096);
    if (dice < 64) sched_yield();
    if (dice == 64) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
};

// The broken twin: inserts with one look at the window before and none after placing.
struct PlainInsertHooks : StallingHooks {
  static constexpr bool omit_rescan = true;
};

// One slot per bucket, eight buckets, all in the window: every second key overflows.
struct OneSlotGeometry {
  static constexpr std::size_t slots = 1;
  static constexpr std::size_t buckets = 8;
  static constexpr std::array<std::uint8_t, 8> offsets{0, 3, 1, 6, 2, 7, 5, 4};
  // Two tags and two homes for all keys.
  [[nodiscard]] static constexpr Hash fold(Hash hash) {
    return Hash{(hash.value & 0x0001'0000'0000'0001U) | 0x0002'0000'0000'0000U};
  }
};

// The same with two more bits for the segment: four segments in all.
struct FourSegmentGeometry : OneSlotGeometry {
  [[nodiscard]] static constexpr Hash fold(Hash hash) {
    return Hash{(hash.value & 0x0001'0000'0000'0019U) | 0x0002'0000'0000'0000U};
  }
};

// The broken twins of growth.
struct NoHelpHooks : StallingHooks {
  static constexpr bool omit_help = true;
};
struct NoReloadHooks : StallingHooks {
  static constexpr bool omit_reload = true;
};
struct NoRecheckHooks : StallingHooks {
  static constexpr bool omit_recheck = true;
};

struct Node {
  Key key{};
  std::uint64_t value = 0;
  bool live = false;
};

class Pool {
 public:
  // A broken twin's pool only counts what must not happen.
  explicit Pool(std::size_t nodes, bool tolerant = false)
      : nodes_(nodes + 1), tolerant_(tolerant) {}

  [[nodiscard]] bool key_equals(Handle handle, std::string_view key) const {
    const Node& node = at(handle);
    require(node.live);  // the memory came back too early
    return view(node.key) == key;
  }
  void require(bool truth) const {
    if (truth) return;
    RC_ASSERT(tolerant_);
    faults_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t faults() const { return faults_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::string_view key_of(Handle handle) const { return view(at(handle).key); }
  void prefetch(Handle handle) const { rc::prefetch(&at(handle)); }

  [[nodiscard]] const Node& at(Handle handle) const {
    return nodes_[static_cast<std::size_t>(handle)];
  }
  [[nodiscard]] Node& at(Handle handle) { return nodes_[static_cast<std::size_t>(handle)]; }

  // Who erases what others inserted collects nodes; here they change hands, seldom and many at a
  // time, so that the lock orders little that the index should have ordered.
  void give(std::vector<Handle>& free, std::size_t count) {
    const std::lock_guard lock(mutex_);
    shared_.insert(shared_.end(), free.end() - static_cast<std::ptrdiff_t>(count), free.end());
    free.resize(free.size() - count);
  }
  void take(std::vector<Handle>& free, std::size_t count) {
    const std::lock_guard lock(mutex_);
    count = std::min(count, shared_.size());
    free.insert(free.end(), shared_.end() - static_cast<std::ptrdiff_t>(count), shared_.end());
    shared_.resize(shared_.size() - count);
  }
  [[nodiscard]] std::size_t shared_count() const { return shared_.size(); }

 private:
  std::vector<Node> nodes_;
  bool tolerant_;
  mutable std::atomic<std::uint64_t> faults_{0};
  std::mutex mutex_;
  std::vector<Handle> shared_;
};

// One thread's hands on a shared table: every operation is a turn of its own, and every item that
// leaves the table goes through limbo back to this worker.
template <class Table>
class Worker {
 public:
  Worker(Table& table, Pool& pool, table::Epochs& epochs, std::size_t first, std::size_t count)
      : table_(&table), pool_(pool), participant_(epochs), quota_(count) {
    for (std::size_t i = 0; i < count; ++i) free_.push_back(Handle{first + i + 1});
  }
  ~Worker() { drain(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Goes on with another table of the same epochs and pool.
  void use(Table& table) { table_ = &table; }

  table::Growth grow() {
    const Turn turn(*this);
    return table_->grow();
  }

  // 0 is absent.
  std::uint64_t get(std::uint64_t number) {
    const Turn turn(*this);
    const Key key = key_of_number(number);
    return value(key, table_->find(view(key), hasher_(view(key))));
  }

  std::array<std::uint64_t, 2> get_two(std::uint64_t first, std::uint64_t second) {
    const Turn turn(*this);
    const std::array keys{key_of_number(first), key_of_number(second)};
    std::array<table::Lookup, 2> lookups;
    for (std::size_t i = 0; i < 2; ++i) {
      lookups[i] = {.key = view(keys[i]), .hash = hasher_(view(keys[i]))};
    }
    table_->find_many(lookups);
    return {value(keys[0], lookups[0].found), value(keys[1], lookups[1].found)};
  }

  void set(std::uint64_t number, std::uint64_t value) {
    const Turn turn(*this);
    const Key key = key_of_number(number);
    const Handle fresh = make(key, value);
    while (true) {
      auto found = table_->peek(view(key), hasher_(view(key)));
      if (!found) {
        const auto insertion = insert(key, fresh);
        if (insertion.outcome == table::Inserted::inserted) return;
        found = insertion.existing;
      }
      if (!found) continue;
      const Handle before = found.handle();
      if (table_->replace(found, fresh)) return retire(before);
    }
  }

  bool add(std::uint64_t number, std::uint64_t value) {
    const Turn turn(*this);
    const Key key = key_of_number(number);
    const Handle fresh = make(key, value);
    while (true) {
      const auto insertion = insert(key, fresh);
      if (insertion.outcome == table::Inserted::inserted) return true;
      if (insertion.outcome == table::Inserted::full) continue;
      retire(fresh);
      return false;
    }
  }

  // Replaces the value if it is `expected`.
  bool compare_and_set(std::uint64_t number, std::uint64_t expected, std::uint64_t value) {
    const Turn turn(*this);
    const Key key = key_of_number(number);
    const Handle fresh = make(key, value);
    while (true) {
      auto found = table_->find(view(key), hasher_(view(key)));
      if (!found || pool_.at(found.handle()).value != expected) break;
      const Handle before = found.handle();
      // Failure may mean a relocation, which changes the handle and not the value: look again.
      if (!table_->replace(found, fresh)) continue;
      retire(before);
      return true;
    }
    retire(fresh);
    return false;
  }

  // The value erased, 0 when there was none.
  std::uint64_t erase(std::uint64_t number) {
    const Turn turn(*this);
    const Key key = key_of_number(number);
    while (true) {
      auto found = table_->peek(view(key), hasher_(view(key)));
      if (!found) return 0;
      const Handle before = found.handle();
      if (!table_->erase(found)) continue;
      const std::uint64_t value = pool_.at(before).value;
      retire(before);
      return value;
    }
  }

  // Copies an item elsewhere, as the store does when it empties a page: nobody may notice.
  void relocate(std::uint64_t number) {
    const Turn turn(*this);
    const Key key = key_of_number(number);
    const auto found = table_->peek(view(key), hasher_(view(key)));
    if (!found) return;
    const Handle copy = make(key, pool_.at(found.handle()).value);
    const bool moved = table_->move_item(hasher_(view(key)), found.handle(), copy);
    retire(moved ? found.handle() : copy);
  }

  template <class OnVictim>
  void evict(std::size_t items, OnVictim&& on_victim) {
    const Turn turn(*this);
    table_->evict(items, [&](Handle victim) {
      on_victim(pool_.at(victim));
      retire(victim);
    });
  }

  // From now on `sink` gets a copy of every item that an insertion of this worker displaced.
  void watch_displaced(std::vector<Node>& sink) { displaced_ = &sink; }

  [[nodiscard]] std::size_t free_count() const { return free_.size(); }

  // Outside a turn: gets back everything retired. The others must be outside or moving on.
  void drain() {
    while (participant_.limbo_count() != 0) {
      reclaim();
      sched_yield();
    }
  }

 private:
  static constexpr std::size_t handful = 16;

  class Turn {
   public:
    explicit Turn(Worker& worker) : worker_(worker) {
      // make needs a node; wait outside the turn, else nobody could help.
      while (worker_.free_.empty()) worker_.restock();
      worker_.participant_.enter();
    }
    ~Turn() {
      worker_.participant_.leave();
      worker_.reclaim();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Worker& worker_;
  };

  void restock() {
    reclaim();
    if (free_.empty()) pool_.take(free_, handful);
    if (free_.empty()) sched_yield();
  }

  Handle make(const Key& key, std::uint64_t value) {
    const Handle handle = free_.back();
    free_.pop_back();
    Node& node = pool_.at(handle);
    pool_.require(!node.live);
    node = {.key = key, .value = value, .live = true};
    return handle;
  }

  table::Insertion insert(const Key& key, Handle item) {
    auto insertion = table_->insert(view(key), hasher_(view(key)), item);
    if (insertion.displaced != Handle::none) {
      if (displaced_ != nullptr) displaced_->push_back(pool_.at(insertion.displaced));
      retire(insertion.displaced);
    }
    return insertion;
  }

  std::uint64_t value(const Key& key, const table::Found& found) const {
    if (!found) return 0;
    const Node& node = pool_.at(found.handle());
    pool_.require(node.live && node.key == key);
    return node.value;
  }

  void retire(Handle handle) { participant_.retire(handle, sizeof(Node)); }

  void reclaim() {
    participant_.reclaim([&](table::Retired retired) {
      Node& node = pool_.at(retired.handle);
      pool_.require(node.live);  // freed twice
      node.key.fill('\xDD');
      node.live = false;
      free_.push_back(retired.handle);
    });
    // Never more than was there at first and a handful, else the others starve.
    if (free_.size() >= quota_ + handful) pool_.give(free_, handful);
  }

  Table* table_;
  Pool& pool_;
  Hasher hasher_{1};
  table::Participant participant_;
  std::size_t quota_;
  std::vector<Handle> free_;
  std::vector<Node>* displaced_ = nullptr;
};

// Everyone waits for everyone; spins briefly, because the races want a simultaneous start.
class Barrier {
 public:
  explicit Barrier(std::uint64_t threads) : threads_(threads) {}

  void wait() {
    // Acquire and release: what was done before the barrier comes before what follows it.
    const std::uint64_t ticket = arrived_.fetch_add(1, std::memory_order_acq_rel);
    const std::uint64_t complete = (ticket / threads_ + 1) * threads_;
    for (unsigned spins = 0; arrived_.load(std::memory_order_acquire) < complete; ++spins) {
      if (spins > 200) sched_yield();
    }
  }

 private:
  std::uint64_t threads_;
  std::atomic<std::uint64_t> arrived_{0};
};

// How long a test may run: `usual` seconds, or what RC_STRESS_SECONDS says.
class Deadline {
 public:
  explicit Deadline(unsigned usual) : end_(std::chrono::steady_clock::now() + seconds(usual)) {}
  [[nodiscard]] bool passed() const { return std::chrono::steady_clock::now() >= end_; }

  // Longer than usual was asked for: limits on rounds do not count.
  [[nodiscard]] static bool extended() { return std::getenv("RC_STRESS_SECONDS") != nullptr; }

  [[nodiscard]] static std::chrono::seconds seconds(unsigned usual) {
    const char* asked = std::getenv("RC_STRESS_SECONDS");
    return std::chrono::seconds(asked == nullptr ? usual : std::strtoul(asked, nullptr, 10));
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

}  // namespace rc::stress
