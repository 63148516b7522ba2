// How many items the index holds, kept without a line that all threads write.
//
// Each shard belongs to one CPU, so counting is an uncontended addition to a line this core owns.
// A single shard means nothing (one CPU inserts, another erases); their sum is the count, exact
// when nobody is in the middle of an operation.
// Thread: any.
#pragma once

#include "base/cacheline.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace rc::table {

enum class Count : std::uint8_t {
  probation,   // items in probation
  main,        // items in main
  promotions,  // events from here on
  evictions_probation,
  evictions_main,
  displacements,       // evictions because a window was full
  ghost_returns,       // insertions straight into main
  main_ghost_returns,  // insertions of what main had evicted not long before
  inserted,
  inserted_bytes,
};
inline constexpr std::size_t count_kinds = 10;

class Tally {
 public:
  explicit Tally(std::size_t cpus);

  void add(Count count, std::int64_t delta = 1) noexcept;
  // A new item, in `where`.
  void add_item(Count where, std::uint64_t bytes) noexcept;
  [[nodiscard]] std::uint64_t sum(Count count) const noexcept;
  // Items in the index and those of them in probation.
  struct Items {
    std::uint64_t all = 0;
    std::uint64_t probation = 0;
  };
  [[nodiscard]] Items items() const noexcept;

 private:
  struct alignas(cache_line_bytes) Shard {
    std::array<std::atomic<std::int64_t>, count_kinds> counts{};
  };
  static_assert(sizeof(Shard) == 2 * cache_line_bytes);

  [[nodiscard]] Shard& shard() noexcept;
  static void count_in(Shard& shard, Count count, std::int64_t delta) noexcept;

  std::size_t mask_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace rc::table
