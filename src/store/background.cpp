// The walk for expired and flushed items, and the other things that a turn does a little of.
//
// Every page has a lower bound of its items' expiry and the oldest flush generation they may have.
// Once a second the workers together pass over all descriptors; a page whose bound has passed, or
// that a flush has outdated, is walked chunk by chunk and gets a new bound. So a page without
// anything to do costs a look at its descriptor per second.
#include "store/worker.hpp"

#include <algorithm>

namespace rc::store {

namespace {

// Bounds of one step: descriptors looked at, and chunks walked (a page more than that at most).
constexpr std::uint32_t pages_per_claim = 256;
constexpr std::uint32_t chunks_per_step = 1024;
// A turn goes on with such pieces for so long: they are cheap while there is nothing to do.
constexpr Nanoseconds step_ns = 300'000;

constexpr std::uint64_t pack(UnixSeconds begun, std::uint32_t pages_left) {
  return std::uint64_t{count(begun)} << 32U | pages_left;
}

}  // namespace

WalkHand::Range WalkHand::claim(std::uint32_t wanted, std::uint32_t pages, UnixSeconds now) {
  // Relaxed: the ranges are disjoint whatever the order, and pages have their own atomics.
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    UnixSeconds begun{static_cast<std::uint32_t>(state >> 32U)};
    auto left = static_cast<std::uint32_t>(state);
    if (left == 0) {
      if (begun == now) return {};
      begun = now;
      left = pages;
    }
    const std::uint32_t taken = std::min(wanted, left);
    const std::uint32_t first = pages - left + 1;
    if (state_.compare_exchange_weak(state, pack(begun, left - taken), std::memory_order_relaxed)) {
      return {.first = first, .end = first + taken};
    }
  }
}

// Takes the items out of the table, having fetched all their slots first: they lie anywhere.
void Worker::remove_all(Doomed& doomed) {
  const std::span<const Doomed::Entry> entries{doomed.entries.data(), doomed.count};
  for (const auto& entry : entries) index_.prefetch(entry.hash);
  for (const auto& entry : entries) {
    if (index_.erase_item(entry.hash, handle_of(entry.item))) bury_dead(entry.item, entry.state);
  }
  doomed.count = 0;
}

void Worker::walk_page(PageId page) {
  PageDescriptor& d = arena_.descriptor(page);
  const std::uint8_t generation = core_.flush_generation();
  // Sequentially consistent here and in the loads that follow: an item whose bound we take away is
  // seen by the walk, or its show() sees that the bound is gone and lowers it itself.
  d.expiry_min.exchange(expiry_none, std::memory_order_seq_cst);
  std::uint32_t lowest = expiry_none;
  Doomed doomed;
  arena_.for_each_used(page, [&](Chunk chunk) {
    const std::uint8_t marks = marks_at(arena_.at(chunk)).load(std::memory_order_seq_cst);
    if ((marks & mark_linked) == 0) return;
    const Item item = arena_.item(chunk);
    const State state = state_of(item, generation);
    if (state == State::live) {
      if (item.expiry() != Expiry::never) lowest = std::min(lowest, count(item.expiry()));
      return;
    }
    doomed.add(item, core_.hash(item.key()), state);
    if (doomed.full()) remove_all(doomed);
  });
  remove_all(doomed);
  std::uint32_t before = d.expiry_min.load(std::memory_order_relaxed);
  while (lowest < before &&
         !d.expiry_min.compare_exchange_weak(before, lowest, std::memory_order_release)) {
  }
  // Relaxed: an item of an older generation that is being linked just now stays until the next
  // flush; walk_slice counts from this value.
  d.generation.store(generation, std::memory_order_relaxed);
}

bool Worker::needs_walk(PageId page) const {
  if (!arena_.is_cut(page)) return false;
  const PageDescriptor& d = arena_.descriptor(page);
  return d.expiry_min.load(std::memory_order_relaxed) <= count(now_) ||
         d.generation.load(std::memory_order_relaxed) != core_.flush_generation();
}

// Idle once this second's revolution is over.
Worker::Step Worker::walk_pages() {
  if (walk_.first == walk_.end) {
    walk_ = core_.walk.claim(pages_per_claim, arena_.page_count(), now_);
    if (walk_.first == walk_.end) return Step::idle;
  }
  for (std::uint32_t walked = 0; walk_.first != walk_.end && walked < chunks_per_step;) {
    const PageId page{walk_.first++};
    if (!needs_walk(page)) continue;
    // Relaxed: a measure.
    walked += size_class(arena_.descriptor(page).size_class.load(std::memory_order_relaxed)).chunks;
    walk_page(page);
  }
  return Step::done;
}

// Removes old items from one of 64 parts of the arena. Generations are counted in eight bits; each
// flush looks after the next part, so all pages have been looked at when 64 more have happened, and
// no item is left that is more than 127 behind. The background walk has mostly been there before.
void Worker::walk_slice(std::uint32_t flush) {
  constexpr std::uint32_t slices = 64;
  constexpr std::uint8_t old = 64;
  const std::uint8_t now = core_.flush_generation();
  for (std::uint32_t i = 1 + flush % slices; i <= arena_.page_count(); i += slices) {
    const std::uint8_t then =
        arena_.descriptor(PageId{i}).generation.load(std::memory_order_relaxed);
    if (!arena_.is_cut(PageId{i}) || static_cast<std::uint8_t>(now - then) < old) continue;
    walk_page(PageId{i});
  }
}

bool Worker::background_step() {
  ++turns_waited_;
  Step walk = walk_pages();
  Step shrink = shrink_step();
  const auto more_to_do = [&] { return walk == Step::done || shrink == Step::done; };
  // The turn's time is old by now, so the clock is asked anew, but only where there is work: most
  // turns have none.
  const Nanoseconds until_ns = more_to_do() ? read_clocks().monotonic_ns + step_ns : 0;
  while (more_to_do() && read_clocks().monotonic_ns < until_ns) {
    if (walk == Step::done) walk = walk_pages();
    if (shrink == Step::done) shrink = shrink_step();
  }
  const bool more = walk != Step::idle || shrink != Step::idle;
  if (pages_wanted_ == 0) return more;
  if (arena_.free_pages() >= budget_.free_pages_wanted()) {
    pages_wanted_ = 0;
    return more;
  }
  --pages_wanted_;
  return reclaim_page() || more;
}

}  // namespace rc::store
