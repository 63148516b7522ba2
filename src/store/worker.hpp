// What one thread does to the store: the inside of Access. Private to this room.
//
// The parts, one file each:
//   worker.cpp      turns, the life and death of items
//   memory.cpp      where memory comes from when there is none
//   draft.cpp       building items
//   lookup.cpp      reading
//   write.cpp       storing, deleting, flushing
//   amend.cpp       changing an item in all but its value: touching, winning, invalidating
//   arithmetic.cpp  incr and decr
//   relocate.cpp    emptying a sparse page
//   background.cpp  the walk for expired and flushed items
//   chain.cpp       moving pages of large values
//   shrink.cpp      coming down to a lower limit, giving memory back to the system
//
// THE LIFE OF AN ITEM. It is built in a chunk whose marks are 0, so that walks skip it; sealed
// (given its cas, its flush generation and the mark `linked`); put into the table. Whoever takes it
// out of the table buries it: marks go back to 0, the epochs keep it until no turn can see it, then
// finish() frees it, or leaves that to the last pin. A sealed item that did not get into the table
// is buried as well, because a walk may have seen it.
//
// WALKS over the chunks of a page (relocation, expiry) happen inside a turn. A walk that sees the
// mark `linked` or `part` may read the chunk until the turn ends: the mark is cleared before the
// chunk is retired, so if the walk's turn began after the retirement, it would see it cleared.
// What a walk does to an item it does through the table, with the handle as the condition.
// Thread: the owner.
#pragma once

#include "base/clock.hpp"
#include "stats/counters.hpp"
#include "store/access.hpp"
#include "store/arena.hpp"
#include "store/core.hpp"
#include "table/epoch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace rc::store {

class Worker {
 public:
  Worker(Core& core, stats::Counters& counters);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The operations of Access; see there.
  void begin_turn(UnixSeconds now);
  void end_turn();
  void find_many(std::span<Access::Lookup> lookups);
  [[nodiscard]] table::Walk::Step gather(table::Walk& walk, std::vector<Item>& items);
  [[nodiscard]] Item find(std::string_view key);
  [[nodiscard]] Item glance(std::string_view key);
  void look_ahead(std::span<const std::string_view> keys) const;
  [[nodiscard]] Item touch(std::string_view key, Expiry expiry);
  [[nodiscard]] Fetched fetch(std::string_view key, const FetchTerms& terms);
  [[nodiscard]] Reservation reserve(
      std::string_view key, std::uint32_t client_flags, Expiry expiry, std::uint32_t value_bytes
  );
  [[nodiscard]] Stored store(Draft&& draft, const WriteTerms& terms);
  [[nodiscard]] Outcome erase(std::string_view key, std::optional<std::uint64_t> cas_unique);
  [[nodiscard]] Stored invalidate(std::string_view key, const InvalidateTerms& terms);
  [[nodiscard]] Arithmetic add(
      std::string_view key, std::uint64_t delta, Direction direction, const ArithmeticTerms& terms
  );
  [[nodiscard]] std::uint32_t class_number(const Item& item) const;
  void flush_all(UnixSeconds when);
  [[nodiscard]] std::optional<PinToken> pin(const Item& item);
  void release(PinToken token);
  bool background_step();
  void observe_evictions(EvictionObserver* observer) { eviction_observer_ = observer; }

  // For Draft: gives back the memory of an item that was never sealed, and moves the cursor.
  void discard(Draft& draft);
  void start_filling(Draft& draft) const;
  void next_run(Draft& draft) const;

 private:
  enum class State : std::uint8_t { absent, live, expired, flushed };

  // A key's entry: what the table found, and what it is worth.
  struct Entry {
    table::Found found;
    Item item;
    State state = State::absent;
    std::uint8_t generation = 0;  // of flushes, when it was looked up

    [[nodiscard]] bool live() const { return state == State::live; }
  };

  // The kind of an item that is about to be built.
  struct Blueprint {
    ItemShape shape;
    Expiry expiry = Expiry::never;
  };

  // What a copy of an item has of its own: the rest is the item's.
  struct Amendment {
    Expiry expiry = Expiry::never;
    std::uint64_t cas = 0;
    std::uint8_t state = 0;  // of shape_state
    bool empties = false;    // neither value nor client flags
  };
  [[nodiscard]] static Amendment unchanged(const Item& item);

  // An item where there is none. Its value is that of `source` if there is one, else `text`.
  struct NewItem {
    Expiry expiry = Expiry::never;
    std::optional<std::uint64_t> cas{};
    std::uint8_t state = 0;
    std::string_view text{};
    Item source{};
  };

  // What became of an attempt to change a key. changed: somebody else did, or the turn had to be
  // refreshed; look again.
  enum class Attempt : std::uint8_t { done, changed, no_memory };

  // A page that might be emptied.
  struct Candidate {
    ClassId size_class{};
    PageId page = PageId::none;
    std::uint32_t live = 0;         // chunks in use
    std::uint32_t homeless = 0;     // of these, about as many find no hole elsewhere
    std::int64_t cost = INT64_MAX;  // bytes that are lost with those
  };

  // Expired or flushed items that a walk has met, some at a time.
  struct Doomed {
    struct Entry {
      Item item;
      Hash hash;
      State state = State::absent;
    };
    std::array<Entry, 32> entries{};
    std::size_t count = 0;

    [[nodiscard]] bool full() const { return count == entries.size(); }
    void add(const Item& item, Hash hash, State state) { entries[count++] = {item, hash, state}; }
  };

  // A page of a chain and its copy, which is to take its place behind `previous` (none: the head).
  struct PageMove {
    PageId from = PageId::none;
    PageId to = PageId::none;
    PageId previous = PageId::none;
  };
  // Those of one item that are moved at a time, in the order of the chain.
  struct PageMoves {
    std::array<PageMove, 8> moves{};
    std::size_t count = 0;

    [[nodiscard]] std::span<const PageMove> all() const { return {moves.data(), count}; }
  };

  // How long a call has been looking for memory.
  struct Search {
    unsigned attempts = 0;
    unsigned waits = 0;     // since limbo last gave something
    bool released = false;  // of the pages of our own
  };

  // What the clock has unlinked.
  struct Evicted {
    std::size_t items = 0;
    std::uint64_t bytes = 0;
  };

  // A head whose chain was handed to a newer head owns only itself.
  enum class Extent : std::uint8_t { all, head };

  enum class Handover : std::uint8_t { done, changed, pinned };

  // What became of one chunk of a page that is to be emptied.
  enum class Moved : std::uint8_t { gone, stuck };

  // What a piece of background work came to: there is none; it must wait for a later turn; it may
  // go on at once.
  enum class Step : std::uint8_t { idle, waits, done };

  // Where a moved item may go: into holes, or also into a page that is opened for it.
  enum class Into : std::uint8_t { holes, pages };
  // May an item be lost because there is nowhere to move it to?
  enum class Loss : std::uint8_t { none, allowed };
  struct MoveTerms {
    Into into = Into::holes;
    Loss loss = Loss::allowed;
  };

  // worker.cpp
  [[nodiscard]] State state_of(const Item& item, std::uint8_t generation) const;
  [[nodiscard]] Entry classify(table::Found found) const;
  [[nodiscard]] Entry peek(std::string_view key, Hash hash) const;
  [[nodiscard]] std::uint64_t footprint(const Item& item, Extent extent) const;
  [[nodiscard]] static Extent extent_of(const Item& item);
  void own_parts(const Item& item);
  void show(const Item& item);
  void charge(std::int64_t bytes);
  [[nodiscard]] std::uint64_t next_cas();
  [[nodiscard]] std::uint64_t cas_after(std::uint64_t old);
  void seal(const Item& item, std::uint64_t cas, std::uint8_t generation);
  void count_linked(const Item& item);
  void bury(const Item& item, Extent extent);
  void bury_part(Chunk tail);
  void bury_page(PageId page);
  void bury_linked(const Item& item);
  void bury_dead(const Item& item, State state);
  void bury_victim(const Item& item);
  void finish(const table::Retired& retired);
  void prefetch(const table::Retired& retired) const;
  void free_item(const Item& item);
  void free_chunk(Chunk chunk);
  void free_page(PageId page);
  [[nodiscard]] bool remove_dead(Entry& entry);
  [[nodiscard]] Item item_of(table::Handle handle) const { return arena_.item(chunk_of(handle)); }
  [[nodiscard]] PartHeader& part_at(Chunk tail) const {
    return *reinterpret_cast<PartHeader*>(arena_.at(tail));
  }
  [[nodiscard]] table::Handle handle_of(const Item& item) const {
    return store::handle_of(arena_.chunk_of(&item.header()));
  }

  // lookup.cpp
  [[nodiscard]] Item admit(Entry& entry);
  void dismiss(Entry& entry);
  void note_access(const Item& item) const;

  // memory.cpp
  [[nodiscard]] Chunk take_chunk(std::uint32_t bytes);
  [[nodiscard]] Chunk try_holes(ClassId c);
  [[nodiscard]] Chunk try_chunk(ClassId c);
  [[nodiscard]] PageId take_page();
  [[nodiscard]] bool make_room(Search& search);
  bool wait_for_others(Search& search);
  void keep_pace();
  void owe_if_over_quota();
  [[nodiscard]] bool is_growth_worth_it() const;
  [[nodiscard]] bool index_holds(std::uint64_t load) const;
  bool grow_index();
  void bound_limbo();
  std::size_t evict_bytes(std::uint64_t bytes);
  std::size_t evict(std::size_t items_max, std::uint64_t bytes_max);
  [[nodiscard]] Evicted evict_some();
  bool reclaim_pages();
  void refresh_turn();
  std::size_t reclaim_limbo();
  void retire_emptied();

  // draft.cpp
  [[nodiscard]] Draft allocate(std::string_view key, const Blueprint& blueprint);
  [[nodiscard]] bool add_parts(const Item& item);
  [[nodiscard]] Item begin_item(Chunk chunk, std::string_view key, const Blueprint& blueprint);
  void append_value(Draft& draft, const Item& source) const;
  void discard(const Item& item);
  void uncount(Draft& draft);
  void count_drafts(std::int64_t bytes);

  // write.cpp
  [[nodiscard]] static Outcome verdict(const WriteTerms& terms, const Entry& entry);
  static void adopt(const Item& item, const Entry& entry, const WriteTerms& terms);
  [[nodiscard]] Item unsealed_copy(const Item& item);
  [[nodiscard]] Stored publish(Item item, const WriteTerms& terms);
  [[nodiscard]] std::optional<bool> link(Entry& entry, const Item& item, Hash hash);
  [[nodiscard]] bool swap(Entry& entry, const Item& item);
  [[nodiscard]] Stored join(Draft&& piece, const WriteTerms& terms);
  [[nodiscard]] std::optional<Stored> extend(
      Draft& joined, Entry& entry, const Item& piece, const WriteTerms& terms
  );
  [[nodiscard]] bool renew_draft(Draft& draft, std::string_view key, const Blueprint& blueprint);
  [[nodiscard]] bool replace_by(Draft& draft, Entry& entry, std::uint64_t cas);
  void flush_now();

  // amend.cpp
  static void inherit(const Item& copy, const Item& old);
  [[nodiscard]] Attempt remake(
      std::string_view key, Entry& entry, Draft& copy, const Amendment& amendment, Item& result
  );
  [[nodiscard]] Attempt create(
      std::string_view key, Hash hash, Draft& draft, const NewItem& make, Item& result
  );
  [[nodiscard]] std::optional<Fetched> vivify(
      std::string_view key, Hash hash, Draft& draft, const FetchTerms& terms
  );
  [[nodiscard]] bool wins(const Item& item, const FetchTerms& terms) const;

  // relocate.cpp
  bool reclaim_page(Loss loss = Loss::allowed);
  [[nodiscard]] bool empty_page(PageId page, Loss loss);
  [[nodiscard]] bool holds_something_stuck(PageId page) const;
  [[nodiscard]] static Moved fate_of(const std::atomic<std::uint8_t>& marks);
  [[nodiscard]] std::int64_t holes_of(ClassId c) const;
  [[nodiscard]] Candidate choose_page(std::int64_t& holes_below, Loss loss);
  [[nodiscard]] Candidate cheapest_page();
  [[nodiscard]] Candidate cheap_candidate(ClassId c);
  [[nodiscard]] std::int64_t loss_with(const Candidate& candidate) const;
  [[nodiscard]] std::int64_t loss_by_eviction() const;
  [[nodiscard]] std::uint64_t average_item_bytes() const;
  [[nodiscard]] Candidate emptiest_page(ClassId c, std::uint32_t samples);
  [[nodiscard]] Moved move_chunk(Chunk chunk, const MoveTerms& terms);
  [[nodiscard]] Moved move_item(const Item& item, const MoveTerms& terms);
  [[nodiscard]] Moved move_contiguous(const Item& item, Chunk target);
  [[nodiscard]] Moved move_head(const Item& item, Chunk target);
  [[nodiscard]] Moved move_tail(Chunk tail, const MoveTerms& terms);
  [[nodiscard]] Moved move_tail_of(const Item& item, Chunk tail, const MoveTerms& terms);
  [[nodiscard]] Moved move_nowhere(const Item& item, const MoveTerms& terms);
  [[nodiscard]] Moved drop(const Item& item);
  [[nodiscard]] Item copy_head(const Item& old, Chunk target, const Amendment& amendment);
  [[nodiscard]] Handover hand_over(
      Entry* entry,
      const Item& old,
      const Item& copy,
      const Chain& chain,
      std::span<const PageMove> moves = {}
  );
  [[nodiscard]] static bool head_is_movable(const Item& item);
  [[nodiscard]] Attempt amend_head(Entry& entry, const Amendment& amendment, Item& result);

  [[nodiscard]] Chunk try_target(ClassId c, Into into);

  // shrink.cpp
  [[nodiscard]] bool give_back_surplus();
  [[nodiscard]] Step shrink_step();
  [[nodiscard]] bool may_lose() const;
  [[nodiscard]] Step compact(Loss loss);
  [[nodiscard]] Step evict_one_pageful();
  [[nodiscard]] Step vacate_step(Loss loss);
  [[nodiscard]] Step advance_vacancy(Loss loss);
  [[nodiscard]] Step make_room_to_move(Loss loss);
  [[nodiscard]] PageId cheapest_block();
  [[nodiscard]] std::uint64_t cost_of_block(PageId block) const;
  [[nodiscard]] std::uint64_t cost_of_page(PageId page) const;
  [[nodiscard]] bool seize_block(Loss loss);
  void abandon_block();
  [[nodiscard]] bool vacate_page(PageId page, Loss loss);

  // chain.cpp
  bool move_chain(PageId page, Loss loss);
  [[nodiscard]] std::optional<Item> head_of_chain(PageId page) const;
  [[nodiscard]] PageMoves copy_pages(const Item& item, PageId block);
  void relink(std::span<const PageMove> moves);

  // background.cpp
  [[nodiscard]] Step walk_pages();
  [[nodiscard]] Step walk_outdated();
  [[nodiscard]] Step reclaim_ahead();
  [[nodiscard]] bool is_outdated(PageId page) const;
  [[nodiscard]] bool needs_walk(PageId page) const;
  void remove_all(Doomed& doomed);
  void walk_page(PageId page);

  Core& core_;
  Arena& arena_;
  Index& index_;
  Budget& budget_;
  stats::Counters& counters_;
  Core::Seat& seat_;
  ArenaCache cache_;
  table::Participant participant_;
  EvictionObserver* eviction_observer_ = nullptr;
  UnixSeconds now_{};

  std::uint64_t cas_next_ = 0;
  std::uint64_t cas_end_ = 0;
  // Change of the budget's live bytes that is not reported yet.
  std::int64_t unreported_ = 0;
  std::int64_t unreported_drafts_ = 0;
  // Grows when a call had to end the turn and begin another: what was found before is not valid.
  std::uint64_t refreshes_ = 0;
  std::uint32_t stores_ = 0;
  // How many pages the background should reclaim, because a store has had to wait for one.
  std::uint32_t pages_wanted_ = 0;
  // Steps of shrinking that stores of this thread owe, having taken pages above the quota.
  std::uint32_t shrink_debt_ = 0;
  // Turns since a step of shrinking came to anything.
  std::uint32_t turns_waited_ = 0;
  // How many pages the item under construction still lacks.
  std::uint32_t pages_short_ = 0;
  // Unlinked by evict() and not buried yet; empty outside of it.
  std::vector<Item> victims_;
  // What gather() has met and not looked at yet; empty outside of it.
  std::vector<table::Handle> gathered_;
  // Emptied pages whose grace period begins with the next moment inside a turn.
  std::vector<PageId> emptied_;
  WalkHand::Range walk_{};
  FlushHand::Range outdated_{};
  // Which of its chores background_step begins with.
  std::size_t chore_ = 0;
  std::uint32_t sample_hand_ = 0;
};

[[nodiscard]] Core::Seat& take_seat(Core& core);

}  // namespace rc::store
