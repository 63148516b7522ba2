// A walk over all items that may take any number of turns, while everybody goes on.
//
// It goes through the segments that were in use when it began. What such a segment held then lies,
// however often it has been split since, in the segments whose number equals its own in the bits
// that were in use; these are gathered together, at one state of the index. So an item that is
// there from the beginning to the end is met exactly once, splits or not. A key that is removed
// and stored again meanwhile may be met twice.
// Thread: one; inside an epoch while it gathers.
#pragma once

#include "table/segments.hpp"
#include "table/words.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rc::table {

class Walk {
 public:
  enum class Step : std::uint8_t {
    gathered,  // some items, perhaps none
    busy,      // a split is in the way: come again in another turn
    ended,
  };

  // Puts the next part of the items, some hundreds at most unless the index doubles again and
  // again meanwhile, into `items`, in place of what it holds.
  template <class Geometry>
  [[nodiscard]] Step gather(const Segments<Geometry>& segments, std::vector<Handle>& items) {
    items.clear();
    if (first_count_ == 0) first_count_ = segments.count();
    if (next_ == first_count_) return Step::ended;
    const std::size_t count = segments.count();
    for (std::size_t s = next_; s < count; s += stride()) {
      if (!gather_segment(segments.segment(s), Geometry::buckets, items)) return Step::busy;
    }
    // A split that was counted meanwhile may have carried items from a segment not yet seen to one
    // that was not looked at. Whoever saw a slot that it emptied sees the new count.
    if (segments.count() != count) return Step::busy;
    ++next_;
    return Step::gathered;
  }

 private:
  // By how much the numbers of those segments differ.
  [[nodiscard]] std::size_t stride() const {
    const std::size_t half = std::bit_floor(first_count_);
    const bool was_split = next_ < first_count_ - half || next_ >= half;
    return was_split ? 2 * half : half;
  }

  // False if a slot is frozen: the same item may be in the other half already.
  template <class Bucket>
  static bool gather_segment(Bucket* segment, std::size_t buckets, std::vector<Handle>& items) {
    for (std::size_t i = 0; i < buckets; ++i) {
      for (const auto& slot : segment[i].slots) {
        // Acquire: the items' bytes will be read, and see gather.
        const SlotWord word = slot.load(std::memory_order_acquire);
        if (word.frozen()) return false;
        if (word.visible()) items.push_back(word.handle());
      }
    }
    return true;
  }

  std::size_t first_count_ = 0;  // segments in use at the beginning
  std::size_t next_ = 0;         // the one of them to be gathered next
};

}  // namespace rc::table
