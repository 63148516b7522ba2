// The bits of the index: the slot word, the bucket's header word, and the item handle.
//
// Both words are values; the index keeps them in 64-bit atomics and changes them by whole-word
// operations only, so everything one operation must decide on sits in one word.
//
//   slot     63      48 47                  10 9     6  5    4    3     2    1  0
//           [   tag    |        handle        | dist | FRZ TENT PROB FRESH | REF ]
//   header   63        52 51     40 39     28 27     16 15                       1  0
//           [ main ghost | ghost 2 | ghost 1 | ghost 0 |  overflow bits 15 .. 1   | A ]
//
// Thread: any; these are plain values.
#pragma once

#include "base/hash.hpp"

#include <atomic>
#include <cstdint>

namespace rc::table {

// Where an item lies: its offset in 16-byte units from the start of the item region. 38 bits of
// them reach 4 TiB. Zero is no item.
enum class Handle : std::uint64_t { none = 0 };

inline constexpr unsigned handle_bits = 38;

// The top sixteen bits of a key's hash. The bucket comes from the bottom, so they are independent.
using Tag = std::uint16_t;

[[nodiscard]] constexpr Tag tag_of(Hash hash) {
  return static_cast<Tag>(hash.value >> 48U);
}

// What one slot says. A slot without an item is either untouched (all zero: the zero page) or
// vacated (FRESH alone). Both may be filled; only the split of a segment tells them apart, because
// an untouched slot never comes back once it has been written.
class SlotWord {
 public:
  constexpr SlotWord() = default;
  explicit constexpr SlotWord(std::uint64_t bits) : bits_(bits) {}

  // A slot that held something and is free now.
  [[nodiscard]] static constexpr SlotWord vacated() { return SlotWord(fresh_bit); }

  // A new item, invisible to readers until `finalized`. `distance` is the index of the probe
  // offset that leads from the home bucket to this one.
  [[nodiscard]] static constexpr SlotWord tentative(
      Tag tag, Handle handle, unsigned distance, bool probation
  ) {
    const std::uint64_t clock = probation ? probation_bit | fresh_bit : fresh_bit;
    return SlotWord(
        (std::uint64_t{tag} << tag_shift) | (static_cast<std::uint64_t>(handle) << handle_shift) |
        (std::uint64_t{distance} << distance_shift) | tentative_bit | clock
    );
  }

  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr Tag tag() const { return static_cast<Tag>(bits_ >> tag_shift); }
  [[nodiscard]] constexpr Handle handle() const {
    return Handle{(bits_ >> handle_shift) & handle_mask};
  }
  [[nodiscard]] constexpr unsigned distance() const {
    return static_cast<unsigned>(bits_ >> distance_shift) & 15U;
  }
  [[nodiscard]] constexpr unsigned ref() const { return static_cast<unsigned>(bits_ & ref_mask); }
  [[nodiscard]] constexpr bool probation() const { return (bits_ & probation_bit) != 0; }
  [[nodiscard]] constexpr bool fresh() const { return (bits_ & fresh_bit) != 0; }
  [[nodiscard]] constexpr bool frozen() const { return (bits_ & frozen_bit) != 0; }
  [[nodiscard]] constexpr bool tentative() const { return (bits_ & tentative_bit) != 0; }

  [[nodiscard]] constexpr bool has_item() const { return (bits_ & handle_field) != 0; }
  // Readers see items that are not tentative; a frozen one is still valid.
  [[nodiscard]] constexpr bool visible() const { return has_item() && !tentative(); }
  // May be filled by an insertion.
  [[nodiscard]] constexpr bool vacant() const { return (bits_ & ~fresh_bit) == 0; }

  // The word while its segment is being split: readers still take it, writers may not change it.
  // A tentative word loses its item, whose insertion starts anew; an untouched one becomes vacated,
  // so that a thawed slot never reads as untouched.
  [[nodiscard]] constexpr SlotWord freeze() const {
    return SlotWord((visible() ? bits_ : vacated().bits_) | frozen_bit);
  }
  [[nodiscard]] constexpr SlotWord thawed() const { return SlotWord(bits_ & ~frozen_bit); }

  [[nodiscard]] constexpr SlotWord finalized() const { return SlotWord(bits_ & ~tentative_bit); }
  [[nodiscard]] constexpr SlotWord with_handle(Handle handle) const {
    return SlotWord((bits_ & ~handle_field) | (static_cast<std::uint64_t>(handle) << handle_shift));
  }
  // After a hit. The counter saturates, so a hot item's word stops changing; in main, FRESH means
  // "unread since it came or since a hand passed" and a hit takes it away.
  [[nodiscard]] constexpr SlotWord touched() const {
    const std::uint64_t kept = probation() ? bits_ : bits_ & ~fresh_bit;
    return SlotWord(ref() == ref_max ? kept : kept + 1);
  }
  [[nodiscard]] constexpr SlotWord promoted() const {
    return SlotWord((bits_ & ~(probation_bit | ref_mask)) | fresh_bit);
  }
  [[nodiscard]] constexpr SlotWord with_fresh(bool fresh) const {
    return SlotWord(fresh ? bits_ | fresh_bit : bits_ & ~fresh_bit);
  }
  // Requires: ref() > 0.
  [[nodiscard]] constexpr SlotWord cooled() const { return SlotWord(bits_ - 1); }

  friend constexpr bool operator==(SlotWord, SlotWord) = default;

  static constexpr unsigned ref_max = 3;

 private:
  static constexpr unsigned tag_shift = 48;
  static constexpr unsigned handle_shift = 10;
  static constexpr unsigned distance_shift = 6;
  static constexpr std::uint64_t handle_mask = (std::uint64_t{1} << handle_bits) - 1;
  static constexpr std::uint64_t handle_field = handle_mask << handle_shift;
  static constexpr std::uint64_t frozen_bit = 1U << 5U;
  static constexpr std::uint64_t tentative_bit = 1U << 4U;
  static constexpr std::uint64_t probation_bit = 1U << 3U;
  static constexpr std::uint64_t fresh_bit = 1U << 2U;
  static constexpr std::uint64_t ref_mask = 3U;
  static_assert(handle_shift + handle_bits == tag_shift);

  std::uint64_t bits_ = 0;
};

// What a bucket remembers about the keys whose home it is.
class HeaderWord {
 public:
  // Set by an insertion after it placed an item away from home, cleared by whoever wants to clear
  // overflow bits: a bit may go only if A stayed clear in between.
  static constexpr std::uint64_t activity = 1;

  explicit constexpr HeaderWord(std::uint64_t bits) : bits_(bits) {}

  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  // Bit d set: some key of this home may lie at probe distance d (1..15).
  [[nodiscard]] constexpr unsigned overflow() const {
    return static_cast<unsigned>(bits_) & 0xFFFEU;
  }
  [[nodiscard]] static constexpr std::uint64_t overflow_bit(unsigned distance) {
    return std::uint64_t{1} << distance;
  }
  // The ghosts alone, as both halves of a split segment inherit them.
  [[nodiscard]] constexpr std::uint64_t ghosts() const { return bits_ & ~std::uint64_t{0xFFFF}; }

  // The last items of this home that died in probation (three) and in main (one), by the low twelve
  // bits of their tags. Zero stands for "none", so one key in 4096 has no ghosts; as many new keys
  // are taken for a given ghost.
  [[nodiscard]] constexpr bool has_ghost(Tag tag) const {
    const std::uint64_t mark = mark_of(tag);
    return mark != 0 && (ghost(0) == mark || ghost(1) == mark || ghost(2) == mark);
  }
  [[nodiscard]] constexpr std::uint64_t ghost(unsigned i) const {
    return (bits_ >> (ghosts_shift + ghost_bits * i)) & ghost_mask;
  }
  [[nodiscard]] constexpr HeaderWord with_ghost(Tag tag) const {
    return with_ghosts(mark_of(tag), ghost(0), ghost(1));
  }
  [[nodiscard]] constexpr HeaderWord without_ghost(Tag tag) const {
    const std::uint64_t mark = mark_of(tag);
    if (ghost(0) == mark) return with_ghosts(ghost(1), ghost(2), 0);
    if (ghost(1) == mark) return with_ghosts(ghost(0), ghost(2), 0);
    if (ghost(2) == mark) return with_ghosts(ghost(0), ghost(1), 0);
    return *this;
  }
  [[nodiscard]] constexpr bool has_main_ghost(Tag tag) const {
    return mark_of(tag) != 0 && ghost(main_ghost) == mark_of(tag);
  }
  [[nodiscard]] constexpr HeaderWord with_main_ghost(Tag tag) const {
    return HeaderWord(without_main_ghost().bits_ | (mark_of(tag) << main_ghost_shift));
  }
  [[nodiscard]] constexpr HeaderWord without_main_ghost() const {
    return HeaderWord(bits_ & ~(ghost_mask << main_ghost_shift));
  }

 private:
  static constexpr unsigned ghosts_shift = 16;
  static constexpr unsigned ghost_bits = 12;
  static constexpr std::uint64_t ghost_mask = (std::uint64_t{1} << ghost_bits) - 1;
  static constexpr unsigned main_ghost = 3;
  static constexpr unsigned main_ghost_shift = ghosts_shift + ghost_bits * main_ghost;
  static_assert(main_ghost_shift + ghost_bits == 64);

  [[nodiscard]] static constexpr std::uint64_t mark_of(Tag tag) { return tag & ghost_mask; }
  [[nodiscard]] constexpr HeaderWord with_ghosts(
      std::uint64_t g0, std::uint64_t g1, std::uint64_t g2
  ) const {
    const std::uint64_t three = g0 | (g1 << ghost_bits) | (g2 << (2 * ghost_bits));
    constexpr std::uint64_t others =
        ~(((std::uint64_t{1} << (3 * ghost_bits)) - 1) << ghosts_shift);
    return HeaderWord((bits_ & others) | (three << ghosts_shift));
  }

  std::uint64_t bits_;
};

static_assert(sizeof(SlotWord) == 8 && std::atomic<SlotWord>::is_always_lock_free);
static_assert(SlotWord().vacant() && SlotWord::vacated().vacant());
static_assert(SlotWord::vacated().bits() == 0x4 && !SlotWord::vacated().has_item());

}  // namespace rc::table
