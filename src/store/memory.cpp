// Where the memory of a new item comes from.
//
// In order: this thread's page of the size class, a page of the class with holes, a free page, a
// hole of a slightly larger class. When there is none of these, make_room() works until there is:
// it waits for what is on its way (limbo), evicts while live bytes are above the high water mark,
// and empties sparse pages. keep_pace() evicts a little ahead, so that this is rare.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "store/worker.hpp"
#include "table/geometry.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>
#include <utility>

namespace rc::store {

namespace {

// A chunk may be this much larger than needed, in parts of what is needed, before a page is emptied
// instead. A small arena has few pages of each class: with less, items that have just come are lost
// because there is no hole to move them to.
constexpr std::uint32_t borrow_parts = 2;
// Rounds of make_room before a store is refused; with all of them spent waiting, about a second.
constexpr unsigned attempts_max = 10'000;
// Waiting for other threads to end their turns: at first by trying again, then yielding, then
// sleeping; after `patience` rounds we look for other memory although limbo is not empty.
constexpr unsigned waits_at_once = 8;
constexpr unsigned waits_yielding = 64;
constexpr unsigned patience = 256;
constexpr std::chrono::microseconds wait_sleep{50};
constexpr std::uint64_t evict_max = 32;
constexpr std::uint32_t pages_at_once = 16;
constexpr unsigned sweeps_max = 64;
constexpr unsigned sweeps_when_far = 2;
// Above this share of its slots, in 256ths, the index fills its windows and evicts blindly. It is
// better than to give the index twice the memory, which is then missing for items.
constexpr std::uint64_t load_max = 240;
// Above this one, windows begin to be full.
constexpr std::uint64_t load_crowded = 185;
// Epochs that must pass before a doubling may begin, and one for a turn that others just began.
constexpr unsigned grace_refreshes = 4;
constexpr std::uint32_t stores_per_load_check = 32;
constexpr std::uint64_t slots_per_segment =
    table::DefaultGeometry::slots * table::DefaultGeometry::buckets;
constexpr std::uint64_t segment_bytes = 4 * kib;

}  // namespace

// A chunk of the class or, failing that, of one a little larger, in pages that are cut already.
Chunk Worker::try_holes(ClassId c) {
  const std::uint32_t bytes = size_class(c).chunk_bytes;
  for (std::size_t i = index(c); i < class_count; ++i) {
    if (size_classes[i].chunk_bytes > bytes + bytes / borrow_parts) break;
    const Chunk chunk = cache_.allocate(ClassId{static_cast<std::uint8_t>(i)});
    if (chunk != Chunk::none) return chunk;
  }
  return Chunk::none;
}

Chunk Worker::try_chunk(ClassId c) {
  const Chunk chunk = cache_.allocate(c);
  if (chunk != Chunk::none) return chunk;
  if (cache_.open_page(c, core_.flush_generation())) {
    owe_if_over_quota();
    return cache_.allocate(c);
  }
  return try_holes(c);
}

// Pages taken while there are more than there may be: what comes next has to help with that.
void Worker::owe_if_over_quota() {
  constexpr std::uint32_t steps_per_page = 2;
  constexpr std::uint32_t debt_max = 64;
  if (!arena_.supply().over_quota()) return;
  shrink_debt_ = std::min(shrink_debt_ + steps_per_page, debt_max);
}

Chunk Worker::take_chunk(std::uint32_t bytes) {
  const ClassId c = class_for(bytes);
  Chunk chunk = try_chunk(c);
  for (Search search; chunk == Chunk::none && make_room(search);) chunk = try_chunk(c);
  if (chunk != Chunk::none) charge(arena_.chunk_bytes(chunk));
  return chunk;
}

PageId Worker::take_page() {
  PageId page = arena_.take_page();
  for (Search search; page == PageId::none && make_room(search);) page = arena_.take_page();
  if (page == PageId::none) return page;
  if (pages_short_ != 0) --pages_short_;
  owe_if_over_quota();
  // Relaxed: walks skip free pages and pages of chains alike.
  arena_.descriptor(page).kind.store(PageKind::chain, std::memory_order_relaxed);
  charge(page_bytes);
  return page;
}

// Takes one step towards free memory; false when there is none to take. The turn may be refreshed:
// nothing that was found before is valid afterwards.
bool Worker::make_room(Search& search) {
  if (search.attempts == 0) {
    pages_wanted_ = std::min(pages_wanted_ + 1, budget_.free_pages_wanted());
  }
  if (++search.attempts > attempts_max) return false;
  if (participant_.limbo_count() != 0 || !emptied_.empty()) {
    refresh_turn();
    if (reclaim_limbo() != 0) {
      search.waits = 0;
      return true;
    }
    if (search.waits % patience != patience - 1) return wait_for_others(search);
  }
  if (core_.options.evict && budget_.above_high_water() && evict_bytes(page_bytes) != 0)
    return true;
  if (reclaim_pages()) return true;
  if (!std::exchange(search.released, true)) {
    cache_.release_pages([this](PageId page) { free_page(page); });
    return true;
  }
  if (core_.options.evict && evict_bytes(page_bytes) != 0) return true;
  // What there is waits in other threads' limbo, or there is nothing.
  if (core_.epochs.limbo_bytes() == 0) return false;
  refresh_turn();
  return wait_for_others(search);
}

bool Worker::wait_for_others(Search& search) {
  ++search.waits;
  if (search.waits > waits_yielding) {
    // Outside a turn, so that they do not wait for us.
    participant_.leave();
    std::this_thread::sleep_for(wait_sleep);
    participant_.enter();
  } else if (search.waits > waits_at_once) {
    std::this_thread::yield();
  }
  return true;
}

// As many pages at once as the item that is being built lacks, since they come free together.
bool Worker::reclaim_pages() {
  bool any = false;
  for (std::uint32_t i = 0; i < pages_at_once && i < std::max(pages_short_, 1U); ++i) {
    if (!reclaim_page()) break;
    any = true;
  }
  return any;
}

void Worker::refresh_turn() {
  ++refreshes_;
  participant_.leave();
  participant_.enter();
  retire_emptied();
}

// The list of what is in limbo lies outside the arena and so outside the limit: a turn that
// unlinks very many items must not run on. Three steps of the epoch free what was unlinked, and one
// more what was unlinked after the epoch had moved within the turn, if no other thread stands
// still.
void Worker::bound_limbo() {
  constexpr std::size_t items_max = 16 * 1024;
  if (participant_.limbo_count() < items_max) return;
  for (int i = 0; i < 4; ++i) {
    refresh_turn();
    reclaim_limbo();
  }
}

// Evicts until live bytes are below the high water mark, or, in small pieces, until a bound that
// keeps one call short. After the limit has fallen the mark is far below: then one store evicts
// only a few more items than it brings, and the background does the rest.
void Worker::keep_pace() {
  bound_limbo();
  if (shrink_debt_ != 0) {
    --shrink_debt_;
    static_cast<void>(shrink_step());
  }
  const bool check_load = ++stores_ % stores_per_load_check == 0;
  if (check_load) {
    bool delayed = grow_index();
    // A doubling begins with a grace period, and a turn may bring more items than the index has
    // slots: then it is better to end the turn than to lose items.
    for (unsigned i = 0; delayed && i < grace_refreshes && index_holds(load_crowded); ++i) {
      refresh_turn();
      delayed = grow_index();
    }
  }
  if (!core_.options.evict) return;
  const std::uint64_t mark = budget_.high_water_bytes();
  const bool far = budget_.live_bytes() > mark + mark / 32;
  for (unsigned i = 0; i < (far ? sweeps_when_far : sweeps_max); ++i) {
    const std::uint64_t live = budget_.live_bytes();
    if (live <= mark) break;
    if (evict_bytes(live - mark) == 0) break;
  }
  if (check_load && index_holds(load_max)) evict(stores_per_load_check, page_bytes);
}

// More than that share of its slots, in 256ths?
bool Worker::index_holds(std::uint64_t load) const {
  return index_.item_count() * 256 > index_.slot_count() * load;
}

// Would a full cache hold more items if the index completed the doubling that is due? Its memory is
// taken from items, and an index that is not doubled can hold load_max of its slots.
bool Worker::is_growth_worth_it() const {
  if (!core_.options.evict) return true;
  const std::uint64_t slots = index_.slot_count();
  const std::uint64_t half = std::bit_floor(slots / slots_per_segment) * slots_per_segment;
  const std::uint64_t items = std::max<std::uint64_t>(index_.item_count(), 1);
  const std::uint64_t live = std::max<std::uint64_t>(budget_.live_bytes(), 1);
  const std::uint64_t bytes_left = (2 * half - slots) / slots_per_segment * segment_bytes;
  const std::uint64_t mark = budget_.high_water_bytes();
  const std::uint64_t room = mark - std::min(mark, bytes_left);
  // Items of the average size that fit beside the larger index.
  const double doubled =
      static_cast<double>(room) / static_cast<double>(live) * static_cast<double>(items);
  return doubled * 256 > static_cast<double>(half * load_max);
}

// Splits some segments of the index while it is too full, if their memory can be had. True if it
// has to wait for other turns before it can go on.
bool Worker::grow_index() {
  if (!index_.wants_growth() || !is_growth_worth_it()) return false;
  for (unsigned i = 0; i < Index::splits_at_once; ++i) {
    if (!core_.pay_for_index(index_.bytes_after_growth())) {
      shrink_debt_ = std::max(shrink_debt_, 1U);
      return false;
    }
    const table::Growth growth = index_.grow();
    if (growth != table::Growth::split) return growth == table::Growth::busy;
  }
  return false;
}

std::uint64_t Worker::average_item_bytes() const {
  const std::uint64_t live = budget_.live_bytes();
  const std::uint64_t linked = live - std::min(live, budget_.draft_bytes());
  return linked / std::max<std::uint64_t>(index_.item_count(), 1);
}

// Evicts about as much, one item at least. The average item says how many are asked for in one go,
// but not how large those are: where small items have begun to take the place of large ones, the
// hand may meet large ones only.
std::size_t Worker::evict_bytes(std::uint64_t bytes) {
  const std::uint64_t average = average_item_bytes();
  return evict(
      std::clamp<std::uint64_t>(bytes / std::max<std::uint64_t>(average, 1), 1, evict_max), bytes
  );
}

// Evicts until it was so many items or so many bytes: a few buckets' worth more at most.
std::size_t Worker::evict(std::size_t items_max, std::uint64_t bytes_max) {
  std::size_t evicted = 0;
  for (std::uint64_t freed = 0; evicted < items_max && freed < bytes_max;) {
    const Evicted some = evict_some();
    if (some.items == 0) break;
    evicted += some.items;
    freed += some.bytes;
  }
  // Report at once: whether to go on depends on it.
  budget_.report(std::exchange(unreported_, 0));
  return evicted;
}

// The victims are cold by nature: their headers are fetched all at once, and looked at after.
Worker::Evicted Worker::evict_some() {
  const auto bury_later = [this](table::Handle victim) {
    victims_.push_back(item_of(victim));
    prefetch_for_writing(&victims_.back().header());
  };
  Evicted evicted{.items = index_.evict(1, bury_later, budget_.live_bytes())};
  for (const Item& victim : victims_) {
    evicted.bytes += footprint(victim, Extent::all);
    bury_victim(victim);
  }
  victims_.clear();
  return evicted;
}

}  // namespace rc::store
