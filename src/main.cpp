// ringcached: reads the command line and does what it asks for.
#include "base/log.hpp"
#include "base/version.hpp"
#include "daemon/command_line.hpp"
#include "daemon/daemon.hpp"

#include <cstdio>
#include <cstdlib>

#include <sysexits.h>

int main(int argc, char** argv) {
  auto parsed = rc::daemon::parse_command_line(argc, argv, rc::daemon::this_machine());
  if (!parsed.ok()) {
    rc::Log().write(rc::LogLevel::error, parsed.error().message);
    return EX_USAGE;
  }
  const rc::daemon::CommandLine& line = parsed.value();
  switch (line.action) {
    case rc::daemon::Action::print_help:
      std::fputs(rc::daemon::help_text(line).c_str(), stdout);
      return EXIT_SUCCESS;
    case rc::daemon::Action::print_version:
      std::printf("%s %s\n", line.as_memcached ? "memcached" : "ringcached", rc::version.data());
      return EXIT_SUCCESS;
    case rc::daemon::Action::print_license:
      std::fputs(rc::daemon::license_text(line).c_str(), stdout);
      return EXIT_SUCCESS;
    case rc::daemon::Action::serve:
      break;
  }
  return rc::daemon::run(line);
}
