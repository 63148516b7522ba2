// The load that the options describe: what is asked, in which protocol.
//
// Thread: any; const after construction.
#pragma once

#include "common/trace.hpp"
#include "ringbench/crew.hpp"
#include "ringbench/options.hpp"
#include "ringbench/popularity.hpp"
#include "ringbench/protocol.hpp"
#include "ringbench/value_sizes.hpp"

#include "base/result.hpp"

#include <cstdint>
#include <memory>

namespace rc::bench {

class Load {
 public:
  // The error says which option is wrong, and how.
  [[nodiscard]] static Result<std::unique_ptr<Load>> make(const Options& options);

  [[nodiscard]] const Protocol& protocol() const { return *protocol_; }
  [[nodiscard]] bool is_trace() const { return !trace_.empty(); }
  // How many objects there are to ask for, as far as they are counted.
  [[nodiscard]] std::uint64_t keys() const { return options_.keys; }

  // One source per thread of `crew`: the measured load, or every key once. `seed` makes the
  // sequence of keys.
  using Sources = std::vector<std::unique_ptr<Source>>;
  [[nodiscard]] Sources sources(const Crew& crew, std::uint64_t seed) const;
  [[nodiscard]] Sources pass(const Crew& crew, Verb verb) const;
  // How many requests of a pass to send together: a quarter of a megabyte of values at most.
  [[nodiscard]] std::size_t pass_depth() const;

 private:
  Load(const Options& options, ValueSizes sizes) : options_(options), sizes_(std::move(sizes)) {}

  Options options_;
  ValueSizes sizes_;
  std::unique_ptr<Popularity> popularity_;
  std::unique_ptr<Protocol> protocol_;
  Trace trace_;
};

}  // namespace rc::bench
