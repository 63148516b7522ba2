#include "ringbench/source.hpp"

namespace rc::bench {

bool Pass::next(std::uint64_t /*elapsed_ns*/, Verb& verb, std::vector<Item>& items) {
  if (next_ >= end_) return false;
  verb = verb_;
  items.push_back({.object = next_, .size_bytes = sizes_.of(next_)});
  next_ += stride_;
  return true;
}

bool RandomMix::next(std::uint64_t elapsed_ns, Verb& verb, std::vector<Item>& items) {
  verb = Random::unit(random_()) < mix_.get_share ? Verb::get : Verb::set;
  const std::size_t keys = verb == Verb::get ? mix_.keys_per_get : 1;
  for (std::size_t added = 0; added < keys; ++added) {
    const std::uint64_t object = mix_.popularity.draw(random_(), elapsed_ns);
    items.push_back({.object = object, .size_bytes = mix_.sizes.of(object)});
  }
  return true;
}

bool TraceReader::next(std::uint64_t /*elapsed_ns*/, Verb& verb, std::vector<Item>& items) {
  if (next_ >= trace_.size()) return false;
  const TraceRequest& request = trace_[next_];
  next_ += stride_;
  verb = Verb::get;
  constexpr std::uint32_t unknown = 1;
  const std::uint32_t size =
      request.size_bytes == unknown ? sizes_.of(request.object) : request.size_bytes;
  items.push_back({.object = request.object, .size_bytes = size});
  return true;
}

}  // namespace rc::bench
