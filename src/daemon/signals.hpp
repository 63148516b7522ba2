// Stop signals, taken by one thread that waits for them, so that no code of the daemon runs inside
// a signal handler.
// Thread: main.
#pragma once

namespace rc::daemon {

// Blocks SIGINT, SIGTERM and SIGUSR1 in this thread and in every thread it starts afterwards, and
// ignores SIGPIPE and SIGHUP. Before any other thread exists.
void block_signals();

// Returns when one of the blocked signals arrives.
void wait_for_stop_signal();

// From now on such a signal ends the process at once, with exit code 1.
void exit_at_next_signal();

}  // namespace rc::daemon
