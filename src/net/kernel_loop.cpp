#include "net/kernel_loop.hpp"

#include <utility>

namespace rc::net {

KernelLoop::KernelLoop(
    std::unique_ptr<ring::KernelRing> ring,
    const Loop::Options& options,
    Team& team,
    Sink& sink,
    stats::Counters& counters
)
    : ring_(std::move(ring)), loop_(options, team, *ring_, sink, counters) {}

Result<std::unique_ptr<KernelLoop>> KernelLoop::create(
    const Loop::Options& options, Team& team, Sink& sink, stats::Counters& counters
) {
  auto ring = ring::KernelRing::create({});
  if (!ring.ok()) return ring.error();
  return std::unique_ptr<KernelLoop>(
      new KernelLoop(std::move(ring).value(), options, team, sink, counters)
  );
}

}  // namespace rc::net
