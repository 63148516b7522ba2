#include "table/tally.hpp"

#include <algorithm>
#include <bit>
#include <sched.h>

namespace rc::table {

Tally::Tally(std::size_t cpus)
    : mask_(std::bit_ceil(std::clamp<std::size_t>(cpus, 1, 64)) - 1),
      shards_(std::make_unique<Shard[]>(mask_ + 1)) {}

Tally::Shard& Tally::shard() noexcept {
  // glibc reads the CPU's number from the thread's rseq area, no system call. A thread that moves
  // between the two lines writes another core's shard: slower once, never wrong. An error (-1)
  // masks to the last shard.
  return shards_[static_cast<std::size_t>(sched_getcpu()) & mask_];
}

void Tally::count_in(Shard& shard, Count count, std::int64_t delta) noexcept {
  // Relaxed: a statistic; nothing is published through it.
  shard.counts[static_cast<std::size_t>(count)].fetch_add(delta, std::memory_order_relaxed);
}

void Tally::add(Count count, std::int64_t delta) noexcept {
  count_in(shard(), count, delta);
}

void Tally::add_item(Count where, std::uint64_t bytes) noexcept {
  Shard& own = shard();
  count_in(own, where, 1);
  count_in(own, Count::inserted, 1);
  count_in(own, Count::inserted_bytes, static_cast<std::int64_t>(bytes));
}

std::uint64_t Tally::sum(Count count) const noexcept {
  std::int64_t total = 0;
  for (std::size_t i = 0; i <= mask_; ++i) {
    total += shards_[i].counts[static_cast<std::size_t>(count)].load(std::memory_order_relaxed);
  }
  // While others count, a decrement may be seen before its increment.
  return static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0));
}

Tally::Items Tally::items() const noexcept {
  const std::uint64_t probation = sum(Count::probation);
  return {.all = probation + sum(Count::main), .probation = probation};
}

}  // namespace rc::table
