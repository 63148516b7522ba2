#include "store/budget.hpp"

#include "base/bytes.hpp"
#include "base/memory.hpp"
#include "store/arena.hpp"
#include "store/store.hpp"
#include "table/geometry.hpp"

#include <algorithm>
#include <bit>

namespace rc::store {

namespace {

using table::DefaultGeometry;
constexpr std::uint64_t segment_bytes = 4 * kib;
constexpr std::uint64_t segment_slots = DefaultGeometry::slots * DefaultGeometry::buckets;
constexpr std::uint64_t huge_page_bytes = 2 * mib;
// There are never more items than one per 48 bytes of the limit, and an index that has just doubled
// has more than two slots for each.
constexpr std::uint64_t limit_bytes_per_slot = 20;

// The index begins with what it costs in any case, and grows with the number of items; a test may
// ask for a fixed size.
void divide_index(const Options& options, Division& d) {
  const std::uint64_t first = d.huge_pages ? huge_page_bytes / segment_bytes : 1;
  const std::uint64_t segments =
      options.slots != 0 ? std::bit_ceil((options.slots + segment_slots - 1) / segment_slots)
                         : first;
  const std::uint64_t most = std::max(options.limit_bytes, options.limit_max_bytes);
  d.index_slots = segments * segment_slots;
  d.index_slots_max = options.slots != 0 ? d.index_slots : most / limit_bytes_per_slot;
  d.index_bytes = segments * segment_bytes;
}

// Fewer pages than this hold no item of a useful size.
constexpr std::uint32_t pages_min = 8;
// Item handles have 38 bits, in units of 16 bytes: 4 TiB.
constexpr std::uint64_t pages_limit = (std::uint64_t{1} << 26U) - 64;

}  // namespace

// The process may take 4 % and 8 MiB more than the limit. Network buffers, which are mostly empty,
// may use a part of that; only what they can hold beyond it comes out of the limit.
std::uint64_t buffer_share(const Options& options, std::uint64_t limit_bytes) {
  const std::uint64_t above_limit = limit_bytes / 50 + 2 * mib;
  const std::uint64_t within = options.buffer_bytes - std::min(options.buffer_bytes, above_limit);
  return std::min(within, limit_bytes / 8);
}

std::uint32_t pages_for(std::uint64_t bytes) {
  auto pages = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes / page_bytes, pages_limit));
  while (pages > 0 && pages * std::uint64_t{page_bytes} + Arena::overhead_bytes(pages) > bytes) {
    pages -= std::max(1U, pages / 512);
  }
  return pages;
}

Result<Division> Division::of(const Options& options) {
  Division d;
  // Where the system gives none, 2 MiB are a needlessly large unit.
  d.huge_pages = options.huge_pages && options.limit_bytes >= options.huge_pages_min_bytes &&
                 huge_pages_allowed();
  divide_index(options, d);
  const std::uint64_t taken = d.index_bytes + buffer_share(options, options.limit_bytes);
  if (taken < options.limit_bytes) d.pages = pages_for(options.limit_bytes - taken);
  d.pages_max = std::max(d.pages, pages_for(options.limit_max_bytes));
  if (d.pages < pages_min) {
    return Error{
        0,
        "a memory limit of " + format_size(options.limit_bytes) + " leaves " +
            format_size(d.pages * std::uint64_t{page_bytes}) +
            " for items, which is too little: raise the limit"};
  }
  return d;
}

Budget::Budget(std::uint32_t pages, std::uint64_t item_size_max_bytes, std::uint64_t live_bytes_max)
    : item_size_max_bytes_(item_size_max_bytes), live_bytes_max_(live_bytes_max) {
  set_pages(pages);
}

void Budget::set_pages(std::uint32_t pages) {
  const std::uint64_t capacity = pages * std::uint64_t{page_bytes};
  capacity_bytes_.store(capacity, std::memory_order_relaxed);
  // A hundredth kept free suffices to move by, beside some pages for what the size classes leave
  // partly used; of a small arena not more than a twenty-fifth.
  const std::uint64_t kept_free = std::min(capacity / 100 + 16 * page_bytes, capacity / 25);
  high_water_bytes_.store(capacity - kept_free, std::memory_order_relaxed);
  free_pages_wanted_.store(std::clamp(pages / 200, 1U, 64U), std::memory_order_relaxed);
  report_bytes_.store(
      static_cast<std::int64_t>(std::clamp<std::uint64_t>(capacity / 1024, 4 * kib, 64 * kib)),
      std::memory_order_relaxed
  );
  if (live_bytes_max_ != 0) {
    high_water_bytes_.store(
        std::min(high_water_bytes(), live_bytes_max_), std::memory_order_relaxed
    );
    report_bytes_.store(1, std::memory_order_relaxed);
  }
  // Two of the largest items, one to be read and one to replace it, and a little room to move.
  const std::uint64_t half = capacity / 2 - std::min<std::uint64_t>(capacity / 8, 8 * page_bytes);
  item_bytes_max_.store(std::min(item_size_max_bytes_, half), std::memory_order_relaxed);
}

}  // namespace rc::store
