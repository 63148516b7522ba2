// Growth without a pause: splits one segment in two, in place, while everybody goes on.
//
// The items of segment s that belong to its buddy b, the next segment that was never used, are
// copied there at the SAME position, then b is counted:
//
//   freeze   each slot of s: FRZ by CAS. Readers still take frozen items; no writer changes them.
//            A tentative word is emptied instead: its insertion starts anew.
//   copy     each slot of s to its position in b, by CAS from untouched: the item if it moves,
//            else vacated.
//   advance  count it: the linearization point. From here on b is where moved keys belong.
//   thaw     each frozen slot of s: emptied if its item moved, else unfrozen.
//
// Any number of threads may take these steps at once: a writer that meets a frozen slot helps the
// segment through instead of waiting. Every step is a CAS that fails for who comes late:
//   - untouched slots never come back, so a late copy cannot bring back an item that was erased in
//     b meanwhile, and equal positions mean that nothing can be copied twice;
//   - a late freeze may succeed on a slot in use again. Who freezes goes on to thaw, and any writer
//     that meets it thaws too; which half an item belongs to is decided by its key, never by when.
//   - a late thaw would be wrong only in the segment's NEXT split. That comes after the next
//     doubling, which begins with a grace period: no turn is left that could do it (is_ripe).
// So within one turn a segment is split at most once.
//
// Readers never help and never retry for a hit: a frozen item that has moved was the key's item
// when the turn's look-up began, since that loaded the older count. A miss is believed only if the
// key's segment is still the same (Table::peek).
// Checked by tests/models/split_model.py, with each rule above taken away in turn.
// Thread: any, inside an epoch.
#pragma once

#include "base/hash.hpp"
#include "table/epoch.hpp"
#include "table/overflow.hpp"
#include "table/segments.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace rc::table {

enum class Growth : std::uint8_t {
  split,  // the index has a segment more
  busy,   // somebody else is at it, or the turns of the last doubling must end first: later
  full,   // all of slots_max is in use
};

struct GrowthFigures {
  std::uint64_t segments = 0;
  std::uint64_t segments_max = 0;
  std::uint64_t splits = 0;
  std::uint64_t helped = 0;  // times a writer helped a split through
};

template <class Items, class Geometry, class Hooks>
class Splitter {
 public:
  // `epochs` may be null if the segments never grow.
  Splitter(
      const Items& items,
      Hasher hasher,
      std::uint64_t hash_mask,
      Segments<Geometry>& segments,
      OverflowCleaner<Geometry, Hooks>& cleaner,
      Epochs* epochs
  )
      : items_(items),
        hasher_(hasher),
        hash_mask_(hash_mask),
        segments_(segments),
        cleaner_(cleaner),
        epochs_(epochs) {}

  // Splits the next segment, unless another thread does.
  Growth grow() {
    const std::size_t count = segments_.count_in_order();
    if (count >= segments_.count_max()) return Growth::full;
    if (!is_ripe(count) || !claim(count)) return Growth::busy;
    return split(count) ? Growth::split : Growth::busy;
  }

  // For a writer that met a frozen slot: afterwards it is not frozen, or only by another split.
  void help(const std::atomic<SlotWord>& slot) {
    // Before the slot: what is still frozen once the epoch has been seen so far on tells more than
    // what was frozen some time before. See has_begun.
    const std::uint64_t epoch = epochs_ == nullptr ? 0 : epochs_->current();
    // Acquire: pairs with the freezing CAS. So the count below is at least the freezing thread's,
    // and the segment is either the one that is being split or one whose split has been counted.
    if (!slot.load(std::memory_order_acquire).frozen()) return;
    Hooks::at(Point::helping);
    // Relaxed: a figure.
    helped_.fetch_add(1, std::memory_order_relaxed);
    const std::size_t count = segments_.count_in_order();
    const std::size_t segment = segments_.segment_of(slot);
    if (segment == segments_.next_to_split(count) && has_begun(count, epoch)) {
      split(count);
    } else {
      Plan plan{.segment = segment, .count = count};
      thaw(plan);
    }
  }

  // The folded hash of a linked item's key. Its tag must be the word's, else memory is corrupt.
  [[nodiscard]] Hash hash_of(SlotWord word) const {
    const std::uint64_t value = hasher_(items_.key_of(word.handle())).value & hash_mask_;
    const Hash hash = Geometry::fold(Hash{value});
    RC_ASSERT(tag_of(hash) == word.tag());
    return hash;
  }

  [[nodiscard]] GrowthFigures figures() const {
    const std::size_t count = segments_.count();
    return {
        .segments = count,
        .segments_max = segments_.count_max(),
        .splits = count - segments_.count_first(),
        .helped = helped_.load(std::memory_order_relaxed),
    };
  }

 private:
  static constexpr std::size_t slots = Segments<Geometry>::slots_per_segment;
  // Items whose keys are fetched ahead; the latencies of that many overlap.
  static constexpr std::size_t fetch_ahead = 8;
  // A thread that has been told so often that another one splits takes it for stalled and joins.
  static constexpr std::uint64_t asks_max = 64;

  // Which items of a segment leave it when `count` segments are in use. Known per item, because the
  // item in a slot may change until it is frozen.
  struct Plan {
    std::size_t segment = 0;
    std::size_t count = 0;
    std::array<Handle, slots> items{};
    std::bitset<slots> moves{};
  };

  // A segment's split may begin when nobody is left who could thaw for its previous one. That one
  // lies before the last doubling, so one grace period per doubling is enough. Whoever finds the
  // doubling complete notes the epoch, e. Then:
  //   - whoever takes part in a split of before (freezes, thaws) entered at e or earlier. Count and
  //     epoch are loaded in the single order of sequentially consistent operations, count first by
  //     who notes, epoch first by who enters: a turn that entered at e+1 sees the doubling
  //     complete;
  //   - so at e+2 the last of these has left, having thawed what it froze;
  //   - who meets one of their frozen slots, and thaws it, has itself entered at e+1 or
  //     earlier, and holds the epoch at e+2 at most.
  // Hence at e+3 the next split may begin; and a slot of segment 0 that is found frozen at e+2 or
  // later can only belong to it.
  [[nodiscard]] bool is_ripe(std::size_t count) {
    if (!at_doubling(count)) return true;
    const std::uint64_t now = level(count) << epoch_bits | epochs_->current();
    // Relaxed: the epoch's number is all that is shared; its own loads order the rest.
    std::uint64_t noted = doubled_.load(std::memory_order_relaxed);
    if (noted >= level(count) << epoch_bits && now >= noted + 3) return true;
    if (noted < level(count) << epoch_bits) {
      doubled_.compare_exchange_strong(noted, now, std::memory_order_relaxed);
    }
    // Nobody else may have a reason to.
    epochs_->try_advance();
    return false;
  }
  // A slot of the next segment was frozen when the epoch had been `epoch` already: for its split,
  // or is it a late freeze of the previous one?
  [[nodiscard]] bool has_begun(std::size_t count, std::uint64_t epoch) const {
    if (!at_doubling(count)) return true;
    // Relaxed: who froze for the split has seen the note, and we have acquired its freezing.
    const std::uint64_t noted = doubled_.load(std::memory_order_relaxed);
    const std::uint64_t then = level(count) << epoch_bits | epoch;
    return noted >= level(count) << epoch_bits && then >= noted + 2;
  }
  // At the beginning of a doubling that is not the first.
  [[nodiscard]] bool at_doubling(std::size_t count) const {
    return std::has_single_bit(count) && count != segments_.count_first();
  }
  [[nodiscard]] static std::uint64_t level(std::size_t count) {
    return static_cast<std::uint64_t>(std::bit_width(count));
  }

  // Gives each split to one thread, so that others do not do its work a second time; but not for
  // ever, since that thread may have been stopped.
  [[nodiscard]] bool claim(std::size_t count) {
    // Relaxed: advice; whoever splits, every step is safe.
    std::uint64_t seen = claim_.load(std::memory_order_relaxed);
    while (seen / asks_max <= count) {
      const bool first = seen / asks_max < count;
      if (!first && seen % asks_max == asks_max - 1) return true;
      const std::uint64_t next = first ? count * asks_max : seen + 1;
      if (claim_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return first;
    }
    return false;
  }

  // One split, alone or together with others. True if this thread counted the new segment.
  bool split(std::size_t count) {
    Plan plan{.segment = segments_.next_to_split(count), .count = count + 1};
    // Touches the new memory before anything is frozen: the system may take its time to supply it.
    segments_.segment(count)->header.fetch_or(0, std::memory_order_relaxed);
    look_ahead(plan);
    if (copy(plan, count)) {
      inherit(plan.segment, count);
      Hooks::at(Point::copied);
      const bool counted = segments_.advance(count);
      Hooks::at(Point::split);
      thaw(plan);
      if (counted) clean(plan.segment);
      return counted;
    }
    thaw(plan);
    return false;
  }

  [[nodiscard]] std::atomic<SlotWord>& slot(std::size_t segment, std::size_t i) const {
    return segments_.segment(segment)[i / Geometry::slots].slots[i % Geometry::slots];
  }

  // Decides for every item before anything is frozen, since that reads each item's key.
  void look_ahead(Plan& plan) {
    for (std::size_t i = 0; i < slots + fetch_ahead; ++i) {
      if (i < slots) {
        // Relaxed: only fetched.
        const SlotWord word = slot(plan.segment, i).load(std::memory_order_relaxed);
        if (word.visible()) items_.prefetch(word.handle());
      }
      if (i < fetch_ahead) continue;
      // Acquire: the item's bytes are read.
      const SlotWord word = slot(plan.segment, i - fetch_ahead).load(std::memory_order_acquire);
      if (word.visible()) moves(plan, i - fetch_ahead, word);
    }
  }

  // Requires: the word is visible and was loaded with acquire.
  bool moves(Plan& plan, std::size_t i, SlotWord word) {
    if (plan.items[i] != word.handle()) {
      plan.items[i] = word.handle();
      plan.moves[i] = segments_.segment_of(hash_of(word), plan.count) != plan.segment;
    }
    return plan.moves[i];
  }

  // Freezes and copies slot by slot. False if the split has been counted meanwhile.
  bool copy(Plan& plan, std::size_t count) {
    for (std::size_t i = 0; i < slots; ++i) {
      const SlotWord word = freeze(slot(plan.segment, i), count);
      if (!word.frozen()) return false;
      Hooks::at(Point::frozen);
      const bool goes = word.has_item() && moves(plan, i, word);
      SlotWord untouched;
      // Release: passes on the item's bytes, acquired with the frozen word, to the new segment's
      // readers. A failure means that somebody else copied it: then it was the same word, or the
      // split has been counted and it is none of our business any more.
      slot(count, i).compare_exchange_strong(
          untouched,
          goes ? word.thawed() : SlotWord::vacated(),
          std::memory_order_release,
          std::memory_order_relaxed
      );
    }
    return true;
  }

  // Returns the frozen word; one that is not frozen if the split has been counted.
  SlotWord freeze(std::atomic<SlotWord>& slot, std::size_t count) {
    SlotWord word = slot.load(std::memory_order_acquire);
    while (!word.frozen()) {
      // Best effort: spares others the thawing of what is frozen too late.
      if (segments_.count() != count) return word;
      Hooks::at(Point::freezing);
      const SlotWord frozen = word.freeze();
      // Release: who meets the frozen slot sees the count that we saw, see help. Acquire: the
      // item's key is read.
      if (slot.compare_exchange_strong(
              word, frozen, std::memory_order_acq_rel, std::memory_order_acquire
          )) {
        return frozen;
      }
    }
    return word;
  }

  // The new segment's headers: exactly the overflow bits of the items that were copied, and the
  // ghosts, of which nobody knows the half. Late or twice this sets at most bits without use, which
  // the cleaner takes back.
  void inherit(std::size_t from, std::size_t to) {
    std::array<std::uint64_t, Geometry::buckets> bits{};
    const Bucket<Geometry>* first = segments_.segment(to);
    for (std::size_t i = 0; i < slots; ++i) {
      // Relaxed: no item is read through it.
      const SlotWord word = slot(to, i).load(std::memory_order_relaxed);
      if (!word.has_item() || word.distance() == 0) continue;
      const Window<Geometry> window(segments_.segment(to), i / Geometry::slots);
      const auto home = &window.home_of(0, word.distance()).home() - first;
      bits[static_cast<std::size_t>(home)] |= HeaderWord::overflow_bit(word.distance());
    }
    for (std::size_t i = 0; i < Geometry::buckets; ++i) {
      // Relaxed: hints.
      const std::uint64_t word = segments_.segment(from)[i].header.load(std::memory_order_relaxed);
      pass_on(segments_.segment(to)[i].header, HeaderWord(word).ghosts(), bits[i]);
    }
  }

  static void pass_on(
      std::atomic<std::uint64_t>& header, std::uint64_t ghosts, std::uint64_t bits
  ) {
    std::uint64_t now = 0;
    if ((ghosts | bits) == 0) return;
    // Release: pairs with the cleaner's fetch_and. A hand that was led here by the hand's position
    // has acquired no count; who finds a bit must find the item behind it, else it clears the bit.
    if (header.compare_exchange_strong(
            now, ghosts | bits, std::memory_order_release, std::memory_order_relaxed
        )) {
      return;
    }
    if ((now & bits) != bits) header.fetch_or(bits, std::memory_order_release);
  }

  // Empties or unfreezes every frozen slot of a segment whose split has been counted.
  void thaw(Plan& plan) {
    for (std::size_t i = 0; i < slots; ++i) {
      SlotWord word = slot(plan.segment, i).load(std::memory_order_acquire);
      while (word.frozen()) {
        const bool goes = !word.has_item() || moves(plan, i, word);
        Hooks::at(Point::thawing);
        // Release: who finds the slot empty or unfrozen sees the new count: a reader then looks in
        // the other half, an inserter withdraws. Slots are changed by read-modify-writes only, so
        // later words of the slot carry this on.
        if (slot(plan.segment, i)
                .compare_exchange_strong(
                    word,
                    goes ? SlotWord::vacated() : word.thawed(),
                    std::memory_order_acq_rel,
                    std::memory_order_acquire
                )) {
          break;
        }
      }
    }
  }

  // Takes back the overflow bits whose items have all moved.
  void clean(std::size_t segment) {
    const std::size_t first = segment * Geometry::buckets;
    for (std::size_t number = first; number < first + Geometry::buckets; ++number) {
      cleaner_.clean(segments_, number);
    }
  }

  static constexpr unsigned epoch_bits = 56;

  const Items& items_;
  Hasher hasher_;
  std::uint64_t hash_mask_;
  Segments<Geometry>& segments_;
  OverflowCleaner<Geometry, Hooks>& cleaner_;
  Epochs* epochs_;
  std::atomic<std::uint64_t> doubled_{0};  // level << epoch_bits | epoch when it was complete
  std::atomic<std::uint64_t> claim_{0};    // count * asks_max + how often others asked
  std::atomic<std::uint64_t> helped_{0};
};

}  // namespace rc::table
