// The life of the daemon: check, open, drop privileges, start, say so, wait for a signal, drain.
// Thread: main.
#pragma once

#include "daemon/command_line.hpp"

namespace rc::daemon {

// Serves until told to stop. The process's exit code: 0 after a drain; one of sysexits.h with the
// reason on stderr if it could not start.
[[nodiscard]] int run(CommandLine line);

}  // namespace rc::daemon
