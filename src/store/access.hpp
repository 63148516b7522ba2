// One thread's door to the store: everything memcached's commands need.
//
// All calls belong between begin_turn() and end_turn(), except Draft::append, the destruction of a
// Draft, release() and wants_*. A turn is short: while it lasts, nothing that any thread unlinks
// is freed.
//
// An Item is valid until end_turn() or until the next call that may need memory (reserve, store,
// touch, fetch, invalidate, add) or flushes, whichever comes first: such a call may have to let go
// of what this thread has seen. Read or pin an item before storing the next one.
//
// Each change of a key is atomic and takes effect at one moment inside the call. Counted here:
// get_expired, get_flushed, total_items, evictions, evicted_unfetched, expired_unfetched,
// reclaimed, relocations and pages_reclaimed; hits, misses and the cmd_* are the caller's.
// Thread: the owning worker.
#pragma once

#include "base/clock.hpp"
#include "stats/counters.hpp"
#include "store/expiry.hpp"
#include "store/item.hpp"
#include "store/store.hpp"
#include "table/walk.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace rc::store {

enum class Outcome : std::uint8_t {
  stored,
  not_stored,
  exists,
  not_found,
  too_large,
  out_of_memory,
};

enum class Mode : std::uint8_t { set, add, replace, append, prepend, cas };

enum class Direction : std::uint8_t { increment, decrement };

// Names pinned bytes until release(). Never 0.
enum class PinToken : std::uint64_t {};

// Is told what one Access evicts, just after it was unlinked and while it can still be read. Must
// not call the Access, except for what only looks at an item.
class EvictionObserver {
 public:
  EvictionObserver(const EvictionObserver&) = delete;
  EvictionObserver& operator=(const EvictionObserver&) = delete;
  virtual void on_evicted(const Item& item) = 0;

 protected:
  EvictionObserver() = default;
  ~EvictionObserver() = default;
};

class Worker;

// An item under construction: memory first, then the value as it arrives, in any pieces, over any
// number of turns. Dropping it gives the memory back. Thread: that of its Access.
class Draft {
 public:
  Draft() = default;
  Draft(Draft&& other) noexcept;
  Draft& operator=(Draft&& other) noexcept;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  // True if it holds memory; a moved-from or refused draft does not.
  explicit operator bool() const { return worker_ != nullptr; }

  // Copies as many of `bytes` as the value still lacks; returns how many. Also outside a turn.
  std::size_t append(std::span<const char> bytes);
  [[nodiscard]] std::uint32_t remaining() const { return remaining_; }
  [[nodiscard]] std::uint32_t value_bytes() const { return item_.value_bytes(); }
  // What is being built, for whoever describes it. Requires: it holds memory.
  [[nodiscard]] const Item& item() const { return item_; }

 private:
  friend class Worker;

  Worker* worker_ = nullptr;
  Item item_;
  std::uint32_t remaining_ = 0;
  // Where the next byte goes: a run of contiguous room, and which piece it belongs to.
  char* cursor_ = nullptr;
  std::uint32_t room_ = 0;
  std::uint32_t next_piece_ = 0;
  std::uint32_t next_page_ = 0;
  // What it counts among the drafts of all peers; 0 for one that no peer has to fill.
  std::uint64_t counted_bytes_ = 0;
};

struct Reservation {
  Outcome outcome = Outcome::out_of_memory;  // stored stands for "granted"
  Draft draft;
};

// On what condition a draft is stored, and as what.
struct WriteTerms {
  Mode mode = Mode::set;
  // Mode::cas: the version to replace. append, prepend: the same, but 0 is any version.
  std::uint64_t cas_unique = 0;
  // The version of the result, if it is not to be the next one.
  std::optional<std::uint64_t> new_cas{};
  // Mode::cas: an older version than the item's is stored too, but marked stale; it takes over when
  // the item expires, and whether somebody has won it.
  bool accepts_stale = false;
  // append, prepend: where there is no item the piece becomes one, with this expiry.
  std::optional<Expiry> vivify{};
};

struct Stored {
  Outcome outcome = Outcome::not_stored;
  // Of the item now, if it was stored.
  std::uint64_t cas = 0;
  std::uint32_t value_bytes = 0;
};

// What a fetch does besides looking.
struct FetchTerms {
  // Counts as a use: for the clock, the time of the last access, and the mark "fetched".
  bool is_use = true;
  std::optional<Expiry> touch{};
  // On a miss: an empty item is made, which the caller has won and shall fill.
  std::optional<Expiry> vivify{};
  bool touch_after_vivify = false;         // it is touched as well
  std::optional<std::uint64_t> new_cas{};  // of the item that vivify makes
  // One caller wins the item when it has fewer seconds left than this.
  std::optional<std::int64_t> recache_below_s{};
  bool recache_after_touch = false;  // it is the new expiry that is compared
};

struct Fetched {
  enum class Outcome : std::uint8_t { found, created, missing, out_of_memory };
  Outcome outcome = Outcome::missing;
  Item item{};
  bool won = false;      // it is the caller who shall make the value anew
  bool was_won = false;  // another was told so before
  bool was_fetched = false;
  // As they were before; a new item has none of it.
  std::uint32_t idle_s = 0;
  Expiry expiry_before = Expiry::never;
};

struct InvalidateTerms {
  std::optional<std::uint64_t> cas_unique{};  // only this version
  std::optional<std::uint64_t> new_cas{};
  std::optional<Expiry> expiry{};
  bool stale = true;     // the next reader wins it and is told that it is out of date
  bool empties = false;  // the value and the client flags go; without `expiry` it never expires
};

struct ArithmeticTerms {
  std::optional<std::uint64_t> cas_unique{};  // only this version
  std::optional<std::uint64_t> new_cas{};
  std::optional<Expiry> touch{};
  // Where there is no item, `initial` becomes one.
  std::optional<Expiry> vivify{};
  bool touch_after_vivify = false;  // it is touched as well
  std::uint64_t initial = 0;
};

struct Arithmetic {
  enum class Outcome : std::uint8_t { ok, created, not_found, exists, non_numeric, out_of_memory };
  Outcome outcome = Outcome::not_found;
  std::uint64_t value = 0;
  std::uint64_t cas = 0;
  Expiry expiry_before = Expiry::never;  // a new item has none
};

// Goes over all items in any number of turns, and waits for nobody: see table/walk.hpp.
using table::Walk;

class Access {
 public:
  // Both outlive the Access. At most Options::workers_max exist at a time.
  Access(Store& store, stats::Counters& counters);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  void begin_turn(UnixSeconds now);
  void end_turn();

  struct Lookup {
    std::string_view key;
    Item item;  // empty: a miss
  };
  static constexpr std::size_t batch_max = 32;
  // Looks up all of them with their memory latencies overlapped; any number, best in batch_max.
  void find_many(std::span<Lookup> lookups);
  [[nodiscard]] Item find(std::string_view key);
  // The same, but no use of the item: it leaves no trace, and a dead item where it is.
  [[nodiscard]] Item glance(std::string_view key);
  // Starts to fetch what coming commands for these keys, at most batch_max, will touch. Costs a
  // hash each, and pays where their memory is cold and their latencies overlap.
  void look_ahead(std::span<const std::string_view> keys) const;

  // Gives the item another expiry; empty if there is none such, or no memory for a copy.
  [[nodiscard]] Item touch(std::string_view key, Expiry expiry);
  // Looks, and does what `terms` ask for, at one moment: of any number of callers one wins. A stale
  // item is won by the first to come whatever the terms.
  [[nodiscard]] Fetched fetch(std::string_view key, const FetchTerms& terms);

  // Room for a value of `value_bytes`. For append and prepend it is the piece to add that is
  // reserved; flags and expiry are then those of the existing item. out_of_memory also while
  // values that are still arriving hold three quarters of the memory.
  [[nodiscard]] Reservation reserve(
      std::string_view key, std::uint32_t client_flags, Expiry expiry, std::uint32_t value_bytes
  );
  // Requires: draft.remaining() == 0.
  [[nodiscard]] Stored store(Draft&& draft, const WriteTerms& terms);

  // stored stands for "deleted". With `cas_unique`, only the item with that cas.
  [[nodiscard]] Outcome erase(
      std::string_view key, std::optional<std::uint64_t> cas_unique = std::nullopt
  );
  // Instead of erasing: marks the item stale, or leaves it there without a value, or both. It is
  // another version then.
  [[nodiscard]] Stored invalidate(std::string_view key, const InvalidateTerms& terms);

  // The number that the value of `key` spells, plus or minus `delta`, as memcached does it: wraps
  // upwards, stops at 0 downwards, and never makes the value shorter (it is padded with spaces).
  [[nodiscard]] Arithmetic add(
      std::string_view key,
      std::uint64_t delta,
      Direction direction,
      const ArithmeticTerms& terms = {}
  );

  // The next part of a walk over everything that is alive. `items` are valid as any Item is; not a
  // use of them.
  [[nodiscard]] Walk::Step gather(Walk& walk, std::vector<Item>& items);

  // The item's size class as `stats items` numbers them, from 1.
  [[nodiscard]] std::uint32_t class_number(const Item& item) const;

  // Everything stored before the call (or, for a `when` in the future, before that second begins)
  // is gone. Replaces an earlier flush that has not happened yet.
  void flush_all(UnixSeconds when);

  // Keeps the bytes of item.pieces alive beyond the turn, until release(). Nothing if the item is
  // not pinnable() or just changes hands: then copy. release() may come on any turn, or none.
  [[nodiscard]] std::optional<PinToken> pin(const Item& item);
  void release(PinToken token);

  // Who is told of evictions from now on; null for nobody. It outlives the Access or is taken back.
  void observe_evictions(EvictionObserver* observer);

  // A bounded piece (some hundred microseconds at most) of what must be done sooner or later:
  // expired and flushed items, a limit that has fallen, one sparse page, memory for the system.
  // Once per turn. True: there is more to do now, so do not wait long before the next.
  bool background_step();

 private:
  std::unique_ptr<Worker> worker_;
};

}  // namespace rc::store
