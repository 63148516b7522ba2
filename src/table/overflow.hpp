// Taking overflow bits back.
//
// An insertion away from home sets a bit in its home's header; erasing does not clear it, because
// other keys may share it. The hand clears in passing the bits that no item stands behind any
// more, else misses would slowly come to read the whole window.
//
// Protocol, for home bucket b and distance d:
//   cleaner:   take the segment's claim; clear A; read all slots of the bucket at d; if none has
//              distance d, CAS the header read after clearing A to itself without bit d.
//   inserter:  place the tentative word in the bucket at d, THEN set bit d and A in one step.
// An inserter that placed before the cleaner's reading is seen; one that announces between the
// clearing of A and the CAS makes the CAS fail; one that announces later sets the bit again. The
// claim makes cleaners of a segment exclude each other: a second one would clear the A that the
// first relies on. A claim that is taken is skipped, never waited for.
// Checked by tests/models/insert_test.py, with both halves of the protocol taken away in turn.
// Thread: any, inside an epoch.
#pragma once

#include "table/segments.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

namespace rc::table {

template <class Geometry, class Hooks>
class OverflowCleaner {
 public:
  // Clears the bits of bucket `number`'s header that stand for nothing. Returns how many.
  unsigned clean(const Segments<Geometry>& segments, std::size_t number) noexcept {
    const Window<Geometry> window = segments.window_at(number);
    // Relaxed: only a hint whether there is anything to do.
    if (HeaderWord(window.home().header.load(std::memory_order_relaxed)).overflow() == 0) return 0;
    std::atomic<bool>& claim = claims_[(number / Geometry::buckets) % claims_.size()];
    // Acquire and release: what one cleaner did to A comes before what the next one does.
    if (claim.exchange(true, std::memory_order_acquire)) return 0;
    const unsigned cleared = clean_claimed(window);
    claim.store(false, std::memory_order_release);
    return cleared;
  }

 private:
  static unsigned clean_claimed(const Window<Geometry>& window) noexcept {
    unsigned cleared = 0;
    std::atomic<std::uint64_t>& header = window.home().header;
    // Acquire: pairs with the announcing fetch_or of insert, so that an item announced before is
    // seen in its slot below.
    std::uint64_t word =
        header.fetch_and(~HeaderWord::activity, std::memory_order_acq_rel) & ~HeaderWord::activity;
    for (unsigned rest = HeaderWord(word).overflow(); rest != 0; rest &= rest - 1) {
      const auto distance = static_cast<unsigned>(std::countr_zero(rest));
      if (in_use(window.at(distance), distance)) continue;
      Hooks::at(Point::clearing);
      const std::uint64_t next = word & ~HeaderWord::overflow_bit(distance);
      // Release: the reading of the slots stays before it. A failure means somebody announced an
      // item or changed a ghost: leave the rest to the next pass.
      if (!header.compare_exchange_strong(
              word, next, std::memory_order_acq_rel, std::memory_order_relaxed
          )) {
        break;
      }
      word = next;
      ++cleared;
    }
    return cleared;
  }

  // Tentative words count: their announcement may already be past.
  static bool in_use(const Bucket<Geometry>& bucket, unsigned distance) noexcept {
    for (const auto& slot : bucket.slots) {
      const SlotWord word = slot.load(std::memory_order_acquire);
      if (word.has_item() && word.distance() == distance) return true;
    }
    return false;
  }

  std::array<std::atomic<bool>, 64> claims_{};
};

}  // namespace rc::table
