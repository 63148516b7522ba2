#include "store/worker.hpp"

#include "base/assert.hpp"

#include <thread>
#include <utility>

namespace rc::store {

namespace {

using stats::Metric;

// Marks the handle of a retired page, so that it is not taken for that of an item. Handles have 38
// bits.
constexpr std::uint64_t page_mark = std::uint64_t{1} << 63U;
// The same for a tail that was replaced by a copy.
constexpr std::uint64_t part_mark = std::uint64_t{1} << 62U;

table::Handle page_handle(PageId page) {
  return table::Handle{page_mark | index(page)};
}

}  // namespace

Core::Seat& take_seat(Core& core) {
  for (std::uint32_t i = 0; i < core.options.workers_max; ++i) {
    // Acquire: partner of the release when the seat was given up; its counts go on from there.
    if (!core.seats[i].busy.exchange(true, std::memory_order_acquire)) return core.seats[i];
  }
  const bool more_workers_than_announced = false;
  RC_ASSERT(more_workers_than_announced);
  return core.seats[0];
}

Worker::Worker(Core& core, stats::Counters& counters)
    : core_(core),
      arena_(*core.arena),
      index_(*core.index),
      budget_(core.budget),
      counters_(counters),
      seat_(take_seat(core)),
      cache_(arena_, seat_.counts, core.owned_pages_max()),
      participant_(core.epochs) {}

Worker::~Worker() {
  RC_ASSERT(!participant_.inside());
  participant_.enter();
  cache_.release_pages([this](PageId page) { free_page(page); });
  retire_emptied();
  participant_.leave();
  // Others may be in a turn: it ends, and then all that we retired is free.
  while (participant_.limbo_count() != 0) {
    if (reclaim_limbo() == 0) std::this_thread::yield();
    participant_.enter();
    retire_emptied();
    participant_.leave();
  }
  budget_.report(unreported_);
  budget_.report_drafts(unreported_drafts_);
  seat_.busy.store(false, std::memory_order_release);
}

void Worker::begin_turn(UnixSeconds now) {
  now_ = now;
  participant_.enter();
  retire_emptied();
  // Relaxed: whoever sees it late flushes late; the exchange decides who does it.
  const std::uint32_t due = core_.flush_due.load(std::memory_order_relaxed);
  if (due == 0 || due > count(now)) return;
  std::uint32_t expected = due;
  if (core_.flush_due.compare_exchange_strong(expected, 0, std::memory_order_relaxed)) flush_now();
}

void Worker::end_turn() {
  retire_emptied();
  participant_.leave();
  reclaim_limbo();
  if (emptied_.empty()) return;
  // The thread may sleep now; pages must not wait for it to wake.
  participant_.enter();
  retire_emptied();
  participant_.leave();
}

Worker::State Worker::state_of(const Item& item, std::uint8_t generation) const {
  if (item.header().flush_generation != generation) return State::flushed;
  return has_passed(item.expiry(), now_) ? State::expired : State::live;
}

Worker::Entry Worker::classify(table::Found found) const {
  Entry entry;
  entry.generation = core_.flush_generation();
  if (!found) return entry;
  entry.found = found;
  entry.item = item_of(found.handle());
  entry.state = state_of(entry.item, entry.generation);
  return entry;
}

Worker::Entry Worker::peek(std::string_view key, Hash hash) const {
  return classify(index_.peek(key, hash));
}

// The memory that the item's death frees: chunks and pages, not just its bytes.
std::uint64_t Worker::footprint(const Item& item, Extent extent) const {
  std::uint64_t bytes = arena_.chunk_bytes(arena_.chunk_of(&item.header()));
  if (!item.chained() || extent == Extent::head) return bytes;
  const Chain& chain = item.chain();
  bytes += std::uint64_t{chain.page_count} * page_bytes;
  for (const Chunk tail : chain.tails) {
    if (tail != Chunk::none) bytes += arena_.chunk_bytes(tail);
  }
  return bytes;
}

// How much of an item is its own, once nobody can be moving its chain any more.
Worker::Extent Worker::extent_of(const Item& item) {
  if (!item.chained()) return Extent::all;
  // Relaxed: a grace period, or being the only one who knows the item, lies in between.
  const std::uint32_t pins = item.pins().load(std::memory_order_relaxed);
  return (pins & (pins_moved | pins_void)) != 0 ? Extent::head : Extent::all;
}

void Worker::charge(std::int64_t bytes) {
  unreported_ += bytes;
  if (unreported_ > -budget_.report_bytes() && unreported_ < budget_.report_bytes()) return;
  budget_.report(std::exchange(unreported_, 0));
}

std::uint32_t Worker::class_number(const Item& item) const {
  const ClassId c = arena_.class_of(arena_.chunk_of(&item.header()));
  return static_cast<std::uint32_t>(index(c)) + 1;
}

std::uint64_t Worker::next_cas() {
  if (cas_next_ == cas_end_) {
    // Relaxed: the values need only be distinct.
    cas_next_ = core_.next_cas.fetch_add(Core::cas_lease, std::memory_order_relaxed);
    cas_end_ = cas_next_ + Core::cas_lease;
  }
  return cas_next_++;
}

// A version that is newer than `old`, also where another thread has chosen that one: who holds an
// older version must be able to tell. (A version that a client chose may be beyond all of ours.)
std::uint64_t Worker::cas_after(std::uint64_t old) {
  if (cas_next_ != cas_end_ && cas_next_ <= old) cas_next_ = cas_end_;
  return next_cas();
}

// Tells the parts of a chain who has them now.
void Worker::own_parts(const Item& item) {
  const auto head = static_cast<std::uint64_t>(arena_.chunk_of(&item.header()));
  if (const PageId first{item.chain().first_page}; first != PageId::none) {
    // Release: as for the tails. Partner: head_of_chain.
    arena_.chain_back(first).store(Arena::chain_head_mark | head, std::memory_order_release);
  }
  for (const Chunk tail : item.chain().tails) {
    if (tail == Chunk::none) continue;
    // Release: a walk that follows it sees the head. Partner: move_tail.
    part_at(tail).owner.store(head, std::memory_order_release);
  }
}

// From here on walks may see the item; see the file comment of worker.hpp. The generation is that
// of the moment in which the key was looked up: a flush that came in between takes the item along.
void Worker::seal(const Item& item, std::uint64_t cas, std::uint8_t generation) {
  ItemHeader& header = item.header();
  header.cas = cas;
  header.flush_generation = generation;
  core_.note_stored();
  header.last_access.store(static_cast<std::uint16_t>(count(now_)), std::memory_order_relaxed);
  if (item.chained()) {
    own_parts(item);
    for (const Chunk tail : item.chain().tails) {
      // Release: a walk that sees a tail sees its owner. Partner: move_chunk.
      if (tail != Chunk::none) part_at(tail).marks.store(mark_part, std::memory_order_release);
    }
  }
  show(item);
}

void Worker::show(const Item& item) {
  auto& marks = item.header().marks;
  // Load and store: until now only this thread writes the marks. A copy keeps what it inherited.
  const auto inherited = marks.load(std::memory_order_relaxed) & mark_fetched;
  const auto shown = static_cast<std::uint8_t>(mark_linked | inherited);
  // Release: a walk that sees the mark sees the whole item. Partners: move_chunk, walk_page.
  if (item.expiry() == Expiry::never) return marks.store(shown, std::memory_order_release);
  // Sequentially consistent, as is walk_page: we store the mark and then read the bound, the walk
  // takes the bound away and then reads the marks. Either it sees the item or we see that the
  // bound is gone; with anything weaker both could miss, and nobody would walk the page in time.
  marks.store(shown, std::memory_order_seq_cst);
  const Chunk head = arena_.chunk_of(&item.header());
  auto& lowest = arena_.descriptor(Arena::page_of(head)).expiry_min;
  std::uint32_t before = lowest.load(std::memory_order_seq_cst);
  while (count(item.expiry()) < before &&
         !lowest.compare_exchange_weak(before, count(item.expiry()), std::memory_order_seq_cst)) {
  }
}

void Worker::count_linked(const Item& item) {
  ThreadCounts::add(seat_.counts.item_bytes, static_cast<std::int64_t>(item.item_bytes()));
}

// For a sealed item that is in the table no longer, or never was. Takes the marks away first, so
// that no walk that begins later touches it.
void Worker::bury(const Item& item, Extent extent) {
  // Relaxed: retiring orders it. Others may set `fetched` meanwhile.
  item.header().marks.fetch_and(static_cast<std::uint8_t>(~mark_linked), std::memory_order_relaxed);
  if (item.chained() && extent == Extent::all) {
    for (const Chunk tail : item.chain().tails) {
      if (tail != Chunk::none) part_at(tail).marks.store(0, std::memory_order_relaxed);
    }
  }
  const std::uint64_t bytes = footprint(item, extent);
  charge(-static_cast<std::int64_t>(bytes));
  participant_.retire(handle_of(item), bytes);
}

// For a tail that no chain has any more.
void Worker::bury_part(Chunk tail) {
  part_at(tail).marks.store(0, std::memory_order_relaxed);
  const std::uint32_t bytes = arena_.chunk_bytes(tail);
  charge(-std::int64_t{bytes});
  participant_.retire(table::Handle{part_mark | static_cast<std::uint64_t>(tail)}, bytes);
}

// For a page of a chain that was replaced by a copy.
void Worker::bury_page(PageId page) {
  charge(-std::int64_t{page_bytes});
  participant_.retire(page_handle(page), page_bytes);
}

void Worker::bury_linked(const Item& item) {
  ThreadCounts::add(seat_.counts.item_bytes, -static_cast<std::int64_t>(item.item_bytes()));
  bury(item, Extent::all);
}

void Worker::bury_dead(const Item& item, State state) {
  counters_.add(Metric::reclaimed);
  if (state == State::expired && !item.fetched()) counters_.add(Metric::expired_unfetched);
  bury_linked(item);
}

void Worker::bury_victim(const Item& item) {
  const State state = state_of(item, core_.flush_generation());
  if (state != State::live) return bury_dead(item, state);
  counters_.add(Metric::evictions);
  if (!item.fetched()) counters_.add(Metric::evicted_unfetched);
  const ClassId c = arena_.class_of(arena_.chunk_of(&item.header()));
  ThreadCounts::add(seat_.counts.evicted[index(c)], 1);
  if (eviction_observer_ != nullptr) eviction_observer_->on_evicted(item);
  bury_linked(item);
}

// Unlinks an expired or flushed item that a lookup met; false if somebody else did.
bool Worker::remove_dead(Entry& entry) {
  if (!index_.erase(entry.found)) return false;
  bury_dead(entry.item, entry.state);
  return true;
}

// The grace period is over: nobody can find the item any more, and nobody can pin it.
void Worker::finish(const table::Retired& retired) {
  const auto handle = static_cast<std::uint64_t>(retired.handle);
  if ((handle & page_mark) != 0) {
    return arena_.give_page(PageId{static_cast<std::uint32_t>(handle)});
  }
  if ((handle & part_mark) != 0) return free_chunk(Chunk{handle & ~part_mark});
  const Item item = item_of(retired.handle);
  if (item.pinnable()) {
    // Acquire and release: the sends that are over have read before we free. Partner: release().
    const std::uint32_t pins = item.pins().fetch_or(pins_dead, std::memory_order_acq_rel);
    // The item is the last release's now, and may be freed already: no look at it any more.
    if ((pins & pins_count) != 0) {
      return budget_.add_pinned_dead(static_cast<std::int64_t>(retired.bytes));
    }
  }
  free_item(item);
}

// Frees an item that nobody else knows.
void Worker::free_item(const Item& item) {
  if (item.chained() && extent_of(item) == Extent::all) {
    const Chain chain = item.chain();
    PageId page{chain.first_page};
    for (std::uint32_t i = 0; i < chain.page_count; ++i) {
      // Relaxed: a grace period lies between any change and this.
      const PageId next{arena_.descriptor(page).chain_next.load(std::memory_order_relaxed)};
      arena_.give_page(page);
      page = next;
    }
    for (const Chunk tail : chain.tails) {
      if (tail != Chunk::none) free_chunk(tail);
    }
  }
  free_chunk(arena_.chunk_of(&item.header()));
}

void Worker::free_chunk(Chunk chunk) {
  marks_at(arena_.at(chunk)).store(0, std::memory_order_relaxed);
  const PageId emptied = cache_.free(chunk);
  if (emptied != PageId::none) free_page(emptied);
}

// The page is empty, but a walk may be looking at it. May be called outside a turn, and while
// limbo is being handed back: its own grace period begins later.
void Worker::free_page(PageId page) {
  emptied_.push_back(page);
}

void Worker::retire_emptied() {
  for (const PageId page : emptied_) participant_.retire(page_handle(page), page_bytes);
  emptied_.clear();
}

// What finish() will touch of a retired item, which by then is cold.
void Worker::prefetch(const table::Retired& retired) const {
  const auto handle = static_cast<std::uint64_t>(retired.handle);
  if ((handle & (page_mark | part_mark)) != 0) return;
  const Chunk chunk = chunk_of(retired.handle);
  prefetch_for_writing(arena_.at(chunk));
  prefetch_for_writing(&arena_.descriptor(Arena::page_of(chunk)));
}

std::size_t Worker::reclaim_limbo() {
  return participant_.reclaim(
      [this](const table::Retired& retired) { finish(retired); },
      [this](const table::Retired& retired) { prefetch(retired); }
  );
}

std::optional<PinToken> Worker::pin(const Item& item) {
  if (!item.pinnable()) return std::nullopt;
  auto& pins = item.pins();
  std::uint32_t before = pins.load(std::memory_order_relaxed);
  do {
    // Its chain is changing hands, or there are more sends than the word can count: copy instead.
    if ((before & ~pins_count) != 0 || (before & pins_count) == pins_count) return std::nullopt;
    // Relaxed: we are in a turn, so the item cannot be freed before finish() sees the count.
  } while (!pins.compare_exchange_weak(before, before + 1, std::memory_order_relaxed));
  return PinToken{static_cast<std::uint64_t>(arena_.chunk_of(&item.header()))};
}

void Worker::release(PinToken token) {
  const Item item = arena_.item(Chunk{static_cast<std::uint64_t>(token)});
  // Acquire and release: partner of finish() and of the other releases.
  const std::uint32_t before = item.pins().fetch_sub(1, std::memory_order_acq_rel);
  RC_ASSERT((before & pins_count) != 0);
  if (before != (pins_dead | 1)) return;
  budget_.add_pinned_dead(-static_cast<std::int64_t>(footprint(item, extent_of(item))));
  free_item(item);
}

}  // namespace rc::store
