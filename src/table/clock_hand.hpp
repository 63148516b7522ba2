// The two-hand clock: which items go when memory is short.
//
// Both hands walk the buckets in hash order, so eviction needs no list and no access to items.
// A new item enters in probation, fresh. The probation hand takes away FRESH on its first pass;
// on the next it promotes the item to main if it was read and evicts it if not, leaving its tag
// among its home's ghosts, so that a key that returns soon goes straight into main. The main hand
// takes one from REF and evicts at zero, leaving a ghost of another kind. While probation holds
// more than its share of the items, its hand works, else main's. The share is learnt from the
// ghosts that return (probation_share.hpp). A main that nobody reads yields most of its memory
// (coldness.hpp).
//
// Threads share a hand by claiming the next few buckets with one CAS and finish what they claimed,
// so a sweep may free a little more than was asked for. A round is all buckets in use when the hand
// comes to their end: segments that were split off meanwhile belong to it. Frozen slots, whose
// segment is being split, are passed over.
//
// An eviction never takes long: the caller waits for it. Where a plain clock would go all round to
// cool everything (a cache that has just been filled is all fresh), the bar is lowered after some
// thousand items in a row were spared: then fresh ones may go, and read ones, the least read first.
// Thread: any, inside an epoch.
#pragma once

#include "base/cacheline.hpp"
#include "table/coldness.hpp"
#include "table/overflow.hpp"
#include "table/probation_share.hpp"
#include "table/segments.hpp"
#include "table/tally.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rc::table {

struct ClockOptions {
  double probation_share = 0.10;  // at the start
  bool share_learns = true;
  bool cold_main_yields = true;
};

// Keeps the tag of an evicted item, so that its return is recognised.
inline void remember_ghost(std::atomic<std::uint64_t>& header, SlotWord victim) noexcept {
  // Relaxed: ghosts are hints and order nothing. One try: a lost ghost is one hint less.
  std::uint64_t word = header.load(std::memory_order_relaxed);
  const HeaderWord now(word);
  const HeaderWord next =
      victim.probation() ? now.with_ghost(victim.tag()) : now.with_main_ghost(victim.tag());
  header.compare_exchange_strong(word, next.bits(), std::memory_order_relaxed);
}

template <class Geometry, class Hooks>
class ClockHands {
 public:
  ClockHands(
      const Segments<Geometry>& segments,
      Tally& tally,
      OverflowCleaner<Geometry, Hooks>& cleaner,
      ClockOptions options
  )
      : segments_(segments),
        tally_(tally),
        options_(options),
        cleaner_(cleaner),
        share_(options.probation_share) {}

  // Unlinks at least `items_max` items if it can find them within a few rounds, a claim's worth
  // more at most, and calls on_victim(Handle) for each. Returns how many. `bytes_held` is what all
  // items hold, in the unit of the inserted bytes; 0: as many as there are items.
  template <class OnVictim>
  std::size_t evict(std::size_t items_max, OnVictim&& on_victim, std::uint64_t bytes_held) {
    std::size_t evicted = 0;
    std::size_t spared = 0;  // in a row
    std::size_t passed = 0;
    while (evicted < items_max && passed < rounds_max * segments_.bucket_count()) {
      const Tally::Items items = tally_.items();
      if (items.all == 0) break;
      const std::uint64_t held = bytes_held != 0 ? bytes_held : items.all;
      const unsigned pressure = static_cast<unsigned>(std::min(spared / patience, pressure_max));
      const Pass pass =
          sweep(choose(items, held), items.all - items.probation, pressure, on_victim);
      if (pass.ends_stretch) look_back(items, held);
      evicted += pass.evicted;
      passed += pass.buckets;
      spared = pass.evicted == 0 ? spared + pass.spared + pass.buckets / buckets_per_item : 0;
    }
    return evicted;
  }

  [[nodiscard]] double probation_share() const { return share_.value(); }
  [[nodiscard]] bool main_yields() const {
    return options_.cold_main_yields && coldness_.main_yields();
  }

 private:
  enum class Hand : std::uint8_t { probation, main };

  // Four rounds of the main hand bring any item to zero; the rest is patience with other threads.
  static constexpr std::size_t rounds_max = 8;
  // Items spared in a row before the bar is lowered by one: some 20 us of sweeping.
  static constexpr std::size_t patience = 4096;
  // Passing so many buckets costs as much as sparing an item. An index of few large items would
  // take long to pass otherwise, although it is cheap to pass one of many small ones.
  static constexpr std::size_t buckets_per_item = 8;
  static constexpr std::size_t pressure_max = SlotWord::ref_max;
  // A yielding main stops when this part of the memory is left in it, its most read. So a scan that
  // goes on for longer than main waits does not empty it, and a cache full of new items holds two
  // thirds of what it could.
  static constexpr double main_share_min = 0.35;
  // Claims between two looks at what the sums of the tally teach.
  static constexpr std::size_t claims_per_stretch = 4;
  // The mean size of new items is taken over this part of the cache.
  static constexpr std::uint64_t stretches_per_cache = 32;

  // A hand's next buckets, never of two segments. The last of the index wrap the hand round.
  struct Claim {
    std::size_t first = 0;
    std::size_t end = 0;
  };
  Claim claim(Hand hand) {
    std::atomic<std::size_t>& next = hands_[static_cast<std::size_t>(hand)].next;
    const std::size_t buckets = segments_.bucket_count();
    const std::size_t step = std::bit_floor(
        std::clamp<std::size_t>(buckets / 256, 1, std::min<std::size_t>(Geometry::buckets, 64))
    );
    // Relaxed: the position is all that is shared; slots are read with their own orders.
    std::size_t first = next.load(std::memory_order_relaxed);
    while (true) {
      // Steps grow with the index: after a smaller one, up to the next larger boundary.
      const std::size_t end = (first / step + 1) * step;
      if (next.compare_exchange_weak(
              first, end < buckets ? end : 0, std::memory_order_relaxed, std::memory_order_relaxed
          )) {
        return {.first = first, .end = end};
      }
    }
  }

  [[nodiscard]] Hand choose(Tally::Items items, std::uint64_t held) const {
    const bool any_in_main = items.all > items.probation;
    if (main_yields() && any_in_main && part_in_main(items, held) > main_share_min)
      return Hand::main;
    const auto allowed = share_.value() * static_cast<double>(items.all);
    return static_cast<double>(items.probation) > allowed ? Hand::probation : Hand::main;
  }

  // Of the memory. What is in probation came not long ago, so it is of the size of what came then.
  [[nodiscard]] double part_in_main(Tally::Items items, std::uint64_t held) const {
    const double young = static_cast<double>(items.probation) *
                         item_bytes_.load(std::memory_order_relaxed) / static_cast<double>(held);
    return 1 - young;
  }

  // Learns from what was counted since the last time.
  void look_back(Tally::Items items, std::uint64_t held) {
    if (options_.share_learns) {
      share_.learn(
          tally_.sum(Count::ghost_returns), tally_.sum(Count::main_ghost_returns), items.all
      );
    }
    const std::uint64_t bytes = tally_.sum(Count::inserted_bytes);
    coldness_.judge(bytes, held);
    // Relaxed: an estimate, which threads that get here together may make from less.
    const std::uint64_t bytes_before = inserted_bytes_.load(std::memory_order_relaxed);
    if (bytes < bytes_before + held / stretches_per_cache) return;
    const std::uint64_t count = tally_.sum(Count::inserted);
    const std::uint64_t before = inserted_.exchange(count, std::memory_order_relaxed);
    inserted_bytes_.store(bytes, std::memory_order_relaxed);
    if (count <= before) return;
    item_bytes_.store(
        static_cast<double>(bytes - bytes_before) / static_cast<double>(count - before),
        std::memory_order_relaxed
    );
  }

  // One claim's way round.
  struct Pass {
    bool samples = false;
    bool ends_stretch = false;
    unsigned pressure = 0;
    std::size_t buckets = 0;
    std::size_t evicted = 0;
    std::size_t spared = 0;
    Coldness::Seen seen{};
  };

  template <class OnVictim>
  Pass sweep(Hand hand, std::uint64_t items_in_main, unsigned pressure, OnVictim&& on_victim) {
    const Claim mine = claim(hand);
    const std::size_t step = mine.end - mine.first;
    Pass pass{
        .samples = coldness_.samples(mine.first / Geometry::buckets, items_in_main),
        .ends_stretch = mine.end / step % claims_per_stretch == 0,
        .pressure = pressure,
        .buckets = step,
    };
    for (std::size_t number = mine.first; number < mine.end; ++number) {
      for (auto& slot : segments_.bucket(number).slots) {
        visit(hand, pass, number, slot, on_victim);
      }
      if (hand == Hand::probation) cleaner_.clean(segments_, number);
    }
    coldness_.note(pass.seen);
    return pass;
  }

  template <class OnVictim>
  void visit(
      Hand hand, Pass& pass, std::size_t number, std::atomic<SlotWord>& slot, OnVictim&& on_victim
  ) {
    // Acquire: pairs with the release that published the item, whose bytes the caller will read
    // to free it.
    SlotWord word = slot.load(std::memory_order_acquire);
    if (!word.visible() || word.frozen()) return;
    Hooks::at(Point::visited);
    if (!word.probation() && pass.samples) measure(pass, slot, word);
    if (word.probation() != (hand == Hand::probation)) return;
    if (hand == Hand::main ? spare_in_main(pass, slot, word)
                           : spare_in_probation(pass, slot, word)) {
      ++pass.spared;
      return;
    }
    if (!change(slot, word, SlotWord::vacated())) return;
    count_victim(hand);
    remember_ghost(segments_.window_at(number).home_of(0, word.distance()).home().header, word);
    ++pass.evicted;
    on_victim(word.handle());
  }

  // Counts an item of main and marks it as unread.
  void measure(Pass& pass, std::atomic<SlotWord>& slot, SlotWord& word) {
    ++pass.seen.items;
    if (word.fresh()) return;
    ++pass.seen.read;
    const SlotWord marked = word.with_fresh(true);
    if (change(slot, word, marked)) word = marked;
  }

  // Both return true if the item stays.
  bool spare_in_probation(const Pass& pass, std::atomic<SlotWord>& slot, SlotWord word) {
    if (word.ref() > pass.pressure) {
      if (change(slot, word, word.promoted())) {
        tally_.add(Count::probation, -1);
        tally_.add(Count::main);
        tally_.add(Count::promotions);
      }
      return true;
    }
    if (!word.fresh() || pass.pressure > 0) return false;
    change(slot, word, word.with_fresh(false));
    return true;
  }

  bool spare_in_main(const Pass& pass, std::atomic<SlotWord>& slot, SlotWord word) {
    if (word.ref() <= pass.pressure) return false;
    change(slot, word, word.cooled());
    return true;
  }

  // A failure means that somebody used or changed the item just now: the hand goes on.
  // Acquire and release on success: whoever fills the vacated slot comes after what was read here.
  static bool change(std::atomic<SlotWord>& slot, SlotWord from, SlotWord to) {
    return slot.compare_exchange_strong(
        from, to, std::memory_order_acq_rel, std::memory_order_relaxed
    );
  }

  void count_victim(Hand hand) {
    const bool probation = hand == Hand::probation;
    tally_.add(probation ? Count::probation : Count::main, -1);
    tally_.add(probation ? Count::evictions_probation : Count::evictions_main);
  }

  struct alignas(cache_line_bytes) Position {
    std::atomic<std::size_t> next{0};  // a bucket
  };

  const Segments<Geometry>& segments_;
  Tally& tally_;
  ClockOptions options_;
  OverflowCleaner<Geometry, Hooks>& cleaner_;
  std::array<Position, 2> hands_;
  Coldness coldness_;
  ProbationShare share_;
  // What had been inserted when the mean size of new items was last taken, and that mean.
  std::atomic<std::uint64_t> inserted_{0};
  std::atomic<std::uint64_t> inserted_bytes_{0};
  std::atomic<double> item_bytes_{1};
};

}  // namespace rc::table
