// The index's memory: one reserved range of segments, each 64 buckets of one cache line, and the
// arithmetic that leads from a hash to its buckets.
//
// The bucket inside the segment comes from the low bits of the hash and the segment from the bits
// above them, so a segment can be split in two by one more bit without its keys changing their
// position. The segments in use are the first `count`; those beyond are untouched and cost nothing.
//
// Linear hashing: with count = half + next, half the largest power of two in it, the segments below
// `next` have been split into themselves and the one `half` further up. Splitting segment `next`
// makes it one more; when all are split, half doubles and next begins anew.
// Thread: any; the words are atomics, and `count` only grows.
#pragma once

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/cacheline.hpp"
#include "base/memory.hpp"
#include "base/result.hpp"
#include "table/geometry.hpp"
#include "table/words.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace rc::table {

template <class Geometry>
struct alignas(cache_line_bytes) Bucket {
  std::atomic<std::uint64_t> header;
  std::array<std::atomic<SlotWord>, Geometry::slots> slots;
};
static_assert(sizeof(Bucket<DefaultGeometry>) == cache_line_bytes);
static_assert(sizeof(Bucket<DefaultGeometry>) * DefaultGeometry::buckets == 4096);

// A home bucket and its window.
template <class Geometry>
class Window {
 public:
  Window(Bucket<Geometry>* segment, std::size_t index) : segment_(segment), index_(index) {}

  [[nodiscard]] Bucket<Geometry>& home() const { return segment_[index_]; }
  [[nodiscard]] Bucket<Geometry>& at(unsigned distance) const {
    return segment_[(index_ + Geometry::offsets[distance]) % Geometry::buckets];
  }
  // The home of an item that lies in `at(distance)` at the probe distance `item_distance`.
  [[nodiscard]] Window home_of(unsigned distance, unsigned item_distance) const {
    const std::size_t forth = index_ + Geometry::offsets[distance];
    const std::size_t back = Geometry::buckets - Geometry::offsets[item_distance];
    return {segment_, (forth + back) % Geometry::buckets};
  }

  // Calls visit(distance, bucket) for the home bucket and each one its header names, in probe
  // order, until visit returns true. `order` is the order of the header's load.
  template <class Visit>
  bool any_of(std::memory_order order, Visit&& visit) const {
    const HeaderWord header(home().header.load(order));
    if (visit(0U, home())) return true;
    for (unsigned rest = header.overflow(); rest != 0; rest &= rest - 1) {
      const auto distance = static_cast<unsigned>(std::countr_zero(rest));
      if (visit(distance, at(distance))) return true;
    }
    return false;
  }

 private:
  Bucket<Geometry>* segment_;
  std::size_t index_;
};

template <class Geometry>
class Segments {
  static_assert(geometry_is_sound<Geometry>());

 public:
  static constexpr std::size_t slots_per_segment = Geometry::slots * Geometry::buckets;

  // At least `slots_min` slots in use, in a power of two of segments; address space for as many
  // segments as `slots_max` slots need.
  [[nodiscard]] static Result<Segments> create(
      std::uint64_t slots_min, std::uint64_t slots_max, bool huge_pages
  ) {
    const std::uint64_t first = std::bit_ceil(segments_for(slots_min));
    const std::uint64_t last = std::max(first, segments_for(slots_max));
    auto region = Region::reserve(last * segment_bytes, huge_pages);
    if (!region) return region.error();
    return Segments(std::move(region).value(), first, last, huge_pages);
  }

  // For creation, before other threads know it.
  Segments(Segments&& other) noexcept
      : region_(std::move(other.region_)),
        first_(other.first_),
        last_(other.last_),
        granule_bytes_(other.granule_bytes_),
        count_(other.count()) {}
  Segments& operator=(Segments&&) = delete;

  // Acquire: who sees a new segment counted sees it filled; partner of the release in advance.
  [[nodiscard]] std::size_t count() const { return count_.load(std::memory_order_acquire); }
  // In the one order of sequentially consistent operations: see Splitter::is_ripe.
  [[nodiscard]] std::size_t count_in_order() const {
    return count_.load(std::memory_order_seq_cst);
  }
  [[nodiscard]] std::size_t count_first() const { return first_; }
  [[nodiscard]] std::size_t count_max() const { return last_; }
  [[nodiscard]] std::size_t bucket_count() const { return count() * Geometry::buckets; }
  [[nodiscard]] std::uint64_t slot_count() const { return count() * slots_per_segment; }

  // What `segments` segments make resident.
  [[nodiscard]] std::uint64_t bytes(std::size_t segments) const {
    return round_up(std::min(segments, last_) * segment_bytes, granule_bytes_);
  }

  // Counts the segment `count`, which has been filled. False if somebody else did.
  bool advance(std::size_t count) {
    // Release: all of the new segment comes before. Sequentially consistent: count_in_order.
    return count_.compare_exchange_strong(count, count + 1, std::memory_order_seq_cst);
  }

  // The segment that is split next when there are `count`, and the one where a hash belongs.
  [[nodiscard]] static std::size_t next_to_split(std::size_t count) {
    return count - std::bit_floor(count);
  }
  // Requires: the hash has been folded.
  [[nodiscard]] static std::size_t segment_of(Hash hash, std::size_t count) {
    const std::size_t half = std::bit_floor(count);
    const std::size_t segment = (hash.value / Geometry::buckets) & (2 * half - 1);
    return segment < count ? segment : segment - half;
  }
  [[nodiscard]] std::size_t segment_of(const std::atomic<SlotWord>& slot) const {
    const auto* at = reinterpret_cast<const std::byte*>(&slot);
    return static_cast<std::size_t>(at - region_.data()) / segment_bytes;
  }
  // Has the hash come to belong to another segment since `count` was loaded? Then `count` is the
  // one to go on with.
  [[nodiscard]] bool rehomed(Hash hash, std::size_t& count) const {
    const std::size_t now = this->count();
    if (now == count || segment_of(hash, now) == segment_of(hash, count)) return false;
    count = now;
    return true;
  }

  // Requires: the hash has been folded.
  [[nodiscard]] Window<Geometry> window(Hash hash, std::size_t count) const {
    return {segment(segment_of(hash, count)), hash.value % Geometry::buckets};
  }
  // The window whose home is bucket `number`, counted over all segments.
  [[nodiscard]] Window<Geometry> window_at(std::size_t number) const {
    return {segment(number / Geometry::buckets), number % Geometry::buckets};
  }
  [[nodiscard]] Bucket<Geometry>& bucket(std::size_t number) const { return segment(0)[number]; }
  // The first of the segment's buckets. The region is zero, and a bucket of zeros is a valid empty
  // bucket: no constructor runs, so no page is touched before it is used.
  [[nodiscard]] Bucket<Geometry>* segment(std::size_t number) const {
    RC_DEBUG_ASSERT(number < last_);
    return reinterpret_cast<Bucket<Geometry>*>(region_.data()) + number * Geometry::buckets;
  }

 private:
  static constexpr std::size_t segment_bytes = sizeof(Bucket<Geometry>) * Geometry::buckets;

  Segments(Region region, std::size_t first, std::size_t last, bool huge_pages)
      : region_(std::move(region)),
        first_(first),
        last_(last),
        granule_bytes_(huge_pages ? 2 * mib : 4 * kib),
        count_(first) {}

  [[nodiscard]] static std::uint64_t segments_for(std::uint64_t slots) {
    return std::max<std::uint64_t>((slots + slots_per_segment - 1) / slots_per_segment, 1);
  }

  // All of this is read by every operation and written by splits only, so it has a line of its own.
  alignas(cache_line_bytes) Region region_;
  std::size_t first_;
  std::size_t last_;
  std::uint64_t granule_bytes_;
  std::atomic<std::size_t> count_;
};

}  // namespace rc::table
