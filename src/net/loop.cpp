#include "net/loop.hpp"

#include "net/engine.hpp"

namespace rc::net {

Loop::Loop(
    const Options& options, Team& team, ring::Ring& ring, Sink& sink, stats::Counters& counters
)
    : engine_(std::make_unique<Engine>(options, team, ring, sink, counters)) {}

Loop::~Loop() = default;

void Loop::run() {
  while (engine_->turn(engine_->wait_ns())) {
  }
}

void Loop::request_stop(Stop how) {
  engine_->request_stop(how);
}

bool Loop::turn(Nanoseconds wait_ns) {
  return engine_->turn(wait_ns);
}

}  // namespace rc::net
