// What the arena knows about each page of 64 KiB, and sets of pages.
//
// Descriptors lie in an array beside the pages, so a walk over them touches no page. All fields
// that several threads use are atomics; see PageDescriptor::use for who may do what.
// Thread: any.
#pragma once

#include "base/assert.hpp"
#include "base/cacheline.hpp"
#include "store/size_class.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rc::store {

// Pages are numbered from 1: chunk 0 means "none", so page 0 does not exist.
enum class PageId : std::uint32_t { none = 0 };

[[nodiscard]] constexpr std::uint32_t index(PageId p) {
  return static_cast<std::uint32_t>(p);
}

enum class PageKind : std::uint8_t {
  free,      // in a set of free pages, or on its way into one
  chunks,    // cut into chunks of one size class
  draining,  // the same, but becomes free with its last chunk
  chain,     // holds 64 KiB of the value of a chained item
};

// The most expiry that says "nothing here expires".
inline constexpr std::uint32_t expiry_none = UINT32_MAX;

struct alignas(cache_line_bytes) PageDescriptor {
  // Bit 31: a thread owns the page and is the only one to allocate from it. Below: a count of
  // chunks in use, which the owner raises by the capacity when it takes the page, and corrects when
  // it lets go or has allocated as many; so it never falls below zero under an owner, although the
  // owner does not count each allocation, and exact counts exist only without one.
  // Whoever frees a chunk learns from one subtraction whether there is an owner and how full the
  // page is: exactly one thread sees each threshold crossed.
  std::atomic<std::uint32_t> use{0};
  // A lower bound of the expiry of all items in the page.
  std::atomic<std::uint32_t> expiry_min{expiry_none};
  // The next page of the same chained item. Written by the item's builder, and by whoever moves the
  // page: a reader then comes to the old page or to its copy, and both stay for its turn.
  std::atomic<std::uint32_t> chain_next{0};
  std::atomic<PageKind> kind{PageKind::free};
  std::atomic<ClassId> size_class{};
  // Items of the page belong to this flush generation or to later ones.
  std::atomic<std::uint8_t> generation{0};
  // When an attempt to empty the page met something that cannot move: see stuck_in. 0: never.
  std::atomic<std::uint8_t> stuck{0};
  // One bit per chunk, set while it is free, for the first words; Arena has the rest.
  static constexpr std::uint32_t words_here = 6;
  std::atomic<std::uint64_t> free_bits[words_here] = {};

  static constexpr std::uint32_t owned = 1U << 31U;
};
static_assert(sizeof(PageDescriptor) == cache_line_bytes);

// A set of pages as a bitmap that any thread may add to and take from.
//
// Taking goes round the set with a hand, so a page that was just added comes last: it gathers more
// holes meanwhile. Any member can be taken out, which a linked list could not do without locks.
//
// Many sets share one table: of each, the words for 512 pages lie together in one cache line, and
// the lines of all sets for the same pages side by side. So the table costs memory only for pages
// that have ever been in use, however many the address range has room for.
class PageSet {
 public:
  static constexpr std::uint32_t words_per_line = cache_line_bytes / sizeof(std::uint64_t);
  static constexpr std::uint32_t pages_per_line = words_per_line * 64;

  // Gives an empty set its memory, all zero: a line at `first` and one every `stride_words` after
  // it. Pages below `extent`, which may grow, can be members.
  void place(
      std::atomic<std::uint64_t>* first,
      std::size_t stride_words,
      const std::atomic<std::uint32_t>& extent
  ) {
    words_ = first;
    stride_words_ = stride_words;
    extent_ = &extent;
  }

  [[nodiscard]] std::uint32_t count() const {
    // Relaxed: a hint that spares a search; the search itself decides.
    const std::int32_t count = count_.load(std::memory_order_relaxed);
    return count > 0 ? static_cast<std::uint32_t>(count) : 0;
  }

  // Requires: the page is not in the set and the caller has it to itself.
  void add(PageId page) { add_bits(index(page) / 64, bit(index(page))); }

  // Adds `pages` pages from `first` on, all in one word. Requires: as add.
  void add_run(PageId first, std::uint32_t pages) {
    if (pages != 0) add_bits(index(first) / 64, run(index(first), pages));
  }

  // True if the page was in the set: it is the caller's now.
  bool take(PageId page) {
    const std::uint32_t i = index(page);
    // Acquire: partner of add.
    const std::uint64_t before = word(i / 64).fetch_and(~bit(i), std::memory_order_acquire);
    if ((before & bit(i)) == 0) return false;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }

  // Relaxed: a hint.
  [[nodiscard]] bool contains(PageId page) const {
    return (word(index(page) / 64).load(std::memory_order_relaxed) & bit(index(page))) != 0;
  }

  // Takes all of `pages` pages from `first` on, or none of them. Requires: all in one word.
  bool take_run(PageId first, std::uint32_t pages) {
    const std::uint64_t wanted = run(index(first), pages);
    auto& at = word(index(first) / 64);
    std::uint64_t before = at.load(std::memory_order_relaxed);
    do {
      if ((before & wanted) != wanted) return false;
      // Acquire: partner of add.
    } while (!at.compare_exchange_weak(
        before, before & ~wanted, std::memory_order_acquire, std::memory_order_relaxed
    ));
    count_.fetch_sub(static_cast<std::int32_t>(pages), std::memory_order_relaxed);
    return true;
  }

  // Takes the next page after `hand`, and moves the hand. none: the set is empty, or others were
  // faster.
  PageId take_next(std::uint32_t& hand) {
    const PageId page = next(hand);
    if (page == PageId::none || take(page)) return page;
    return take_next_slowly(hand);
  }

  // The next member after `hand`, without taking it; moves the hand past it.
  PageId next(std::uint32_t& hand) const {
    if (count() == 0) return PageId::none;
    const std::uint32_t words = word_count();
    std::uint32_t w = hand / 64 % words;
    std::uint64_t mask = ~std::uint64_t{0} << (hand % 64);
    // One word more than there are: the first one again, for its lower bits.
    for (std::uint32_t seen = 0; seen <= words; ++seen) {
      // Relaxed: only take() claims, and it has the acquire.
      const std::uint64_t members = word(w).load(std::memory_order_relaxed) & mask;
      if (members != 0) {
        const std::uint32_t i = w * 64 + static_cast<std::uint32_t>(std::countr_zero(members));
        hand = i + 1;
        return PageId{i};
      }
      mask = ~std::uint64_t{0};
      w = w + 1 == words ? 0 : w + 1;
    }
    return PageId::none;
  }

  // Takes `pages` pages that lie together at a multiple of `pages`, 1 or 32, the highest it finds
  // when it looks at some words downwards from `hand`, which moves on.
  PageId take_highest_run(std::uint32_t pages, std::uint32_t& hand) {
    constexpr std::uint32_t words_max = 512;
    const std::uint32_t words = word_count();
    if (count() < pages) return PageId::none;
    for (std::uint32_t seen = 0; seen < words && seen < words_max; ++seen) {
      if (hand == 0 || hand > words) hand = words;
      const std::uint32_t w = hand - 1;
      const std::uint64_t members = word(w).load(std::memory_order_relaxed);
      const PageId first = highest_run(w, members, pages);
      if (first != PageId::none && take_run(first, pages)) return first;
      --hand;
    }
    return PageId::none;
  }

 private:
  static constexpr std::uint64_t bit(std::uint32_t i) { return std::uint64_t{1} << (i % 64); }
  static constexpr std::uint64_t run(std::uint32_t i, std::uint32_t pages) {
    return (pages == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << pages) - 1) << (i % 64);
  }
  static PageId highest_run(std::uint32_t w, std::uint64_t members, std::uint32_t pages) {
    if (members == 0) return PageId::none;
    if (pages == 1) {
      return PageId{w * 64 + 63 - static_cast<std::uint32_t>(std::countl_zero(members))};
    }
    for (std::uint32_t at = 64; at >= pages; at -= pages) {
      const std::uint64_t wanted = run(at - pages, pages);
      if ((members & wanted) == wanted) return PageId{w * 64 + at - pages};
    }
    return PageId::none;
  }

  [[nodiscard]] std::atomic<std::uint64_t>& word(std::uint32_t w) const {
    return words_[w / words_per_line * stride_words_ + w % words_per_line];
  }
  [[nodiscard]] std::uint32_t word_count() const {
    // Relaxed: a member beyond what we see is found the next time.
    return extent_->load(std::memory_order_relaxed) / 64 + 1;
  }

  void add_bits(std::uint32_t w, std::uint64_t bits) {
    // Release: whoever takes the page sees all that was done to it before. Partner: take.
    const std::uint64_t before = word(w).fetch_or(bits, std::memory_order_release);
    RC_ASSERT((before & bits) == 0);
    count_.fetch_add(std::popcount(bits), std::memory_order_relaxed);
  }

  // Others take from the set as well: look on while there is something, but not for ever.
  PageId take_next_slowly(std::uint32_t& hand) {
    for (int attempt = 0; attempt < 64; ++attempt) {
      const PageId page = next(hand);
      if (page == PageId::none || take(page)) return page;
    }
    return PageId::none;
  }

  std::atomic<std::uint64_t>* words_ = nullptr;
  std::size_t stride_words_ = 0;
  const std::atomic<std::uint32_t>* extent_ = nullptr;
  // Signed: a taker may count down before the adder has counted up.
  std::atomic<std::int32_t> count_{0};
};

}  // namespace rc::store
