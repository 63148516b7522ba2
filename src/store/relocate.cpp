// Emptying a sparse page, so that its memory can serve another size class.
//
// Of the class with the most bytes in holes, take the emptiest of up to 64 pages; move every live
// item into holes of that class's other pages or of a slightly larger class, or evict it where
// there is none; the page becomes free when the last of its chunks does, after a grace period.
// Items are immutable and the slot in the table is the only reference to them, so a move is a copy
// and one change of the slot.
//
// An item that is pinned, or only being built, stays where it is; then the page goes back among
// the available ones of its class and is tried again another time.
#include "base/assert.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace rc::store {

using stats::Metric;

namespace {

// Names a second for PageDescriptor::stuck: never 0, and the same again after two minutes.
std::uint8_t stuck_in(UnixSeconds second) {
  return static_cast<std::uint8_t>(count(second) << 1U | 1U);
}

}  // namespace

// Empties one page; false if there is none to empty. Bounded: the chunks of some pages. A page with
// something stuck in it is left alone for the rest of the second, and holes that are in such pages
// only do not keep the next class from its turn: slow clients must not stop all relocation.
bool Worker::reclaim_page(Loss loss) {
  constexpr int tries_max = 16;
  std::int64_t holes_below = INT64_MAX;
  for (int i = 0; i < tries_max; ++i) {
    const Candidate victim = choose_page(holes_below, loss);
    if (victim.page == PageId::none) {
      if (holes_below == 0) return false;
      continue;
    }
    if (cache_.seize(victim.page, victim.size_class) && empty_page(victim.page, loss)) return true;
  }
  return false;
}

// Takes all out of a page that we have seized, and lets go of it.
bool Worker::empty_page(PageId page, Loss loss) {
  bool drains = !holds_something_stuck(page);
  if (!drains) {
    arena_.descriptor(page).stuck.store(stuck_in(now_), std::memory_order_relaxed);
    const PageId emptied = cache_.let_go(page, false);
    if (emptied != PageId::none) free_page(emptied);
    return false;
  }
  arena_.for_each_used(page, [&](Chunk chunk) {
    if (move_chunk(chunk, {.into = Into::holes, .loss = loss}) == Moved::stuck) drains = false;
  });
  const PageId emptied = cache_.let_go(page, drains);
  if (emptied != PageId::none) free_page(emptied);
  if (drains) {
    counters_.add(Metric::pages_reclaimed);
  } else {
    // Relaxed: a hint.
    arena_.descriptor(page).stuck.store(stuck_in(now_), std::memory_order_relaxed);
  }
  return drains;
}

// Looks before anything is moved, which would be in vain.
bool Worker::holds_something_stuck(PageId page) const {
  bool stuck = false;
  arena_.for_each_used(page, [&](Chunk chunk) {
    // Acquire: partner of the release in show().
    const std::uint8_t marks = marks_at(arena_.at(chunk)).load(std::memory_order_acquire);
    if ((marks & mark_building) != 0) stuck = true;
    if ((marks & mark_linked) == 0) return;
    const Item item = arena_.item(chunk);
    // Relaxed: as in move_item.
    if (item.pinnable() && item.pins().load(std::memory_order_relaxed) != 0) stuck = true;
  });
  return stuck;
}

// Free chunks of the class in all its pages, about.
std::int64_t Worker::holes_of(ClassId c) const {
  return std::int64_t{arena_.pages_of(c)} * size_class(c).chunks - core_.used_chunks(c);
}

// Where a class has holes for a whole page, its emptiest page can be had for copying; the class
// with the most bytes in holes is taken, but fewer than `holes_below`. Otherwise emptying a page
// costs items, and the page where it costs least is taken. Without a page, `holes_below` says where
// to go on, and 0 that there is nothing.
Worker::Candidate Worker::choose_page(std::int64_t& holes_below, Loss loss) {
  constexpr std::uint32_t samples = 64;
  ClassId sparsest{};
  std::int64_t most = page_bytes - 1;
  for (std::size_t i = 0; i < class_count; ++i) {
    const ClassId c{static_cast<std::uint8_t>(i)};
    if (arena_.available(c).count() == 0) continue;
    const std::int64_t holes = holes_of(c) * size_class(c).chunk_bytes;
    if (holes <= most || holes >= holes_below) continue;
    most = holes;
    sparsest = c;
  }
  if (most < page_bytes) {
    holes_below = 0;
    return loss == Loss::allowed ? cheapest_page() : Candidate{};
  }
  const Candidate candidate = emptiest_page(sparsest, samples);
  if (candidate.page == PageId::none) holes_below = most;
  return candidate;
}

// The page whose emptying loses least, and not more than eviction would. One head or tail of a
// large value takes the whole of it along, which only a look at the chunks tells; the most
// promising pages are looked at.
Worker::Candidate Worker::cheapest_page() {
  constexpr std::uint32_t chunks_looked_at_max = 1024;
  std::array<Candidate, class_count> candidates{};
  for (std::size_t i = 0; i < class_count; ++i) {
    candidates[i] = cheap_candidate(ClassId{static_cast<std::uint8_t>(i)});
  }
  Candidate best;
  best.cost = loss_by_eviction();
  for (std::uint32_t looked_at = 0; looked_at < chunks_looked_at_max;) {
    Candidate& next = *std::min_element(
        candidates.begin(),
        candidates.end(),
        [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; }
    );
    if (next.cost >= best.cost) break;
    looked_at += next.live;
    next.cost = loss_with(next);
    if (next.cost < best.cost) best = next;
    next.cost = INT64_MAX;
  }
  return best;
}

// The class's emptiest page of some, with the least that emptying it can cost.
Worker::Candidate Worker::cheap_candidate(ClassId c) {
  constexpr std::uint32_t samples = 8;
  if (arena_.available(c).count() == 0) return {};
  Candidate candidate = emptiest_page(c, samples);
  if (candidate.page == PageId::none) return candidate;
  const SizeClass& size = size_class(c);
  const std::int64_t holes_here = std::int64_t{size.chunks} - candidate.live;
  const std::int64_t holes = std::max<std::int64_t>(holes_of(c) - holes_here, 0);
  const std::int64_t homeless = std::max<std::int64_t>(candidate.live - holes, 0);
  candidate.homeless = static_cast<std::uint32_t>(homeless);
  candidate.cost = homeless * size.chunk_bytes;
  return candidate;
}

std::int64_t Worker::loss_with(const Candidate& candidate) const {
  if (candidate.homeless == 0) return 0;
  std::uint64_t bytes = 0;
  arena_.for_each_used(candidate.page, [&](Chunk chunk) {
    // Acquire: as in move_chunk and move_tail.
    const std::uint8_t marks = marks_at(arena_.at(chunk)).load(std::memory_order_acquire);
    if ((marks & mark_part) != 0) {
      chunk = Chunk{part_at(chunk).owner.load(std::memory_order_acquire)};
    } else if ((marks & mark_linked) == 0) {
      return;
    }
    bytes += footprint(arena_.item(chunk), Extent::all);
  });
  return static_cast<std::int64_t>(bytes / candidate.live * candidate.homeless);
}

// Eviction loses about what it is asked for, but whole items, and cold ones instead of just any: so
// it is preferred when emptying a page would lose much more.
std::int64_t Worker::loss_by_eviction() const {
  if (!core_.options.evict) return INT64_MAX;
  return static_cast<std::int64_t>(4 * std::max<std::uint64_t>(page_bytes, average_item_bytes()));
}

Worker::Candidate Worker::emptiest_page(ClassId c, std::uint32_t samples) {
  Candidate best{.size_class = c, .page = PageId::none, .live = size_class(c).chunks};
  const std::uint32_t n = std::min(samples, arena_.available(c).count());
  for (std::uint32_t i = 0; i < n; ++i) {
    const PageId page = arena_.available(c).next(sample_hand_);
    if (page == PageId::none) break;
    const PageDescriptor& d = arena_.descriptor(page);
    const std::uint32_t live = Arena::live_chunks(d);
    if (live >= best.live || d.stuck.load(std::memory_order_relaxed) == stuck_in(now_)) continue;
    best.live = live;
    best.page = page;
  }
  return best;
}

Worker::Moved Worker::move_chunk(Chunk chunk, const MoveTerms& terms) {
  // Acquire: partner of the releases in show() and seal().
  const std::uint8_t marks = marks_at(arena_.at(chunk)).load(std::memory_order_acquire);
  if ((marks & mark_part) != 0) return move_tail(chunk, terms);
  if ((marks & mark_linked) != 0) return move_item(arena_.item(chunk), terms);
  // A slow client may be sending its value for minutes.
  if ((marks & mark_building) != 0) return Moved::stuck;
  // In limbo, or pinned though dead: it goes by itself.
  return Moved::gone;
}

// No page is opened for a copy if a page is what is wanted: that would give with one hand what the
// other takes.
Chunk Worker::try_target(ClassId c, Into into) {
  return into == Into::holes ? try_holes(c) : try_chunk(c);
}

Worker::Moved Worker::move_item(const Item& item, const MoveTerms& terms) {
  const State state = state_of(item, core_.flush_generation());
  if (state != State::live) return drop(item);
  if (item.pinnable()) {
    // Relaxed: whoever pins it a moment later delays the page, no more.
    const std::uint32_t pins = item.pins().load(std::memory_order_relaxed);
    if (pins != 0) return Moved::stuck;
  }
  const Chunk target = try_target(class_for(item.shape().head_bytes()), terms.into);
  if (target == Chunk::none) return move_nowhere(item, terms);
  charge(arena_.chunk_bytes(target));
  return item.chained() ? move_head(item, target) : move_contiguous(item, target);
}

Worker::Moved Worker::move_nowhere(const Item& item, const MoveTerms& terms) {
  return core_.options.evict && terms.loss == Loss::allowed ? drop(item) : Moved::stuck;
}

// What became of a chunk that was not where the table should have had it. Mostly somebody else took
// it out, and it goes by itself; but while it is marked it may just as well be on its way in.
Worker::Moved Worker::fate_of(const std::atomic<std::uint8_t>& marks) {
  const std::uint8_t now = marks.load(std::memory_order_relaxed);
  return (now & (mark_linked | mark_part)) != 0 ? Moved::stuck : Moved::gone;
}

// Takes the item out of the table, unless it has gone meanwhile.
Worker::Moved Worker::drop(const Item& item) {
  if (index_.erase_item(core_.hash(item.key()), handle_of(item))) bury_victim(item);
  return fate_of(item.header().marks);
}

// A copy at `target`, exact but for the amendment, not visible yet.
Item Worker::copy_head(const Item& old, Chunk target, const Amendment& amendment) {
  const Blueprint blueprint{.shape = old.shape(), .expiry = amendment.expiry};
  const Item copy = begin_item(target, old.key(), blueprint);
  copy.header().cas = amendment.cas;
  copy.header().shape |= amendment.state;
  copy.header().flush_generation = old.header().flush_generation;
  // Relaxed: a hint.
  const std::uint16_t last = old.header().last_access.load(std::memory_order_relaxed);
  copy.header().last_access.store(last, std::memory_order_relaxed);
  inherit(copy, old);
  return copy;
}

Worker::Moved Worker::move_contiguous(const Item& item, Chunk target) {
  const Item copy = copy_head(item, target, unchanged(item));
  const std::string_view value = item.value();
  std::memcpy(const_cast<char*>(copy.value().data()), value.data(), value.size());
  show(copy);
  if (!index_.move_item(core_.hash(item.key()), handle_of(item), handle_of(copy))) {
    bury(copy, Extent::all);
    return fate_of(item.header().marks);
  }
  counters_.add(Metric::relocations);
  bury(item, Extent::all);
  return Moved::gone;
}

// Links `copy`, a new head for the chain of `old` as it is to be from now on. The old head is told
// that its chain has moved before the slot changes, so that nobody can pin it in between and then
// send from memory that belongs to another.
Worker::Handover Worker::hand_over(
    Entry* entry,
    const Item& old,
    const Item& copy,
    const Chain& chain,
    std::span<const PageMove> moves
) {
  std::uint32_t unpinned = 0;
  // Acquire: the sends that are over have read before the chain goes on. Partner: release().
  if (!old.pins().compare_exchange_strong(
          unpinned, pins_moved, std::memory_order_acquire, std::memory_order_relaxed
      )) {
    copy.pins().fetch_or(pins_void, std::memory_order_relaxed);
    discard(copy);
    return Handover::pinned;
  }
  copy.chain() = chain;
  // Once it is in the table somebody could hand the chain on before we have told the tails, and
  // then ours would be the last word: tails that name a head that is gone. So not until then.
  copy.pins().store(pins_new, std::memory_order_relaxed);
  show(copy);
  const bool done =
      entry != nullptr
          ? index_.replace(entry->found, store::handle_of(arena_.chunk_of(&copy.header())))
          : index_.move_item(core_.hash(old.key()), handle_of(old), handle_of(copy));
  if (!done) {
    // The old head is out of the table and takes its chain along.
    copy.pins().fetch_or(pins_void, std::memory_order_relaxed);
    old.pins().fetch_and(~pins_moved, std::memory_order_relaxed);
    bury(copy, Extent::head);
    return Handover::changed;
  }
  own_parts(copy);
  relink(moves);
  // Release: who hands the chain on after us names the tails' owner after us.
  copy.pins().fetch_and(~pins_new, std::memory_order_release);
  bury(old, Extent::head);
  return Handover::done;
}

Worker::Moved Worker::move_head(const Item& item, Chunk target) {
  const Item copy = copy_head(item, target, unchanged(item));
  const Handover handover = hand_over(nullptr, item, copy, item.chain());
  if (handover == Handover::pinned) return Moved::stuck;
  if (handover == Handover::changed) return fate_of(item.header().marks);
  counters_.add(Metric::relocations);
  return Moved::gone;
}

bool Worker::head_is_movable(const Item& item) {
  return item.pins().load(std::memory_order_relaxed) == 0;
}

// A tail is found through no slot: its item gets a new head that names the copy of the tail.
Worker::Moved Worker::move_tail(Chunk tail, const MoveTerms& terms) {
  for (;;) {
    // Acquire: partner of own_parts. The head it names cannot be freed within our turn.
    const std::uint64_t owner = part_at(tail).owner.load(std::memory_order_acquire);
    const Item item = arena_.item(Chunk{owner});
    const Moved moved = move_tail_of(item, tail, terms);
    // A touch may have given the chain another head meanwhile; then it is that one's tail.
    if (moved == Moved::stuck) return moved;
    if (part_at(tail).owner.load(std::memory_order_relaxed) == owner) return moved;
  }
}

Worker::Moved Worker::move_tail_of(const Item& item, Chunk tail, const MoveTerms& terms) {
  if (!head_is_movable(item)) return Moved::stuck;
  Chain chain = item.chain();
  const std::size_t i = chain.tails[0] == tail ? 0 : 1;
  if (chain.tails[i] != tail) return fate_of(part_at(tail).marks);
  const std::uint32_t bytes =
      ChainPlan::of(item.value_bytes()).tails[i] + std::uint32_t{sizeof(PartHeader)};
  const Chunk target = try_target(class_for(bytes), terms.into);
  // Until its head is settled, walks leave it alone: its owner is not one that they may look at.
  if (target != Chunk::none) {
    part_at(target).marks.store(mark_building, std::memory_order_relaxed);
  }
  const Chunk head = target != Chunk::none
                         ? try_target(class_for(item.shape().head_bytes()), terms.into)
                         : Chunk::none;
  if (head == Chunk::none) {
    if (target != Chunk::none) free_chunk(target);
    return move_nowhere(item, terms);
  }
  charge(arena_.chunk_bytes(target) + std::int64_t{arena_.chunk_bytes(head)});
  const Item copy = copy_head(item, head, unchanged(item));
  std::memcpy(
      arena_.at(target) + sizeof(PartHeader),
      arena_.at(tail) + sizeof(PartHeader),
      bytes - sizeof(PartHeader)
  );
  chain.tails[i] = target;
  const Handover handover = hand_over(nullptr, item, copy, chain);
  bury_part(handover == Handover::done ? tail : target);
  if (handover == Handover::pinned) return Moved::stuck;
  if (handover == Handover::changed) return fate_of(part_at(tail).marks);
  std::uint8_t building = mark_building;
  // Release: partner of the acquire in move_chunk. A failure means that the item has been buried
  // since, and its tails with it.
  part_at(target).marks.compare_exchange_strong(
      building, mark_part, std::memory_order_release, std::memory_order_relaxed
  );
  counters_.add(Metric::relocations);
  return Moved::gone;
}

// remake for a chained item: only the head is copied.
Worker::Attempt Worker::amend_head(Entry& entry, const Amendment& amendment, Item& result) {
  const std::uint64_t before = refreshes_;
  const Chunk target = take_chunk(entry.item.shape().head_bytes());
  if (target == Chunk::none) return Attempt::no_memory;
  if (refreshes_ != before) {
    charge(-static_cast<std::int64_t>(arena_.chunk_bytes(target)));
    free_chunk(target);
    return Attempt::changed;
  }
  const Item copy = copy_head(entry.item, target, amendment);
  if (hand_over(&entry, entry.item, copy, entry.item.chain()) != Handover::done) {
    return Attempt::changed;
  }
  result = copy;
  return Attempt::done;
}

}  // namespace rc::store
