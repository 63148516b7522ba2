// What the index's tests share: items in a vector, and small geometries in which collisions,
// overflow and full windows are the rule.
#pragma once

#include "base/hash.hpp"
#include "table/table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rc::table::test {

// Item h is the h-th key added. Handles are not reused.
class VectorItems {
 public:
  VectorItems() : keys_(1) {}

  Handle add(std::string_view key) {
    keys_.emplace_back(key);
    return Handle{keys_.size() - 1};
  }

  [[nodiscard]] bool key_equals(Handle handle, std::string_view key) const {
    return key_of(handle) == key;
  }
  [[nodiscard]] std::string_view key_of(Handle handle) const {
    return keys_.at(static_cast<std::size_t>(handle));
  }
  void prefetch(Handle) const {}

 private:
  std::vector<std::string> keys_;
};

// Two slots, two buckets per segment, both in the window: four items fill it.
struct TinyGeometry {
  static constexpr std::size_t slots = 2;
  static constexpr std::size_t buckets = 2;
  static constexpr std::array<std::uint8_t, 2> offsets{0, 1};
  [[nodiscard]] static constexpr Hash fold(Hash hash) { return hash; }
};

// The same, and every key has one of two tags and one home per segment.
struct CollidingGeometry : TinyGeometry {
  [[nodiscard]] static constexpr Hash fold(Hash hash) {
    return Hash{(hash.value & 0x0001'0000'0000'0000U) | 0x0002'0000'0000'0000U};
  }
};

template <class Geometry = DefaultGeometry, class Hooks = NoHooks>
struct Bench {
  using Table = rc::table::Table<VectorItems, Geometry, Hooks>;

  explicit Bench(const Options& options) {
    auto made = Table::create(options, items, hasher);
    table = std::move(made).value();
  }
  [[nodiscard]] Hash hash(std::string_view key) const { return hasher(key); }
  Insertion insert(std::string_view key) { return table->insert(key, hash(key), items.add(key)); }
  Found find(std::string_view key) { return table->find(key, hash(key)); }
  Found peek(std::string_view key) { return table->peek(key, hash(key)); }

  VectorItems items;
  Hasher hasher{7};
  std::unique_ptr<Table> table;
};

}  // namespace rc::table::test
