// One cell of the comparison: a workload at one size of the cache, through the real store and
// through each simulated policy.
// Thread: one.
#pragma once

#include "missratio/policies.hpp"
#include "missratio/workloads.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rc::bench {

// Misses of a replay, of requests and of the bytes they asked for.
struct Misses {
  double requests = 0;
  double bytes = 0;
};

struct Cell {
  std::string workload{};
  bool sized = false;
  double percent = 0;       // of the footprint
  std::uint64_t items = 0;  // how many average objects fit
  Misses ours{};
  std::array<Misses, policy_kinds.size()> others{};
  // Misses of ours to those of memcached's lists when both are given the same -m, each with its
  // own overheads. None where our store cannot be that small.
  std::optional<double> same_limit{};

  [[nodiscard]] const Misses& of(PolicyKind kind) const {
    return others[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] double best() const;
  [[nodiscard]] double to_best() const { return ours.requests / best(); }
  [[nodiscard]] double to_slru() const { return ours.requests / of(PolicyKind::slru).requests; }
};

struct CellOptions {
  std::uint64_t load_percent = 58;  // of the index
  std::uint64_t seed = 1;           // of its hash
  bool simulate = true;             // the other policies, and the same -m for both
};

// What objects cost, once per workload.
class CostedWorkload {
 public:
  explicit CostedWorkload(Workload workload);

  [[nodiscard]] Cell measure(double percent, const CellOptions& options) const;

 private:
  // The value's size: what the trace says, or a few bytes where it says nothing.
  [[nodiscard]] std::uint32_t value_bytes(std::uint32_t object) const;
  [[nodiscard]] std::uint32_t limit_value_bytes(std::uint32_t object) const;
  [[nodiscard]] Misses simulate(PolicyKind kind, std::uint64_t capacity) const;
  [[nodiscard]] Misses replay(
      std::uint64_t capacity, std::uint64_t items, const CellOptions& options
  ) const;
  [[nodiscard]] std::optional<double> same_limit(double percent, const CellOptions& options) const;

  Workload workload_;
  std::vector<std::uint64_t> costs_;       // chunk bytes of our store
  std::vector<std::uint64_t> slab_costs_;  // chunk bytes of memcached's slabs
  std::uint64_t footprint_ = 0;
  std::uint64_t slab_footprint_ = 0;
  std::uint32_t value_bytes_max_ = 0;
};

// The chunk that memcached 1.6 takes for an item with a key of this length: header, cas, key, value
// and line end, in classes that grow by a quarter.
[[nodiscard]] std::uint64_t slab_cost(std::uint32_t key_bytes, std::uint64_t value_bytes);

// Figures over cells: those with at least `items_min` objects that fit.
struct Summary {
  std::size_t cells = 0;
  double mean_to_best = 0;
  double worst_to_best = 0;
  double mean_to_slru = 0;
  double worst_to_slru = 0;
  std::size_t worse_than_slru = 0;  // by more than 3 %
};
[[nodiscard]] Summary summarize(std::span<const Cell> cells, std::uint64_t items_min);

}  // namespace rc::bench
