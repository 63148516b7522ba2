#include "ringbench/load.hpp"

#include "base/bytes.hpp"

#include <algorithm>

namespace rc::bench {

Result<std::unique_ptr<Load>> Load::make(const Options& options) {
  auto sizes = ValueSizes::parse(options.value_sizes);
  if (!sizes) return Error{.message = "--value-size " + sizes.error().message};
  std::unique_ptr<Load> load(new Load(options, std::move(sizes).value()));

  auto popularity = make_popularity(options.popularity, options.keys);
  if (!popularity) return Error{.message = "--popularity " + popularity.error().message};
  load->popularity_ = std::move(popularity).value();

  load->protocol_ = make_protocol(options.protocol, options.key_prefix, options.ttl_s);
  if (load->protocol_ == nullptr) {
    return Error{.message = "--protocol `" + options.protocol + "`: known are " + protocol_names};
  }
  if (options.trace.empty()) return load;
  auto trace = read_trace(options.trace, options.requests);
  if (!trace) return Error{.message = "--trace " + options.trace + ": " + trace.error().message};
  load->trace_ = std::move(trace).value();
  return load;
}

Load::Sources Load::sources(const Crew& crew, std::uint64_t seed) const {
  return crew.sources([&](std::size_t thread) -> std::unique_ptr<Source> {
    if (is_trace()) return std::make_unique<TraceReader>(trace_, sizes_, thread, crew.threads());
    const Mix mix{
        .popularity = *popularity_,
        .sizes = sizes_,
        .get_share = options_.get_share,
        .keys_per_get = options_.keys_per_get,
    };
    return std::make_unique<RandomMix>(mix, Random::mixed(seed) + thread);
  });
}

Load::Sources Load::pass(const Crew& crew, Verb verb) const {
  return crew.sources([&](std::size_t thread) {
    return std::make_unique<Pass>(verb, sizes_, thread, options_.keys, crew.threads());
  });
}

std::size_t Load::pass_depth() const {
  constexpr std::uint64_t sample = 64;
  constexpr std::uint64_t depth_max = 32;
  std::uint64_t bytes = 0;
  for (std::uint64_t object = 0; object < sample; ++object) bytes += sizes_.of(object);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(
      256 * kib * sample / std::max<std::uint64_t>(bytes, 1), 1, depth_max
  ));
}

}  // namespace rc::bench
