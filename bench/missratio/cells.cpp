#include "missratio/cells.hpp"

#include "missratio/store_cache.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace rc::bench {
namespace {

// Objects of unknown size: the smallest chunk, so that large traces replay quickly, and an
// ordinary value where memory is what is compared.
constexpr std::uint32_t value_bytes_unknown = 8;
constexpr std::uint32_t limit_value_bytes_unknown = 300;
// What memcached's slabs look like by default.
constexpr std::uint64_t slab_item_bytes = 48 + 8 + 1 + 2;
constexpr std::uint64_t slab_chunk_min_bytes = 96;
constexpr std::uint64_t slab_chunk_max_bytes = 512 * kib;

class Counter {
 public:
  void count(bool hit, std::uint64_t bytes) {
    ++requests_;
    bytes_ += bytes;
    if (hit) return;
    ++missed_;
    missed_bytes_ += bytes;
  }
  [[nodiscard]] Misses misses() const {
    return {
        .requests = static_cast<double>(missed_) / static_cast<double>(requests_),
        .bytes = static_cast<double>(missed_bytes_) / static_cast<double>(bytes_),
    };
  }

 private:
  std::uint64_t requests_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t missed_bytes_ = 0;
};

std::uint64_t share(std::uint64_t bytes, double percent) {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * percent / 100);
}

std::uint64_t sum(const std::vector<std::uint64_t>& costs) {
  return std::accumulate(costs.begin(), costs.end(), std::uint64_t{0});
}

}  // namespace

std::uint64_t slab_cost(std::uint32_t key_bytes, std::uint64_t value_bytes) {
  const std::uint64_t wanted = slab_item_bytes + key_bytes + value_bytes;
  for (std::uint64_t chunk = slab_chunk_min_bytes; chunk < slab_chunk_max_bytes;) {
    if (wanted <= chunk) return chunk;
    chunk = (chunk + chunk / 4 + 7) / 8 * 8;
  }
  return wanted;
}

double Cell::best() const {
  double best = 1;
  for (const Misses& other : others) best = std::min(best, other.requests);
  return best;
}

CostedWorkload::CostedWorkload(Workload workload) : workload_(std::move(workload)) {
  const auto& sizes = workload_.size_bytes;
  value_bytes_max_ = workload_.sized ? *std::max_element(sizes.begin(), sizes.end()) : 0;
  value_bytes_max_ = std::max(value_bytes_max_, limit_value_bytes_unknown);
  Costs costs(value_bytes_max_);
  std::unordered_map<std::uint32_t, std::uint64_t> known;
  for (std::uint32_t object = 0; object < sizes.size(); ++object) {
    const auto [at, fresh] = known.try_emplace(value_bytes(object), 0);
    if (fresh) at->second = costs.of(value_bytes(object));
    costs_.push_back(at->second);
    slab_costs_.push_back(slab_cost(StoreCache::key_bytes, limit_value_bytes(object)));
  }
  footprint_ = sum(costs_);
  slab_footprint_ = sum(slab_costs_);
}

std::uint32_t CostedWorkload::value_bytes(std::uint32_t object) const {
  return workload_.sized ? workload_.size_bytes[object] : value_bytes_unknown;
}

std::uint32_t CostedWorkload::limit_value_bytes(std::uint32_t object) const {
  return workload_.sized ? workload_.size_bytes[object] : limit_value_bytes_unknown;
}

Cell CostedWorkload::measure(double percent, const CellOptions& options) const {
  Cell cell{.workload = workload_.name, .sized = workload_.sized, .percent = percent};
  const std::uint64_t capacity = share(footprint_, percent);
  cell.items = capacity * costs_.size() / footprint_;
  cell.ours = replay(capacity, cell.items, options);
  if (!options.simulate) return cell;
  for (const PolicyKind kind : policy_kinds) {
    cell.others[static_cast<std::size_t>(kind)] = simulate(kind, capacity);
  }
  cell.same_limit = same_limit(percent, options);
  return cell;
}

Misses CostedWorkload::simulate(PolicyKind kind, std::uint64_t capacity) const {
  const auto policy = make_policy(kind, costs_, capacity);
  Counter counter;
  for (const std::uint32_t object : workload_.objects) {
    counter.count(policy->request(object), workload_.size_bytes[object]);
  }
  return counter.misses();
}

Misses CostedWorkload::replay(
    std::uint64_t capacity, std::uint64_t items, const CellOptions& options
) const {
  auto store = store_of_capacity({
      .capacity = capacity,
      .items = items,
      .value_bytes_max = value_bytes_max_,
      .load_percent = options.load_percent,
      .seed = options.seed,
  });
  StoreCache cache(std::move(store).value());
  Counter counter;
  for (const std::uint32_t object : workload_.objects) {
    bool hit = cache.get(object);
    // As in the simulations, what can never fit is not stored.
    if (!hit && costs_[object] <= capacity) cache.put(object, value_bytes(object));
    counter.count(hit, workload_.size_bytes[object]);
  }
  return counter.misses();
}

std::optional<double> CostedWorkload::same_limit(double percent, const CellOptions& options) const {
  const std::uint64_t limit = share(slab_footprint_, percent);
  store::Options with;
  with.limit_bytes = limit;
  with.item_size_max_bytes = value_bytes_max_ + kib;
  with.hash_seed = options.seed;
  with.huge_pages = false;
  auto store = store::Store::create(with);
  if (!store) return std::nullopt;
  StoreCache cache(std::move(store).value());
  const auto slru = make_policy(PolicyKind::slru, slab_costs_, limit);
  Counter ours;
  Counter theirs;
  for (const std::uint32_t object : workload_.objects) {
    ours.count(cache.request(object, limit_value_bytes(object)).hit, 1);
    theirs.count(slru->request(object), 1);
  }
  return ours.misses().requests / theirs.misses().requests;
}

Summary summarize(std::span<const Cell> cells, std::uint64_t items_min) {
  Summary s;
  for (const Cell& cell : cells) {
    if (cell.items < items_min) continue;
    ++s.cells;
    s.mean_to_best += cell.to_best();
    s.mean_to_slru += cell.to_slru();
    s.worst_to_best = std::max(s.worst_to_best, cell.to_best());
    s.worst_to_slru = std::max(s.worst_to_slru, cell.to_slru());
    if (cell.to_slru() > 1.03) ++s.worse_than_slru;
  }
  if (s.cells == 0) return s;
  s.mean_to_best /= static_cast<double>(s.cells);
  s.mean_to_slru /= static_cast<double>(s.cells);
  return s;
}

}  // namespace rc::bench
