// The size shift: does a cache full of items that nobody reads any more make room for new ones?
//
// Each step stores never-seen items of another size, 1.3 times the limit of them, and looks how
// much of the newest half limit is there; bytes are those of keys and values. Before the next step
// the cache is either left as it is, or everything in it is read again and again first, so that it
// has earned its place before everybody turns away from it.
// Thread: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rc::bench {

struct ShiftStep {
  std::string name;
  double newest_present = 0;  // part of the newest half limit of bytes
  std::uint64_t stored_items = 0;
  std::uint64_t refused_items = 0;
};

struct ShiftOptions {
  std::uint64_t limit_bytes = 0;
  bool read_before = false;
  std::uint64_t seed = 1;
};

[[nodiscard]] std::vector<ShiftStep> run_shift(const ShiftOptions& options);

}  // namespace rc::bench
