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

// Bounds of one step: descriptors looked at, and chunks walked (a page more than that at most). A
// chunk that goes costs up to a quarter of a microsecond.
constexpr std::uint32_t pages_per_claim = 256;
constexpr std::uint32_t chunks_per_step = 256;
// A turn goes on with such pieces for so long: they are cheap while there is nothing to do.
constexpr Nanoseconds step_ns = 100'000;

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

FlushHand::Range FlushHand::claim(
    std::uint32_t wanted, std::uint32_t pages, std::uint32_t flushes
) {
  // Relaxed: as WalkHand's.
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    const auto done = static_cast<std::uint32_t>(state >> 32U);
    const auto claimed = static_cast<std::uint32_t>(state);
    if (done == flushes) return {};
    const std::uint32_t first = 1 + done % parts + claimed * parts;
    const bool last = first > pages || (pages - first) / parts < wanted;
    const std::uint64_t next =
        last ? std::uint64_t{done + 1} << 32U : std::uint64_t{done} << 32U | (claimed + wanted);
    if (!state_.compare_exchange_weak(state, next, std::memory_order_relaxed)) continue;
    const std::uint32_t end = last ? pages + 1 : first + wanted * parts;
    if (first < end) return {.first = first, .end = end};
    state = next;
  }
}

std::uint32_t FlushHand::behind(std::uint32_t flushes) const {
  return flushes - static_cast<std::uint32_t>(state_.load(std::memory_order_relaxed) >> 32U);
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

bool Worker::is_outdated(PageId page) const {
  constexpr std::uint8_t old = 64;
  const std::uint8_t then = arena_.descriptor(page).generation.load(std::memory_order_relaxed);
  return arena_.is_cut(page) && static_cast<std::uint8_t>(core_.flush_generation() - then) >= old;
}

// Removes items that are many flushes old. The walk has mostly been there before. But generations
// are counted in eight bits, so what it has not come to must go before they come round: each page
// has its turn in every 64 flushes, at most 64 flushes late (flush_now), and then nothing stays in
// it that is 64 or more behind. So nothing is ever more than 192 behind.
Worker::Step Worker::walk_outdated() {
  if (outdated_.first >= outdated_.end) {
    outdated_ = core_.flush_walk.claim(pages_per_claim, arena_.page_count(), core_.flush_count());
    if (outdated_.first >= outdated_.end) return Step::idle;
  }
  for (std::uint32_t walked = 0; outdated_.first < outdated_.end && walked < chunks_per_step;) {
    const PageId page{outdated_.first};
    outdated_.first += FlushHand::parts;
    if (!is_outdated(page)) continue;
    // Relaxed: a measure.
    walked += size_class(arena_.descriptor(page).size_class.load(std::memory_order_relaxed)).chunks;
    walk_page(page);
  }
  return Step::done;
}

// A page where stores have had to wait for one; one per turn.
Worker::Step Worker::reclaim_ahead() {
  if (pages_wanted_ == 0) return Step::idle;
  if (arena_.free_pages() >= budget_.free_pages_wanted()) {
    pages_wanted_ = 0;
    return Step::idle;
  }
  --pages_wanted_;
  return reclaim_page() ? Step::waits : Step::idle;
}

// Goes round its chores until none has more to do in this turn, or the time is over. The next turn
// begins where this one ends, so that none starves. The turn's time is old by now, so the clock is
// asked anew, but only where there is work: most turns have none.
bool Worker::background_step() {
  using Chore = Step (Worker::*)();
  constexpr std::array<Chore, 4> chores = {
      &Worker::walk_outdated, &Worker::walk_pages, &Worker::shrink_step, &Worker::reclaim_ahead};
  ++turns_waited_;
  std::array<Step, chores.size()> last{};
  last.fill(Step::done);
  Nanoseconds until_ns = 0;
  for (std::size_t over = 0; over < chores.size(); chore_ = (chore_ + 1) % chores.size()) {
    if (last[chore_] != Step::done) continue;
    last[chore_] = (this->*chores[chore_])();
    if (last[chore_] != Step::done) {
      ++over;
      continue;
    }
    const Nanoseconds now_ns = read_clocks().monotonic_ns;
    if (until_ns == 0) until_ns = now_ns + step_ns;
    if (now_ns >= until_ns) break;
  }
  return std::any_of(last.begin(), last.end(), [](Step step) { return step != Step::idle; });
}

}  // namespace rc::store
