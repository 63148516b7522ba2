// The shape of the index and the places where tests may interfere with it.
//
// Both are template parameters: the served index has the default ones, which cost nothing; tests
// use two-slot buckets, colliding hashes and hooks that stall a thread between two steps.
// Thread: any.
#pragma once

#include "base/hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace rc::table {

// 7 slots and a header fill one cache line; 64 buckets fill one 4 KiB page, the segment.
struct DefaultGeometry {
  static constexpr std::size_t slots = 7;
  static constexpr std::size_t buckets = 64;
  // A key lies in its home bucket or in one of these others of its segment. Scattered, because a
  // run of neighbours shares its neighbours' overflow: a linear window of 16 fails at a load of
  // 0.72, this one at 0.81.
  static constexpr std::array<std::uint8_t, 16> offsets{
      0, 1, 5, 14, 27, 39, 52, 59, 9, 20, 33, 45, 23, 48, 61, 36};
  // Every hash passes here; tests squeeze it to force collisions.
  [[nodiscard]] static constexpr Hash fold(Hash hash) { return hash; }
};

template <class Geometry>
constexpr bool geometry_is_sound() {
  if (Geometry::offsets.empty() || Geometry::offsets.size() > 16) return false;
  if (Geometry::offsets[0] != 0 || Geometry::slots > 7) return false;
  if ((Geometry::buckets & (Geometry::buckets - 1)) != 0) return false;
  std::uint64_t seen = 0;
  for (const unsigned offset : Geometry::offsets) {
    // Distinct, so that "earlier probe position" is an order on slots.
    if (offset >= Geometry::buckets || (seen >> offset & 1U) != 0) return false;
    seen |= std::uint64_t{1} << offset;
  }
  return true;
}
static_assert(geometry_is_sound<DefaultGeometry>());

// The steps between which another thread's step may matter.
enum class Point : std::uint8_t {
  located,    // find, insert: the window is known, nothing in it was read
  scanned,    // insert: the key was not there
  counted,    // insert: a bucket with room was found, no slot chosen yet
  placed,     // insert: the tentative word is in its slot
  announced,  // insert: the overflow bit is set
  rescanned,  // insert: no rival seen, about to finalize
  matched,    // find: the key was compared
  examined,   // replace, erase: about to change the slot
  visited,    // a hand has read a slot and is about to change it
  clearing,   // an overflow bit is about to be cleared
  freezing,   // a split is about to freeze a slot
  frozen,     // a split is about to copy a frozen slot to the new segment
  copied,     // all slots are frozen and copied, the index is about to count the new segment
  split,      // it counts, the old segment is about to be thawed
  thawing,    // a frozen slot is about to be thawed or emptied
  helping,    // a writer met a frozen slot and has not yet asked what it is frozen for
};

struct NoHooks {
  static void at(Point) noexcept {}
  // The negative controls of the race tests: each of these makes the index wrong.
  static constexpr bool omit_rescan = false;   // insertion without looking for rivals
  static constexpr bool omit_help = false;     // writers change frozen slots
  static constexpr bool omit_reload = false;   // a miss although the segment was split meanwhile
  static constexpr bool omit_recheck = false;  // an insertion where the key no longer belongs
};

}  // namespace rc::table
