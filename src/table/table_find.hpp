// Table: lookups and the changes of a slot that was found. Included by table.hpp only.
#pragma once

#include "table/table.hpp"

namespace rc::table {

template <class Items, class Geometry, class Hooks>
Found Table<Items, Geometry, Hooks>::scan(
    const Window<Geometry>& window, std::string_view key, Tag tag
) const {
  Found found;
  Hooks::at(Point::located);
  // Acquire on header and slots: see "memory orders" in README.md.
  window.any_of(std::memory_order_acquire, [&](unsigned, Bucket<Geometry>& bucket) {
    for (Slot& slot : bucket.slots) {
      const SlotWord word = slot.load(std::memory_order_acquire);
      if (word.tag() != tag || !word.visible()) continue;
      if (!items_.key_equals(word.handle(), key)) continue;
      found = Found(&slot, word);
      return true;
    }
    return false;
  });
  return found;
}

template <class Items, class Geometry, class Hooks>
Found Table<Items, Geometry, Hooks>::peek(std::string_view key, Hash hash) const {
  const Hash folded = Geometry::fold(hash);
  std::size_t count = segments_.count();
  while (true) {
    const Found found = scan(segments_.window(folded, count), key, tag_of(folded));
    // A miss counts if the key's segment was not split meanwhile. One that finds a slot emptied by
    // a split has acquired that split's count: see Splitter::thaw.
    if (found || Hooks::omit_reload || !segments_.rehomed(folded, count)) return found;
  }
}

template <class Items, class Geometry, class Hooks>
Found Table<Items, Geometry, Hooks>::scan_handle(Hash hash, Handle item) const {
  const Hash folded = Geometry::fold(hash);
  std::size_t count = segments_.count();
  Found found;
  do {
    const auto window = segments_.window(folded, count);
    window.any_of(std::memory_order_acquire, [&](unsigned, Bucket<Geometry>& bucket) {
      for (Slot& slot : bucket.slots) {
        const SlotWord word = slot.load(std::memory_order_acquire);
        if (word.handle() != item || !word.visible()) continue;
        found = Found(&slot, word);
        return true;
      }
      return false;
    });
  } while (!found && segments_.rehomed(folded, count));
  return found;
}

template <class Items, class Geometry, class Hooks>
Found Table<Items, Geometry, Hooks>::touch(Found found) const {
  if (!found) return found;
  Hooks::at(Point::matched);
  const SlotWord next = found.word_.touched();
  // A frozen word is left alone: its copy may have been made.
  if (next == found.word_ || found.word_.frozen()) return found;
  SlotWord expected = found.word_;
  // Relaxed: only clock bits change, and the read-modify-write continues the release sequence of
  // the CAS that published the item.
  if (found.slot_->compare_exchange_strong(expected, next, std::memory_order_relaxed)) {
    found.word_ = next;
  }
  return found;
}

// The second stage of a batch: the bucket is on its way or here; the item of the first slot with
// the key's tag is nearly always the one. Without any, the buckets of the overflow come next.
template <class Items, class Geometry, class Hooks>
Found Table<Items, Geometry, Hooks>::likely(Hash hash) const {
  const Hash folded = Geometry::fold(hash);
  const auto window = segments_.window(folded, segments_.count());
  for (Slot& slot : window.home().slots) {
    // Acquire: the item is read through this word in the next stage.
    const SlotWord word = slot.load(std::memory_order_acquire);
    if (word.tag() != tag_of(folded) || !word.visible()) continue;
    items_.prefetch(word.handle());
    return Found(&slot, word);
  }
  // Relaxed: advice only; confirm loads the header again.
  const HeaderWord header(window.home().header.load(std::memory_order_relaxed));
  for (unsigned rest = header.overflow(); rest != 0; rest &= rest - 1) {
    rc::prefetch(&window.at(static_cast<unsigned>(std::countr_zero(rest))));
  }
  return Found();
}

// The third stage: a hit takes effect at the load in the second, a miss scans anew.
template <class Items, class Geometry, class Hooks>
Found Table<Items, Geometry, Hooks>::confirm(const Lookup& lookup) const {
  if (lookup.found && items_.key_equals(lookup.found.handle(), lookup.key)) return lookup.found;
  return peek(lookup.key, lookup.hash);
}

template <class Items, class Geometry, class Hooks>
template <class Next>
SlotWord Table<Items, Geometry, Hooks>::change(Found& found, Next&& next) {
  SlotWord word = found.word_;
  // While the handle is the same only clock bits changed: inside an epoch a handle that left is
  // not used again, so equal handles mean the same item.
  while (word.handle() == found.handle()) {
    if (word.frozen() && !Hooks::omit_help) {
      // Then the item is here again, or it has moved and the caller looks it up again.
      splitter_.help(*found.slot_);
      word = found.slot_->load(std::memory_order_acquire);
      continue;
    }
    Hooks::at(Point::examined);
    const SlotWord before = word;
    // Release: publishes the new item's bytes. Acquire: whoever replaces an item may read it.
    if (found.slot_->compare_exchange_strong(
            word, next(before), std::memory_order_acq_rel, std::memory_order_acquire
        )) {
      found.word_ = next(before);
      return before;
    }
  }
  return SlotWord();
}

}  // namespace rc::table
