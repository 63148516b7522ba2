// memcached's extended options, the words behind -o: which there are, what each expects, and which
// of them mean something here. Most steer a part that only memcached has; they are understood and
// change nothing, so that a command line written for memcached starts this server too.
// Thread: start-up only.
#pragma once

#include "base/result.hpp"
#include "daemon/command_line.hpp"

#include <string_view>

namespace rc::daemon {

// Applies one word, "name" or "name=value". What has no effect is added to line.notices.
[[nodiscard]] Result<Done> apply_extended(std::string_view word, CommandLine& line);

}  // namespace rc::daemon
