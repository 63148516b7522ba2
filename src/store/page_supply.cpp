#include "store/page_supply.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <utility>

namespace rc::store {

// The first block stays unused: page 0 does not exist.
Result<Done> PageSupply::reserve(std::uint32_t pages_max, bool huge_pages) {
  block_pages_ = huge_pages ? huge_block_pages : 1;
  end_ = block_pages_ + pages_max / block_pages_ * block_pages_;
  extent_.store(block_pages_, std::memory_order_relaxed);
  auto region = Region::reserve(std::uint64_t{end_} * page_bytes, huge_pages);
  if (!region) return region.error();
  region_ = std::move(region).value();
  return Done{};
}

void PageSupply::set_quota(std::uint32_t pages) {
  RC_ASSERT(pages <= end_);
  // Relaxed, as all of the counts: they bound each other and order nothing else.
  quota_.store(pages / block_pages_ * block_pages_, std::memory_order_relaxed);
}

std::uint32_t PageSupply::available() const {
  const std::int64_t room = std::int64_t{quota()} - resident() + free_.count();
  return static_cast<std::uint32_t>(std::max<std::int64_t>(room, 0));
}

// Makes the promise for one more block.
bool PageSupply::raise_resident() {
  std::uint32_t resident = resident_.load(std::memory_order_relaxed);
  do {
    if (resident + block_pages_ > quota()) return false;
  } while (
      !resident_.compare_exchange_weak(resident, resident + block_pages_, std::memory_order_relaxed)
  );
  return true;
}

// A block without memory, low ones first.
PageId PageSupply::take_block() {
  std::uint32_t hand = 0;
  const PageId block = absent_.take_next(hand);
  if (block != PageId::none) return block;
  std::uint32_t at = extent_.load(std::memory_order_relaxed);
  do {
    if (at + block_pages_ > end_) return PageId::none;
  } while (!extent_.compare_exchange_weak(at, at + block_pages_, std::memory_order_relaxed));
  return PageId{at};
}

PageId PageSupply::take() {
  std::uint32_t hand = low_hand_.load(std::memory_order_relaxed);
  const PageId page = free_.take_next(hand);
  if (page != PageId::none) {
    low_hand_.store(index(page), std::memory_order_relaxed);
    return page;
  }
  if (!raise_resident()) return PageId::none;
  const PageId block = take_block();
  if (block == PageId::none) {
    // Others are about to put one back: the next call finds it.
    resident_.fetch_sub(block_pages_, std::memory_order_relaxed);
    return block;
  }
  free_.add_run(PageId{index(block) + 1}, block_pages_ - 1);
  low_hand_.store(index(block), std::memory_order_relaxed);
  return block;
}

void PageSupply::give(PageId page) {
  const PageId block = block_of(page);
  if (block == vacating()) {
    held_.add(page);
    // Store, then load, as in stop_vacating: if we still see the block being vacated, then whoever
    // stops that comes after and finds the page; if not, it may be us who must free it.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (block == vacating() || !held_.take(page)) return;
  }
  free_.add(page);
  // Relaxed: a hint; a page that is missed because of it is found when the hand has gone round.
  if (index(page) < low_hand_.load(std::memory_order_relaxed)) {
    low_hand_.store(index(page), std::memory_order_relaxed);
  }
}

// The block is the caller's alone.
void PageSupply::discard(PageId block) {
  region_.discard(std::uint64_t{index(block)} * page_bytes, std::size_t{block_pages_} * page_bytes);
  absent_.add(block);
  // After the memory has gone: somebody else may take as much from now on.
  resident_.fetch_sub(block_pages_, std::memory_order_relaxed);
}

bool PageSupply::give_back() {
  std::uint32_t hand = high_hand_.load(std::memory_order_relaxed);
  const PageId block = free_.take_highest_run(block_pages_, hand);
  high_hand_.store(hand, std::memory_order_relaxed);
  if (block == PageId::none) return false;
  discard(block);
  return true;
}

void PageSupply::begin_vacating(PageId block) {
  RC_ASSERT(vacating() == PageId::none && block == block_of(block));
  vacating_.store(index(block), std::memory_order_seq_cst);
}

bool PageSupply::hold_or_finish() {
  const PageId block = vacating();
  for (std::uint32_t i = index(block); i < index(block) + block_pages_; ++i) {
    if (free_.take(PageId{i})) held_.add(PageId{i});
  }
  if (!held_.take_run(block, block_pages_)) return false;
  vacating_.store(0, std::memory_order_seq_cst);
  discard(block);
  return true;
}

void PageSupply::stop_vacating() {
  const PageId block = vacating();
  vacating_.store(0, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t i = index(block); i < index(block) + block_pages_; ++i) {
    if (held_.take(PageId{i})) free_.add(PageId{i});
  }
}

}  // namespace rc::store
