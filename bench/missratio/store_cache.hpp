// The real store as a read-through cache of a given capacity, in this process.
//
// Capacity is counted in chunk bytes: what the arena sets aside for an item, header, key and
// rounding included. The simulated policies are given the same costs and the same capacity, so the
// comparison is of what is kept, not of how it is packed.
// Thread: one.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "stats/counters.hpp"
#include "store/access.hpp"
#include "store/store.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rc::bench {

class StoreCache {
 public:
  struct Outcome {
    bool hit = false;
    bool refused = false;  // too large, or no memory
  };

  explicit StoreCache(std::unique_ptr<store::Store> store);
  ~StoreCache();
  StoreCache(const StoreCache&) = delete;
  StoreCache& operator=(const StoreCache&) = delete;

  // Reads the object and, if it is not there, stores it with a value of `value_bytes`.
  Outcome request(std::uint32_t object, std::uint32_t value_bytes);

  // The parts of a request. `put` is true if the object was stored.
  [[nodiscard]] bool get(std::uint32_t object);
  bool put(std::uint32_t object, std::uint32_t value_bytes);

  // Looks without counting as a use.
  [[nodiscard]] bool holds(std::uint32_t object) const;

  [[nodiscard]] store::Figures figures() const { return store_->figures(); }

  static constexpr std::uint32_t key_bytes = 8;

 private:
  using Key = std::array<char, key_bytes>;
  [[nodiscard]] static Key key_of(std::uint32_t object);
  [[nodiscard]] std::string_view value(std::uint32_t bytes);
  // A worker's turn serves many requests; what it unlinked is freed after it.
  void count_request();

  std::unique_ptr<store::Store> store_;
  stats::Counters counters_;
  std::unique_ptr<store::Access> access_;
  std::string zeros_;
  unsigned requests_in_turn_ = 0;
};

// A store whose live items may hold `capacity` chunk bytes, with an index for `items` of them at
// a load of `load_percent` or, since sizes come in powers of two, down to half of that.
struct CapacityOptions {
  std::uint64_t capacity = 0;
  std::uint64_t items = 0;
  std::uint32_t value_bytes_max = 0;
  std::uint64_t load_percent = 58;
  std::uint64_t seed = 1;
};
[[nodiscard]] Result<std::unique_ptr<store::Store>> store_of_capacity(const CapacityOptions& options
);

// The chunk bytes that an item with a value of this size takes, as the store itself says.
class Costs {
 public:
  explicit Costs(std::uint32_t value_bytes_max);
  [[nodiscard]] std::uint64_t of(std::uint32_t value_bytes);

 private:
  StoreCache scratch_;
};

}  // namespace rc::bench
