// The index: from a key's hash to its item, without locks.
//
// LAYOUT
//
//   segment (4 KiB)   bucket 0   | bucket 1 | ...                               | bucket 63 |
//   bucket (64 B)     header | slot | slot | slot | slot | slot | slot | slot |
//   slot              tag16 | handle38 | distance4 | FRZ TENT PROB FRESH | REF2       (words.hpp)
//   header            ghosts 4 x 12 | overflow bits 15..1 | A
//
// The low bits of the hash name the home bucket. A key lies in its home or in one of fifteen
// other buckets of the same segment, scattered so that neighbours do not share their overflow.
// The slot says at which distance it lies; the home's header says at which distances keys of that
// home may lie. There are no tombstones and no chains. The index grows by splitting one segment at
// a time: half of its items go to the same positions of a new segment (splitter.hpp); nothing else
// ever moves an item to another slot.
//
// INVARIANTS
//   1. At most one visible slot holds a given key.
//   2. A visible item at distance d > 0 has bit d set in its home's header.
//   3. A key's slot changes only by a split of its segment, at most once within a turn.
//   4. A handle that was in a slot, tentative or not, may still be read by others until the epoch
//      in which it left has passed. Only epoch.hpp says when its memory may be used again.
//   5. A slot that was written once never reads as untouched (all zero) again.
//
// OPERATIONS AND THE INSTANT AT WHICH EACH TAKES EFFECT (its linearization point)
//   find, hit    the load of the slot word
//   find, miss   some instant within the scan: by 3, a key that was there all along is met, unless
//                its segment was split meanwhile; then the scan is made again
//   insert       the CAS that makes the tentative word visible; `exists`: the load of its word
//   replace, erase, move_item, eviction   the CAS of the slot
//
// INSERTION must not let two threads that insert one key both succeed, though they may choose
// different slots. So: place a tentative word, which readers skip; announce it in the home's
// header if it lies away from home; scan again for the same key, tentative words included; make
// the word visible. Of two rivals, the one that places second sees the first. The earlier probe
// position wins: a rival later in probe order is killed (emptied, its owner retries), for one
// earlier we withdraw. A rival that stays in our way for several attempts is killed wherever it
// is, so that a thread preempted between two steps stops nobody.
//
// MEMORY ORDERS
//   release of the finalizing or replacing CAS  <->  acquire load of the slot in find: the item's
//     bytes are there when its handle is. Changes of clock bits are relaxed read-modify-writes,
//     which continue the release sequence of the CAS that published the item.
//   seq_cst of the placing CAS and of the announcing fetch_or  <->  seq_cst loads of the second
//     scan: store-then-load on both sides; anything weaker lets both rivals miss each other.
//   acquire of the header in find  <->  release in the announcing fetch_or: by 2, a reader that
//     starts after an insertion ended sees the bit.
//   fetch_and and CAS of the header in overflow.hpp  <->  the announcing fetch_or.
//
// README.md has the proofs' outlines and what checks them. All operations: thread any, inside an
// epoch (Participant::enter .. leave).
#pragma once

#include "base/assert.hpp"
#include "base/cacheline.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"
#include "table/clock_hand.hpp"
#include "table/geometry.hpp"
#include "table/segments.hpp"
#include "table/splitter.hpp"
#include "table/tally.hpp"
#include "table/walk.hpp"
#include "table/words.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rc::table {

struct Options {
  std::uint64_t slots_min = 0;  // in use at first; rounded up to a power of two of segments
  std::uint64_t slots_max = 0;  // as far as it may grow; costs address space only
  // Required where slots_max exceeds slots_min: the one whose participants use the table.
  Epochs* epochs = nullptr;
  // Which bits of the hasher's value the callers pass as a key's hash: all of them but in tests.
  std::uint64_t hash_mask = ~std::uint64_t{0};
  bool huge_pages = true;
  bool evict = true;  // false: a full window refuses the item instead of displacing another
  ClockOptions clock{};
};

// What a lookup found. Valid inside the epoch; false when the key was absent.
// Two registers: copied through memory, one would wait behind every store to a cold item.
class Found {
 public:
  Found() = default;
  Found(std::atomic<SlotWord>* slot, SlotWord word) : slot_(slot), word_(word) {}
  explicit operator bool() const { return slot_ != nullptr; }

  // Handle::none when the key was absent.
  [[nodiscard]] Handle handle() const { return word_.handle(); }

 private:
  template <class, class, class>
  friend class Table;
  std::atomic<SlotWord>* slot_ = nullptr;
  SlotWord word_{};
};

struct Lookup {
  std::string_view key;
  Hash hash;
  Found found{};
};

enum class Inserted : std::uint8_t { inserted, exists, full };

struct [[nodiscard]] Insertion {
  Inserted outcome = Inserted::full;
  Found existing{};  // the key's item, when outcome is exists
  // An item that had to leave because the window was full; the caller retires it, whatever the
  // outcome. An insertion that displaced and lost the slot again to a rival answers full: retry.
  Handle displaced = Handle::none;
};

// How well the index is filled.
struct LoadFigures {
  std::uint64_t items = 0;
  std::uint64_t slots = 0;
  std::uint64_t buckets = 0;
  std::uint64_t homes_overflowing = 0;              // buckets with an overflow bit
  std::array<std::uint64_t, 16> at_distance{};      // items by probe distance
  std::array<std::uint64_t, 8> buckets_by_items{};  // buckets by the items they hold
};

// Items is what the index asks of the items:
//   bool key_equals(Handle, std::string_view) const;  may be asked of an item that was unlinked
//                                                      in this epoch, or is not visible yet
//   std::string_view key_of(Handle) const;
//   void prefetch(Handle) const;
//   std::uint64_t bytes_of(Handle) const;  if items differ in size; asked at insertion only
template <class Items, class Geometry = DefaultGeometry, class Hooks = NoHooks>
class Table {
 public:
  using Options = table::Options;
  using Found = table::Found;
  using Lookup = table::Lookup;
  using Inserted = table::Inserted;
  using Insertion = table::Insertion;
  using Growth = table::Growth;

  static constexpr std::size_t batch_max = 32;

  // `items` must outlive the table.
  [[nodiscard]] static Result<std::unique_ptr<Table>> create(
      const Options& options, const Items& items, Hasher hasher
  ) {
    auto segments =
        Segments<Geometry>::create(options.slots_min, options.slots_max, options.huge_pages);
    if (!segments) return segments.error();
    RC_ASSERT(
        options.epochs != nullptr || segments.value().count() == segments.value().count_max()
    );
    return std::unique_ptr<Table>(new Table(options, items, hasher, std::move(segments).value()));
  }

  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Finds and counts the use: REF goes up by one CAS unless it is saturated. A failure of the CAS
  // is ignored, since it means that somebody else used or changed the item.
  [[nodiscard]] Found find(std::string_view key, Hash hash) const { return touch(peek(key, hash)); }

  // Finds without counting.
  [[nodiscard]] Found peek(std::string_view key, Hash hash) const;

  // find for each, in batches, so that the memory latencies of a batch overlap.
  void find_many(std::span<Lookup> lookups) const {
    while (!lookups.empty()) {
      const auto batch = lookups.first(std::min(lookups.size(), batch_max));
      for (const Lookup& lookup : batch) prefetch(lookup.hash);
      for (Lookup& lookup : batch) lookup.found = likely(lookup.hash);
      for (Lookup& lookup : batch) lookup.found = touch(confirm(lookup));
      lookups = lookups.subspan(batch.size());
    }
  }

  // For coming operations, of which those that look for existing items gain most: fetches the home
  // buckets and then the items that are likely meant.
  void look_ahead(std::span<const Hash> hashes) const {
    for (const Hash hash : hashes) prefetch(hash);
    for (const Hash hash : hashes) static_cast<void>(likely(hash));
  }

  // For the home bucket of a coming operation.
  void prefetch(Hash hash) const {
    rc::prefetch(&segments_.window(Geometry::fold(hash), segments_.count()).home());
  }

  // Links `item` unless the key is there. Requires: nobody else knows `item`, and no other call of
  // insert, replace or move_item has it. Afterwards, whatever the outcome, others may be reading
  // the item's key: retire it or hand it to replace, do not change or free it at once.
  Insertion insert(std::string_view key, Hash hash, Handle item);

  // Puts `item` in the place of what was found; the clock bits stay. False when that item is gone,
  // was replaced, or has moved to another slot because its segment was split: look up again.
  [[nodiscard]] bool replace(Found& found, Handle item) {
    return change(found, [item](SlotWord word) { return word.with_handle(item); }).has_item();
  }

  // Unlinks what was found. False as for replace: look up again.
  [[nodiscard]] bool erase(Found& found) {
    const SlotWord before = change(found, [](SlotWord) { return SlotWord::vacated(); });
    if (before.has_item()) uncount(before);
    return before.has_item();
  }

  // Unlinks exactly this item. False when it is not linked (any more).
  bool erase_item(Hash hash, Handle item) {
    // Again if it moved to another slot meanwhile; a handle that left does not come back.
    for (Found found = scan_handle(hash, item); found; found = scan_handle(hash, item)) {
      if (erase(found)) return true;
    }
    return false;
  }

  // Replaces exactly this item by its copy at `to`. False when it is not linked (any more).
  bool move_item(Hash hash, Handle from, Handle to) {
    for (Found found = scan_handle(hash, from); found; found = scan_handle(hash, from)) {
      if (replace(found, to)) return true;
    }
    return false;
  }

  // Lets the clock unlink at least `items_max` items, if it can find them; on_victim(Handle) gets
  // each and retires it.
  template <class OnVictim>
  std::size_t evict(std::size_t items_max, OnVictim&& on_victim, std::uint64_t bytes_held = 0) {
    return hands_.evict(items_max, std::forward<OnVictim>(on_victim), bytes_held);
  }

  [[nodiscard]] std::uint64_t item_count() const { return tally_.items().all; }
  [[nodiscard]] std::uint64_t probation_count() const { return tally_.items().probation; }
  [[nodiscard]] std::uint64_t count(Count what) const { return tally_.sum(what); }
  // The share of the items that the hands leave in probation.
  [[nodiscard]] double probation_share() const { return hands_.probation_share(); }
  [[nodiscard]] bool main_yields() const { return hands_.main_yields(); }

  // GROWTH. The owner of the memory decides when: it asks wants_growth() every few dozen stores
  // and, as long as the answer is yes and it can spare the memory, calls grow(), up to
  // `splits_at_once` times in a row. Nothing else in this class asks for growth or waits for it.
  // An index that is not given any displaces items from full windows, or answers `full`.

  // Are the segments that were not split yet fuller than they should be? Cheap: reads one line per
  // CPU. It paces itself: while a doubling is under way, the bar rises with the segments done.
  [[nodiscard]] bool wants_growth() const {
    return segments_.count() < segments_.count_max() && density() > density_bar();
  }
  // Splits one segment, which takes microseconds, and needs bytes_after_growth() - bytes() of
  // memory. `busy` asks for nothing: go on, and ask again later.
  Growth grow() { return splitter_.grow(); }
  // Enough to keep up when asked every 32 insertions.
  static constexpr unsigned splits_at_once = 4;

  // Slots in use now, and the memory that they make resident once touched: whole pages, of 2 MiB
  // if they are huge. And what it would be after the next grow().
  [[nodiscard]] std::uint64_t slot_count() const { return segments_.slot_count(); }
  [[nodiscard]] std::uint64_t bytes() const { return segments_.bytes(segments_.count()); }
  [[nodiscard]] std::uint64_t bytes_after_growth() const {
    return segments_.bytes(segments_.count() + 1);
  }
  [[nodiscard]] GrowthFigures growth() const { return splitter_.figures(); }

  // Calls visit(Handle) for every visible item. Items that come or go meanwhile may be missed;
  // items whose segment is split meanwhile may be met twice.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::size_t count = segments_.count();
    for (std::size_t segment = 0; segment < count; ++segment) walk(segment, count, visit);
  }

  // The next part of a walk that misses nothing and takes as many turns as it likes.
  [[nodiscard]] Walk::Step gather(Walk& walk, std::vector<Handle>& items) const {
    return walk.gather(segments_, items);
  }

  // Over all segments, or over that many spread evenly: then a share of the figures.
  [[nodiscard]] LoadFigures load(std::size_t segments_max = SIZE_MAX) const;

  // Walks everything and asserts the invariants above. Requires: nobody else uses the table.
  void check_invariants() const;

 private:
  using Slot = std::atomic<SlotWord>;

  // A slot we hold with a tentative word.
  struct Placement {
    Slot* slot = nullptr;
    unsigned distance = 0;
    std::size_t index = 0;  // within its bucket
    SlotWord word{};
  };
  // What the second scan found.
  enum class Verdict : std::uint8_t { clear, exists, yield };

  // After this many attempts a rival in front of us is taken for stalled and killed.
  static constexpr unsigned patience = 8;

  // A doubling begins when segments are so full, and ends, if it keeps its pace, when the last ones
  // are so full. Windows begin to fill up at 0.80.
  static constexpr double density_first = 0.70;
  static constexpr double density_last = 0.77;

  Table(const Options& options, const Items& items, Hasher hasher, Segments<Geometry> segments)
      : items_(items),
        evicts_(options.evict),
        segments_(std::move(segments)),
        tally_(std::thread::hardware_concurrency()),
        splitter_(items, hasher, options.hash_mask, segments_, cleaner_, options.epochs),
        hands_(segments_, tally_, cleaner_, options.clock) {}

  [[nodiscard]] Found touch(Found found) const;
  [[nodiscard]] Found scan(const Window<Geometry>& window, std::string_view key, Tag tag) const;
  [[nodiscard]] Found scan_handle(Hash hash, Handle item) const;
  [[nodiscard]] Found likely(Hash hash) const;
  [[nodiscard]] Found confirm(const Lookup& lookup) const;

  // Changes the word of what was found, as long as its item is still there. Returns the word
  // before the change; one without an item when nothing was changed.
  template <class Next>
  SlotWord change(Found& found, Next&& next);

  // How full the segments are that were not split in this doubling, and how full they may get.
  [[nodiscard]] double density() const {
    const std::size_t half = std::bit_floor(segments_.count());
    return static_cast<double>(item_count()) /
           static_cast<double>(half * Segments<Geometry>::slots_per_segment);
  }
  [[nodiscard]] double density_bar() const {
    const std::size_t count = segments_.count();
    const std::size_t half = std::bit_floor(count);
    return density_first + (density_last - density_first) * static_cast<double>(count - half) /
                               static_cast<double>(half);
  }

  // A segment, and those that have been split from it since there were `count`.
  template <class Visit>
  void walk(std::size_t segment, std::size_t count, Visit& visit) const {
    for (std::size_t i = 0; i < Geometry::buckets; ++i) {
      for (const Slot& slot : segments_.segment(segment)[i].slots) {
        const SlotWord word = slot.load(std::memory_order_acquire);
        if (word.visible()) visit(word.handle());
      }
    }
    const std::size_t now = segments_.count();
    for (std::size_t half = std::bit_ceil(segment + 1); segment + half < now; half *= 2) {
      if (segment + half >= count) walk(segment + half, count, visit);
    }
  }

  static void measure(const Bucket<Geometry>& bucket, LoadFigures& figures);

  [[nodiscard]] std::optional<Placement> choose(const Window<Geometry>& window) const;
  [[nodiscard]] static unsigned roomiest(const Window<Geometry>& window);
  [[nodiscard]] static std::optional<Placement> vacancy(
      Bucket<Geometry>& bucket, unsigned distance
  );
  [[nodiscard]] static unsigned vacancies(const Bucket<Geometry>& bucket);
  [[nodiscard]] std::optional<Placement> last_resort(const Window<Geometry>& window) const;
  [[nodiscard]] bool place(const Window<Geometry>& window, Tag tag, Handle item, Placement& mine);
  void displace(const Window<Geometry>& window, unsigned distance, SlotWord victim);
  [[nodiscard]] Verdict rescan(
      const Window<Geometry>& window,
      std::string_view key,
      const Placement& mine,
      unsigned attempt,
      Found& existing
  ) const;
  [[nodiscard]] bool finalize(const Window<Geometry>& window, const Placement& mine);
  static void withdraw(const Placement& mine);

  void lay_ghost(std::atomic<std::uint64_t>& header, SlotWord item);
  // Requires: the item is not in anybody else's hands yet, so that it is at hand.
  [[nodiscard]] std::uint64_t bytes_of(Handle item) const {
    if constexpr (requires { items_.bytes_of(item); }) {
      return items_.bytes_of(item);
    } else {
      return 1;
    }
  }

  void uncount(SlotWord word) { tally_.add(word.probation() ? Count::probation : Count::main, -1); }

  const Items& items_;
  bool evicts_;
  Segments<Geometry> segments_;
  Tally tally_;
  OverflowCleaner<Geometry, Hooks> cleaner_;
  Splitter<Items, Geometry, Hooks> splitter_;
  ClockHands<Geometry, Hooks> hands_;
};

}  // namespace rc::table

#include "table/table_find.hpp"
#include "table/table_insert.hpp"
#include "table/table_inspect.hpp"
