#include "daemon/daemon.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/version.hpp"
#include "daemon/privileges.hpp"
#include "daemon/process.hpp"
#include "daemon/signals.hpp"
#include "server/server.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <unistd.h>

#include <sysexits.h>

namespace rc::daemon {

namespace {

LogLevel threshold(std::uint32_t verbosity) {
  if (verbosity == 0) return LogLevel::notice;
  return verbosity == 1 ? LogLevel::info : LogLevel::debug;
}

int fail(const Log& log, const Error& error, int exit_code) {
  log.write(LogLevel::error, error.message);
  return exit_code;
}

void fit_connections(server::Settings& settings, const Log& log) {
  const std::uint32_t fit = make_room_for_connections(settings.connections_max);
  if (fit == settings.connections_max) return;
  log.write(
      LogLevel::notice,
      "the limit of open files (RLIMIT_NOFILE) allows " + std::to_string(fit) +
          " connections, not " + std::to_string(settings.connections_max)
  );
  settings.connections_max = fit;
}

std::string ready_line(const server::Server& server, Nanoseconds started_ns) {
  const Nanoseconds taken_ms = (read_clocks().monotonic_ns - started_ns) / 1'000'000;
  return "ringcached " + std::string(version) + " ready: " + server.description() + ", " +
         allocator_name() + ", pid " + std::to_string(getpid()) + " in " +
         std::to_string(taken_ms) + " ms";
}

// What needs the rights the process was started with, once the sockets are open.
int use_privileges(const CommandLine& line, const server::Server& server, const Log& log) {
  if (line.process.lock_memory) {
    auto locked = lock_memory();
    if (!locked) log.write(LogLevel::warning, locked.error().message);
  }
  auto ports = write_port_file(server.endpoints());
  if (!ports) return fail(log, ports.error(), EXIT_FAILURE);
  if (line.settings.user.empty()) return EXIT_SUCCESS;
  auto changed = become(line.settings.user);
  if (!changed) return fail(log, changed.error(), EX_NOUSER);
  return EXIT_SUCCESS;
}

void serve_until_stopped(server::Server& server, const Log& log) {
  wait_for_stop_signal();
  log.write(LogLevel::notice, "draining; another signal stops at once");
  exit_at_next_signal();
  server.drain();
  log.write(LogLevel::notice, "stopped");
}

// From the sockets to the end. `background` is where to tell that it serves.
int serve(const CommandLine& line, std::optional<Background> background, const Log& log) {
  const Nanoseconds started_ns = read_clocks().monotonic_ns;
  auto opened = server::Server::open(line.settings);
  if (!opened) return fail(log, opened.error(), EXIT_FAILURE);
  server::Server& server = *opened.value();

  std::optional<PidFile> pid_file;
  if (!line.process.pid_file.empty()) {
    auto written = PidFile::write(line.process.pid_file);
    if (!written) return fail(log, written.error(), EXIT_FAILURE);
    pid_file.emplace(std::move(written).value());
  }
  const int refused = use_privileges(line, server, log);
  if (refused != EXIT_SUCCESS) return refused;
  auto started = server.start();
  if (!started) return fail(log, started.error(), EX_OSERR);

  log.write(LogLevel::notice, ready_line(server, started_ns));
  if (background) background->serves(line.settings.verbosity > 0);
  serve_until_stopped(server, log);
  return EXIT_SUCCESS;
}

}  // namespace

int run(CommandLine line) {
  const Log log(threshold(line.settings.verbosity));
  if (line.as_memcached && geteuid() == 0 && line.settings.user.empty()) {
    return fail(log, {0, "to run as root, say so with `-u root`, or name another user"}, EX_USAGE);
  }
  for (const std::string& notice : line.notices) log.write(LogLevel::info, notice);
  if (line.process.core_dumps) {
    auto allowed = allow_core_dumps();
    if (!allowed) return fail(log, allowed.error(), EX_OSERR);
  }
  fit_connections(line.settings, log);

  // Before any thread exists: they stay behind in the parent, and inherit the blocked signals.
  std::optional<Background> background;
  if (line.process.detach) {
    auto entered = Background::enter();
    if (!entered) return fail(log, entered.error(), EX_OSERR);
    background.emplace(std::move(entered).value());
  }
  block_signals();
  return serve(line, std::move(background), log);
}

}  // namespace rc::daemon
