// The replies of `stats`, in memcached's words, because every dashboard in the world reads those.
//
// The general reply keeps memcached's keys and their order, with 0 where a key names a part that
// this server does not have, and stays below 4096 bytes: collectd reads it into a buffer of that
// size. What memcached has no word for stands under `stats ringcached`.
// Thread: any.
#pragma once

#include "base/clock.hpp"
#include "server/node.hpp"

#include <string>
#include <string_view>

namespace rc::server {

// The whole reply with its END, for a topic of: "" settings items slabs sizes conns ringcached.
// Empty if there is no such topic.
[[nodiscard]] std::string stats_text(std::string_view topic, const Node& node, UnixSeconds now);

}  // namespace rc::server
