// The command line: options in, Settings out. Both names of the program take the same options
// (option_table.hpp), memcached's own among them.
//
// Called as `memcached`, the defaults are memcached's (64 MiB, 4 threads, 1024 connections, all
// addresses); called as `ringcached` they are sized to the machine and only loopback is served.
// Everything that can be checked without touching the system is checked here.
// Thread: start-up only.
#pragma once

#include "base/result.hpp"
#include "server/settings.hpp"

#include <string>
#include <vector>

namespace rc::daemon {

enum class Action : std::uint8_t { serve, print_help, print_version, print_license };

// What concerns the process and not what it serves.
struct ProcessOptions {
  bool detach = false;       // go to the background
  bool core_dumps = false;   // of any size
  bool lock_memory = false;  // out of swap
  std::string pid_file;      // empty for none
};

struct CommandLine {
  Action action = Action::serve;
  bool as_memcached = false;
  server::Settings settings;
  ProcessOptions process;
  // Options that were understood and change nothing, a line each.
  std::vector<std::string> notices;
};

// What the defaults depend on.
struct Machine {
  std::uint32_t cores = 1;
  std::uint64_t memory_bytes = gib;
};
[[nodiscard]] Machine this_machine();

// The error's message is complete: what is wrong, where, and what would be right.
[[nodiscard]] Result<CommandLine> parse_command_line(
    int argc, char* const* argv, const Machine& machine
);

// The text of --help; fits a screen.
[[nodiscard]] std::string help_text(const CommandLine& line);
// The text of --license.
[[nodiscard]] std::string license_text(const CommandLine& line);

}  // namespace rc::daemon
