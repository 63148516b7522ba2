// Where a client's requests come from: one thread's share of a load.
//
// Thread: one per source.
#pragma once

#include "common/random.hpp"
#include "common/trace.hpp"
#include "ringbench/popularity.hpp"
#include "ringbench/protocol.hpp"
#include "ringbench/value_sizes.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rc::bench {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Puts the next request's objects into `items`, and says what is to be done with them. False
  // when there is nothing left to ask, for ever.
  [[nodiscard]] virtual bool next(
      std::uint64_t elapsed_ns, Verb& verb, std::vector<Item>& items
  ) = 0;
};

// Every `stride`-th object from `first` on, once: filling, or reading what was filled.
class Pass final : public Source {
 public:
  Pass(
      Verb verb,
      const ValueSizes& sizes,
      std::uint64_t first,
      std::uint64_t end,
      std::uint64_t stride
  )
      : verb_(verb), sizes_(sizes), next_(first), end_(end), stride_(stride) {}

  [[nodiscard]] bool next(std::uint64_t elapsed_ns, Verb& verb, std::vector<Item>& items) override;

 private:
  Verb verb_;
  const ValueSizes& sizes_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::uint64_t stride_;
};

// Gets and sets of random keys.
struct Mix {
  const Popularity& popularity;
  const ValueSizes& sizes;
  double get_share = 0.9;
  std::size_t keys_per_get = 1;
};

class RandomMix final : public Source {
 public:
  RandomMix(const Mix& mix, std::uint64_t seed) : mix_(mix), random_(seed) {}

  [[nodiscard]] bool next(std::uint64_t elapsed_ns, Verb& verb, std::vector<Item>& items) override;

 private:
  Mix mix_;
  Random random_;
};

// A get for every `stride`-th request of a trace from `first` on.
class TraceReader final : public Source {
 public:
  // Objects whose size the trace does not know (it says 1) get one of `sizes`.
  TraceReader(const Trace& trace, const ValueSizes& sizes, std::size_t first, std::size_t stride)
      : trace_(trace), sizes_(sizes), next_(first), stride_(stride) {}

  [[nodiscard]] bool next(std::uint64_t elapsed_ns, Verb& verb, std::vector<Item>& items) override;

 private:
  const Trace& trace_;
  const ValueSizes& sizes_;
  std::size_t next_;
  std::size_t stride_;
};

}  // namespace rc::bench
