// A Loop on an io_uring of its own: what a worker thread makes first and destroys last. It spares
// the layer above from knowing rings.
// Thread: create, run and destroy it on the worker's own thread.
#pragma once

#include "base/result.hpp"
#include "net/loop.hpp"
#include "ring/kernel_ring.hpp"

#include <memory>
#include <string>

namespace rc::net {

class KernelLoop {
 public:
  // The error says why io_uring is not to be had here and what would allow it.
  [[nodiscard]] static Result<std::unique_ptr<KernelLoop>> create(
      const Loop::Options& options, Team& team, Sink& sink, stats::Counters& counters
  );

  [[nodiscard]] Loop& loop() { return loop_; }

  // Which kernel features are in use, for the line a server prints when it is ready.
  [[nodiscard]] std::string description() const { return ring_->description(); }

 private:
  KernelLoop(
      std::unique_ptr<ring::KernelRing> ring,
      const Loop::Options& options,
      Team& team,
      Sink& sink,
      stats::Counters& counters
  );

  std::unique_ptr<ring::KernelRing> ring_;
  Loop loop_;
};

}  // namespace rc::net
