// `stats` in both protocols, but for the two kinds that go over all items (dump.hpp).
// Thread: the owning worker, inside a turn.
#pragma once

#include "net/sink.hpp"
#include "proto/request.hpp"
#include "server/context.hpp"

namespace rc::server {

// Requires: request.op is stats, and it is no order for a dump.
void execute_stats(const proto::Request& request, Context& context, net::Output& out);

}  // namespace rc::server
