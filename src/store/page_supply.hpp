// Which pages of the arena's region have memory, within a quota that may change at any time.
//
// The region is an address range with room for the largest quota there can be. Memory is taken
// from the system and given back in blocks: of one page, or, where huge pages are used, of the 32
// pages that make one huge page of 2 MiB. The blocks with memory never exceed the quota, except
// after it has fallen; then nothing is taken until enough has been given back (store/shrink).
//
// A page is with the caller, or here: free (its block has memory) or absent with its whole block.
// One block at a time may be vacated: its free pages are held, so that nobody takes them while the
// rest is being emptied. Nothing here blocks or looks at a page's content.
// Thread: any.
#pragma once

#include "base/memory.hpp"
#include "base/result.hpp"
#include "store/page.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rc::store {

class PageSupply {
 public:
  static constexpr std::size_t set_count = 3;
  static constexpr std::uint32_t huge_block_pages = 32;

  // Reserves room for `pages_max` pages in an empty supply; the quota is 0.
  [[nodiscard]] Result<Done> reserve(std::uint32_t pages_max, bool huge_pages);
  // Calls place(PageSet&) for the sets, which the caller gives their memory.
  template <class Place>
  void place_sets(Place&& place) {
    place(free_);
    place(absent_);
    place(held_);
  }

  [[nodiscard]] std::byte* data() const { return region_.data(); }
  [[nodiscard]] std::uint32_t block_pages() const { return block_pages_; }
  [[nodiscard]] std::uint32_t pages_max() const { return end_ - block_pages_; }
  // All pages that have been in use have numbers below this.
  [[nodiscard]] const std::atomic<std::uint32_t>& extent() const { return extent_; }
  [[nodiscard]] PageId block_of(PageId page) const {
    return PageId{index(page) / block_pages_ * block_pages_};
  }

  // Rounded down to whole blocks. Requires: at most pages_max().
  void set_quota(std::uint32_t pages);
  [[nodiscard]] std::uint32_t quota() const { return quota_.load(std::memory_order_relaxed); }
  // Pages with memory, whole blocks.
  [[nodiscard]] std::uint32_t resident() const { return resident_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool over_quota() const { return resident() > quota(); }
  // Pages with memory that take() gives without needing more; a hint.
  [[nodiscard]] std::uint32_t free() const { return free_.count(); }
  // Pages with memory that hold nothing.
  [[nodiscard]] std::uint32_t idle() const { return free_.count() + held_.count(); }
  // A block, named by its first page, without memory. A hint.
  [[nodiscard]] bool is_absent(PageId block) const { return absent_.contains(block); }
  // Pages that can be had without going above the quota.
  [[nodiscard]] std::uint32_t available() const;

  // A page, whose content is undefined; none when the quota is used up.
  [[nodiscard]] PageId take();
  // Requires: the page was taken, and nobody looks at it any more.
  void give(PageId page);
  // Gives the memory of one block without a page in use back to the system. False if it found none
  // in a bounded search.
  bool give_back();

  // The block that is being vacated, by its first page.
  [[nodiscard]] PageId vacating() const {
    // Sequentially consistent: see give().
    return PageId{vacating_.load(std::memory_order_seq_cst)};
  }
  // Requires, of all below: one caller at a time.
  void begin_vacating(PageId block);
  // Keeps what is free of the block; true if that is all of it, and its memory went back.
  [[nodiscard]] bool hold_or_finish();
  void stop_vacating();

 private:
  [[nodiscard]] bool raise_resident();
  [[nodiscard]] PageId take_block();
  void discard(PageId block);

  Region region_;
  std::uint32_t block_pages_ = 1;
  std::uint32_t end_ = 1;
  std::atomic<std::uint32_t> extent_{1};
  std::atomic<std::uint32_t> quota_{0};
  std::atomic<std::uint32_t> resident_{0};
  std::atomic<std::uint32_t> vacating_{0};
  // Where to look first for a free page, so that the low ones are used and the high ones come free.
  std::atomic<std::uint32_t> low_hand_{0};
  std::atomic<std::uint32_t> high_hand_{0};
  PageSet free_;
  PageSet absent_;  // blocks below the extent without memory, by their first page
  PageSet held_;    // free pages of the block that is being vacated
};

}  // namespace rc::store
