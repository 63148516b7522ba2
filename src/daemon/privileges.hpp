// Who the daemon runs as and how many descriptors it may open.
// Thread: start-up only.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace rc::daemon {

// Gives up root for good: group, supplementary groups, then user. Does nothing when the process
// already runs as `user`.
[[nodiscard]] Result<Done> become(const std::string& user);

// Raises the soft limit of open files so that `connections` fit beside the daemon's own files, as
// far as the hard limit allows, and returns how many connections do fit.
[[nodiscard]] std::uint32_t make_room_for_connections(std::uint32_t connections);

}  // namespace rc::daemon
