// How large the values are. A key's size is derived from its number, so that every set of a key
// stores as much as the last one, and the sizes over all keys have the wanted distribution.
//
// Thread: any; const after construction.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rc::bench {

class ValueSizes {
 public:
  // "100"; "64-1024", all alike; "100:9,1k-4k:1", weighted; or a preset out of Atikoglu, Xu,
  // Frachtenberg, Jiang and Paleczny, "Workload Analysis of a Large-Scale Key-Value Store",
  // SIGMETRICS 2012: "etc", Facebook's general pool (table 5 up to 14 bytes, a generalized Pareto
  // distribution from 15 on), and "usr", its pool of 2-byte account states.
  [[nodiscard]] static Result<ValueSizes> parse(std::string_view text);

  [[nodiscard]] std::uint32_t of(std::uint64_t object) const;

 private:
  struct Band {
    double weight_up_to;  // Of all bands up to and with this one.
    std::uint32_t least;
    std::uint32_t most;
    bool is_pareto = false;
  };

  [[nodiscard]] static ValueSizes etc();
  // False when `text` is no band.
  [[nodiscard]] bool add_band(std::string_view text);
  void add(double weight, Band band);

  std::vector<Band> bands_;
};

}  // namespace rc::bench
