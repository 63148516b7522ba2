// Table: insertion, the protocol that table.hpp's opening describes. Included by table.hpp only.
#pragma once

#include "table/table.hpp"

namespace rc::table {

template <class Items, class Geometry, class Hooks>
Insertion Table<Items, Geometry, Hooks>::insert(std::string_view key, Hash hash, Handle item) {
  const Hash folded = Geometry::fold(hash);
  const Tag tag = tag_of(folded);
  Insertion result;
  for (unsigned attempt = 0;; ++attempt) {
    std::size_t count = segments_.count();
    const auto window = segments_.window(folded, count);
    result.existing = scan(window, key, tag);
    if (result.existing) break;
    Hooks::at(Point::scanned);

    std::optional<Placement> mine = choose(window);
    if (mine && mine->word.frozen()) {
      splitter_.help(*mine->slot);
      continue;
    }
    const bool displaces = mine && mine->word.has_item();
    if (!mine || (displaces && result.displaced != Handle::none)) return result;
    const SlotWord victim = mine->word;
    if (!place(window, tag, item, *mine)) continue;
    if (displaces) {
      displace(window, mine->distance, victim);
      result.displaced = victim.handle();
    }
    // If the segment has been split and the key belongs to the other half, our word is in the wrong
    // one. The placing CAS has acquired that split's count if the slot was thawed before; if it is
    // frozen after, our word is emptied and finalizing fails.
    if (!Hooks::omit_recheck && segments_.rehomed(folded, count)) {
      withdraw(*mine);
      continue;
    }

    const Verdict verdict = rescan(window, key, *mine, attempt, result.existing);
    if (verdict == Verdict::clear) {
      Hooks::at(Point::rescanned);
      if (!finalize(window, *mine)) continue;
      result.outcome = Inserted::inserted;
      return result;
    }
    withdraw(*mine);
    if (verdict == Verdict::exists) break;
  }
  result.outcome = Inserted::exists;
  return result;
}

// The slot to take: at home if there is room; else where this home already overflows, so that
// misses read no more buckets than they must; else the emptiest of the window; else, when the
// table may evict, the coldest. A frozen one where room was looked for: the caller helps and asks
// again, since nobody has to leave before the split is over.
template <class Items, class Geometry, class Hooks>
auto Table<Items, Geometry, Hooks>::choose(const Window<Geometry>& window) const
    -> std::optional<Placement> {
  while (true) {
    std::optional<Placement> found;
    // Relaxed: the CAS that takes the slot decides.
    window.any_of(std::memory_order_relaxed, [&](unsigned distance, Bucket<Geometry>& bucket) {
      found = vacancy(bucket, distance);
      return found.has_value();
    });
    if (found) return found;
    const unsigned distance = roomiest(window);
    if (distance == 0) return last_resort(window);
    Hooks::at(Point::counted);
    found = vacancy(window.at(distance), distance);
    if (found) return found;
    // Others took that room meanwhile. Look again: no item has to leave while there may be room.
  }
}

template <class Items, class Geometry, class Hooks>
auto Table<Items, Geometry, Hooks>::vacancy(Bucket<Geometry>& bucket, unsigned distance)
    -> std::optional<Placement> {
  std::optional<Placement> frozen;
  for (std::size_t i = 0; i < Geometry::slots; ++i) {
    const SlotWord word = bucket.slots[i].load(std::memory_order_relaxed);
    if (word.vacant()) return Placement{&bucket.slots[i], distance, i, word};
    if (word.frozen()) frozen = Placement{&bucket.slots[i], distance, i, word};
  }
  return frozen;
}

template <class Items, class Geometry, class Hooks>
unsigned Table<Items, Geometry, Hooks>::vacancies(const Bucket<Geometry>& bucket) {
  unsigned count = 0;
  for (const Slot& slot : bucket.slots) {
    if (slot.load(std::memory_order_relaxed).vacant()) ++count;
  }
  return count;
}

// The distance of the emptiest bucket away from home; 0 if all are full.
template <class Items, class Geometry, class Hooks>
unsigned Table<Items, Geometry, Hooks>::roomiest(const Window<Geometry>& window) {
  unsigned best = 0;
  unsigned best_distance = 0;
  for (unsigned distance = 1; distance < Geometry::offsets.size(); ++distance) {
    const unsigned room = vacancies(window.at(distance));
    if (room <= best) continue;
    best = room;
    best_distance = distance;
  }
  return best_distance;
}

// The window is full: a frozen slot if there is one, else a victim, in the order in which the clock
// would let them go: unread items in probation, then in main, then the others; tentative ones stay.
template <class Items, class Geometry, class Hooks>
auto Table<Items, Geometry, Hooks>::last_resort(const Window<Geometry>& window) const
    -> std::optional<Placement> {
  std::optional<Placement> found;
  unsigned best = ~0U;
  for (unsigned distance = 0; distance < Geometry::offsets.size(); ++distance) {
    Bucket<Geometry>& bucket = window.at(distance);
    for (std::size_t i = 0; i < Geometry::slots; ++i) {
      // Acquire: a victim's bytes are read by whoever retires it.
      const SlotWord word = bucket.slots[i].load(std::memory_order_acquire);
      if (word.frozen()) return Placement{&bucket.slots[i], distance, i, word};
      if (!word.visible() || !evicts_) continue;
      const unsigned warmth = 4 * word.ref() + (word.probation() ? (word.fresh() ? 1 : 0) : 2);
      if (warmth >= best) continue;
      best = warmth;
      found = Placement{&bucket.slots[i], distance, i, word};
    }
  }
  return found;
}

// Puts the tentative word into the chosen slot and announces it. False when the slot was taken.
template <class Items, class Geometry, class Hooks>
bool Table<Items, Geometry, Hooks>::place(
    const Window<Geometry>& window, Tag tag, Handle item, Placement& mine
) {
  std::atomic<std::uint64_t>& header = window.home().header;
  const bool known = HeaderWord(header.load(std::memory_order_relaxed)).has_ghost(tag);
  SlotWord expected = mine.word;
  mine.word = SlotWord::tentative(tag, item, mine.distance, !known);
  // Sequentially consistent with the loads of rescan, also the announcement below. It releases the
  // item's key to rivals that compare it.
  if (!mine.slot->compare_exchange_strong(
          expected, mine.word, std::memory_order_seq_cst, std::memory_order_relaxed
      )) {
    return false;
  }
  Hooks::at(Point::placed);
  if (mine.distance > 0) {
    // After placing, never before: overflow.hpp relies on it.
    header.fetch_or(
        HeaderWord::overflow_bit(mine.distance) | HeaderWord::activity, std::memory_order_seq_cst
    );
    Hooks::at(Point::announced);
  }
  return true;
}

// Our tentative word took the place of `victim`, which leaves the index as an eviction.
template <class Items, class Geometry, class Hooks>
void Table<Items, Geometry, Hooks>::displace(
    const Window<Geometry>& window, unsigned distance, SlotWord victim
) {
  uncount(victim);
  tally_.add(Count::displacements);
  remember_ghost(window.home_of(distance, victim.distance()).home().header, victim);
}

// Looks for rivals that insert the same key. Kills those that must give way.
template <class Items, class Geometry, class Hooks>
auto Table<Items, Geometry, Hooks>::rescan(
    const Window<Geometry>& window,
    std::string_view key,
    const Placement& mine,
    unsigned attempt,
    Found& existing
) const -> Verdict {
  Verdict verdict = Verdict::clear;
  if constexpr (Hooks::omit_rescan) return verdict;
  const auto is_rival = [&](SlotWord word) {
    return word.has_item() && word.tag() == mine.word.tag() &&
           items_.key_equals(word.handle(), key);
  };
  // Sequentially consistent loads of header and slots: they must not come before our placing.
  window.any_of(std::memory_order_seq_cst, [&](unsigned distance, Bucket<Geometry>& bucket) {
    for (std::size_t i = 0; i < Geometry::slots; ++i) {
      Slot& slot = bucket.slots[i];
      // Our own slot holds our word, or we were killed and finalizing will fail.
      if (&slot == mine.slot) continue;
      SlotWord word = slot.load(std::memory_order_seq_cst);
      while (is_rival(word)) {
        if (word.visible()) {
          existing = Found(&slot, word);
          verdict = Verdict::exists;
          return true;
        }
        const bool earlier = std::pair(distance, i) < std::pair(mine.distance, mine.index);
        if (earlier && attempt < patience) {
          verdict = Verdict::yield;
          return true;
        }
        // Killed: it was never visible, its owner will find out when it finalizes. On failure the
        // word was made visible or withdrawn: examine the slot again.
        if (slot.compare_exchange_strong(
                word, SlotWord::vacated(), std::memory_order_seq_cst, std::memory_order_seq_cst
            )) {
          break;
        }
      }
    }
    return false;
  });
  return verdict;
}

// Makes our word visible. False when a rival killed it.
template <class Items, class Geometry, class Hooks>
bool Table<Items, Geometry, Hooks>::finalize(
    const Window<Geometry>& window, const Placement& mine
) {
  SlotWord expected = mine.word;
  // Release: publishes the item to the acquire loads of scan.
  if (!mine.slot->compare_exchange_strong(
          expected, mine.word.finalized(), std::memory_order_acq_rel, std::memory_order_relaxed
      )) {
    return false;
  }
  tally_.add_item(
      mine.word.probation() ? Count::probation : Count::main, bytes_of(mine.word.handle())
  );
  lay_ghost(window.home().header, mine.word);
  return true;
}

// The ghost of a key that has returned has done its work.
template <class Items, class Geometry, class Hooks>
void Table<Items, Geometry, Hooks>::lay_ghost(std::atomic<std::uint64_t>& header, SlotWord item) {
  // Relaxed, one try: as in remember_ghost.
  std::uint64_t word = header.load(std::memory_order_relaxed);
  const HeaderWord now(word);
  if (item.probation() && !now.has_main_ghost(item.tag())) return;
  tally_.add(item.probation() ? Count::main_ghost_returns : Count::ghost_returns);
  const HeaderWord next =
      item.probation() ? now.without_main_ghost() : now.without_ghost(item.tag());
  header.compare_exchange_strong(word, next.bits(), std::memory_order_relaxed);
}

template <class Items, class Geometry, class Hooks>
void Table<Items, Geometry, Hooks>::withdraw(const Placement& mine) {
  SlotWord expected = mine.word;
  // Failure means that a rival killed it: as good. Release: our reading of the window stays before.
  mine.slot->compare_exchange_strong(
      expected, SlotWord::vacated(), std::memory_order_release, std::memory_order_relaxed
  );
}

}  // namespace rc::table
