// Coming down to a lower limit, and giving memory that is not needed back to the system.
//
// After the quota of pages has fallen, every turn does some steps: gives back a block that is free
// already, or evicts a little while live bytes are above the new high water mark, or empties one
// page by moving what is in it. Where a move would lose an item, for want of holes, the steps wait
// for what is in limbo first. Stores that take a page meanwhile owe two more steps, so that a busy
// node comes down too.
//
// Memory goes back in blocks (store/page_supply). Where a block is one page, emptying the sparsest
// page does it. A block of a huge page is vacated: its free pages are held, its other pages are
// owned here and emptied one after the other, moving their items to other blocks. One block at a
// time, one worker at a time, nobody waits. What cannot be moved, because it is pinned or still
// arriving, is tried again some times; then the block is left alone and another one chosen.
#include "base/assert.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <utility>

namespace rc::store {

namespace {

// Free pages that stay resident, so that a load that frees and takes pages does not go to the
// system for each.
constexpr std::uint32_t idle_pages_max = 64;
// Bounds of one step: sweeps of the clock.
constexpr unsigned sweeps_per_step = 8;
// When a block is given up: after so many turns in which nothing could be done about it.
constexpr std::uint32_t vacancy_waits_max = 256;
constexpr std::uint32_t blocks_sampled = 24;
// With so many free pages everything that one step moves finds its place.
constexpr std::uint32_t free_pages_to_move = 3;
// How long we wait for limbo rather than lose items.
constexpr std::uint32_t turns_waited_max = 16;

}  // namespace

// A block of free pages goes back when they are many, or too many for the quota; one per turn,
// because it costs the system up to a millisecond. True if one did.
bool Worker::give_back_surplus() {
  PageSupply& supply = arena_.supply();
  if (!supply.over_quota() && supply.idle() <= idle_pages_max) return false;
  return supply.give_back();
}

// One step towards the quota, or towards an arena with fewer holes between its pages; true if there
// is more to do.
Worker::Step Worker::shrink_step() {
  PageSupply& supply = arena_.supply();
  const bool over = supply.over_quota();
  if (give_back_surplus()) return Step::waits;
  if (over && core_.options.evict && budget_.above_high_water()) {
    for (unsigned i = 0; i < sweeps_per_step && budget_.above_high_water(); ++i) {
      if (evict_bytes(page_bytes) == 0) return Step::waits;
    }
    return Step::done;
  }
  const bool scattered =
      supply.block_pages() != 1 && supply.idle() > idle_pages_max + supply.resident() / 4;
  if (!over && !scattered && supply.vacating() == PageId::none) return Step::idle;
  Step step = compact(Loss::none);
  if (step != Step::done && !may_lose()) return Step::waits;
  if (step != Step::done) step = compact(Loss::allowed);
  if (step == Step::done) turns_waited_ = 0;
  return step;
}

// What has been evicted leaves its holes, and what was emptied its pages, only when limbo is over.
// Whoever goes on before loses items that would have found room a few turns later. With a bound,
// because there is always something in limbo while others store.
bool Worker::may_lose() const {
  if (turns_waited_ > turns_waited_max) return true;
  return core_.epochs.limbo_bytes() == 0 && emptied_.empty();
}

// Empties a page or some of a block. Idle: without loss that cannot be done, or not at all.
Worker::Step Worker::compact(Loss loss) {
  if (arena_.supply().block_pages() != 1) return vacate_step(loss);
  if (reclaim_page(loss)) return Step::done;
  return loss == Loss::none ? Step::idle : evict_one_pageful();
}

Worker::Step Worker::evict_one_pageful() {
  return core_.options.evict && evict_bytes(page_bytes) != 0 ? Step::done : Step::idle;
}

Worker::Step Worker::vacate_step(Loss loss) {
  Vacancy& vacancy = core_.vacancy;
  // Acquire and release: each step sees what the one before it, of another worker, left.
  if (vacancy.busy.exchange(true, std::memory_order_acquire)) return Step::waits;
  const Step step = advance_vacancy(loss);
  vacancy.busy.store(false, std::memory_order_release);
  return step;
}

Worker::Step Worker::advance_vacancy(Loss loss) {
  PageSupply& supply = arena_.supply();
  Vacancy& vacancy = core_.vacancy;
  if (supply.vacating() == PageId::none) {
    const PageId block = cheapest_block();
    if (block == PageId::none) return Step::idle;
    vacancy.seized = 0;
    vacancy.waits = 0;
    supply.begin_vacating(block);
  }
  if (supply.hold_or_finish()) {
    RC_ASSERT(vacancy.seized == 0);
    vacancy.failed = PageId::none;
    return Step::done;
  }
  if (const Step step = make_room_to_move(loss); step != Step::idle) return step;
  const bool moved = seize_block(loss);
  if (vacancy.seized == 0) {
    if (moved) return Step::done;
    if (++vacancy.waits <= vacancy_waits_max) return Step::waits;
    abandon_block();
    return Step::idle;
  }
  const auto i = static_cast<std::uint32_t>(std::countr_zero(vacancy.seized));
  vacancy.seized &= vacancy.seized - 1;
  const PageId page{index(supply.vacating()) + i};
  // Not ours any more. If something in it is stuck, the next step would find the same.
  if (vacate_page(page, loss)) return Step::done;
  if (++vacancy.waits <= vacancy_waits_max) return Step::waits;
  abandon_block();
  return Step::idle;
}

// What a block holds needs free pages elsewhere: holes take no page of a large value, and not every
// class has enough of them. Idle: there are some, or nothing can be done about it.
Worker::Step Worker::make_room_to_move(Loss loss) {
  const PageSupply& supply = arena_.supply();
  if (std::max(supply.free(), supply.available()) >= free_pages_to_move) return Step::idle;
  if (reclaim_page(loss)) return Step::done;
  if (loss == Loss::none) return Step::waits;
  return evict_one_pageful();
}

// Takes possession of what can be had of the block, and moves one large value out of it: true if
// there was one.
bool Worker::seize_block(Loss loss) {
  PageSupply& supply = arena_.supply();
  Vacancy& vacancy = core_.vacancy;
  const PageId block = supply.vacating();
  cache_.release_pages_if(
      [&](PageId page) { return supply.block_of(page) == block; },
      [this](PageId page) { free_page(page); }
  );
  bool moved = false;
  for (std::uint32_t i = 0; i < supply.block_pages(); ++i) {
    const PageId page{index(block) + i};
    if ((vacancy.seized & (1U << i)) != 0) continue;
    if (cache_.seize_any(page)) {
      vacancy.seized |= 1U << i;
      continue;
    }
    // Relaxed: a hint; move_chain looks properly.
    const bool chain =
        arena_.descriptor(page).kind.load(std::memory_order_relaxed) == PageKind::chain;
    if (chain && !moved) moved = move_chain(page, loss);
  }
  return moved;
}

void Worker::abandon_block() {
  PageSupply& supply = arena_.supply();
  Vacancy& vacancy = core_.vacancy;
  const PageId block = supply.vacating();
  for (; vacancy.seized != 0; vacancy.seized &= vacancy.seized - 1) {
    const auto i = static_cast<std::uint32_t>(std::countr_zero(vacancy.seized));
    const PageId emptied = cache_.let_go(PageId{index(block) + i}, false);
    if (emptied != PageId::none) free_page(emptied);
  }
  supply.stop_vacating();
  vacancy.failed = block;
}

// Empties a page that we have seized, and lets go of it; true if it will come free.
bool Worker::vacate_page(PageId page, Loss loss) {
  bool drains = true;
  arena_.for_each_used(page, [&](Chunk chunk) {
    if (move_chunk(chunk, {.into = Into::pages, .loss = loss}) == Moved::stuck) drains = false;
  });
  const PageId emptied = cache_.let_go(page, drains);
  if (emptied != PageId::none) free_page(emptied);
  if (drains) counters_.add(stats::Metric::pages_reclaimed);
  return drains;
}

// What it takes to empty the page, in bytes to move or to lose.
std::uint64_t Worker::cost_of_page(PageId page) const {
  const PageDescriptor& d = arena_.descriptor(page);
  switch (d.kind.load(std::memory_order_relaxed)) {
    case PageKind::free:
    case PageKind::draining:
      return 0;
    case PageKind::chain:
      return page_bytes;
    case PageKind::chunks:
      break;
  }
  const std::uint32_t use = d.use.load(std::memory_order_relaxed);
  // Its owner will go on using it.
  if ((use & PageDescriptor::owned) != 0) return std::uint64_t{2} * page_bytes;
  return std::uint64_t{use} * size_class(d.size_class.load(std::memory_order_relaxed)).chunk_bytes;
}

std::uint64_t Worker::cost_of_block(PageId block) const {
  std::uint64_t cost = 0;
  for (std::uint32_t i = 0; i < arena_.supply().block_pages(); ++i) {
    cost += cost_of_page(PageId{index(block) + i});
  }
  return cost;
}

// Of some blocks with memory, going round downwards, the one that is emptied most cheaply.
PageId Worker::cheapest_block() {
  const PageSupply& supply = arena_.supply();
  Vacancy& vacancy = core_.vacancy;
  const std::uint32_t blocks = (arena_.page_count() + 1) / supply.block_pages();
  PageId best = PageId::none;
  std::uint64_t least = UINT64_MAX;
  std::uint32_t sampled = 0;
  for (std::uint32_t seen = 1; seen < blocks && sampled < blocks_sampled; ++seen) {
    if (vacancy.sample_hand <= 1 || vacancy.sample_hand > blocks) vacancy.sample_hand = blocks;
    const PageId block{--vacancy.sample_hand * supply.block_pages()};
    if (supply.is_absent(block) || block == vacancy.failed) continue;
    ++sampled;
    const std::uint64_t cost = cost_of_block(block);
    if (cost >= least) continue;
    least = cost;
    best = block;
  }
  return best;
}

}  // namespace rc::store
