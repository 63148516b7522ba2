// Table: figures and the invariant walk. Included by table.hpp only.
#pragma once

#include "table/table.hpp"

namespace rc::table {

template <class Items, class Geometry, class Hooks>
LoadFigures Table<Items, Geometry, Hooks>::load(std::size_t segments_max) const {
  LoadFigures figures;
  const std::size_t count = segments_.count();
  // Rounded up: rather fewer than asked for, but spread over all.
  const std::size_t stride = (count - 1) / segments_max + 1;
  for (std::size_t segment = 0; segment < count; segment += stride) {
    for (std::size_t i = 0; i < Geometry::buckets; ++i) {
      measure(segments_.segment(segment)[i], figures);
    }
  }
  figures.slots = figures.buckets * Geometry::slots;
  return figures;
}

template <class Items, class Geometry, class Hooks>
void Table<Items, Geometry, Hooks>::measure(const Bucket<Geometry>& bucket, LoadFigures& figures) {
  ++figures.buckets;
  // Relaxed: figures, nothing is read through the words.
  const HeaderWord header(bucket.header.load(std::memory_order_relaxed));
  if (header.overflow() != 0) ++figures.homes_overflowing;
  std::size_t held = 0;
  for (const Slot& slot : bucket.slots) {
    const SlotWord word = slot.load(std::memory_order_relaxed);
    if (!word.visible()) continue;
    ++figures.at_distance[word.distance()];
    ++held;
  }
  figures.items += held;
  ++figures.buckets_by_items[held];
}

template <class Items, class Geometry, class Hooks>
void Table<Items, Geometry, Hooks>::check_invariants() const {
  Tally::Items seen;
  for (std::size_t number = 0; number < segments_.bucket_count(); ++number) {
    for (Slot& slot : segments_.bucket(number).slots) {
      const SlotWord word = slot.load(std::memory_order_acquire);
      // Nobody is at work, so nothing is tentative or frozen.
      RC_ASSERT(word.vacant() || (word.visible() && !word.frozen()));
      if (word.vacant()) continue;
      ++seen.all;
      if (word.probation()) ++seen.probation;

      const std::string_view key = items_.key_of(word.handle());
      const Hash hash = splitter_.hash_of(word);
      const Window<Geometry> window = segments_.window(hash, segments_.count());
      RC_ASSERT(&window.at(word.distance()) == &segments_.bucket(number));
      // Invariants 1 and 2: the lookup finds this very slot, so its bit is set and no other slot
      // before it holds the key; that other slot's turn shows the same of those after it.
      RC_ASSERT(scan(window, key, tag_of(hash)).slot_ == &slot);
    }
  }
  RC_ASSERT(seen.all == tally_.items().all);
  RC_ASSERT(seen.probation == tally_.items().probation);
}

}  // namespace rc::table
