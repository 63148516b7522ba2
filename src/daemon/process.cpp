#include "daemon/process.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <utility>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace rc::daemon {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Written beside its place and renamed, so that nobody reads half of it.
Result<Done> write_whole_file(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(beside.c_str(), "we"));
  if (file == nullptr) return system_error(errno, "cannot write `" + path + "`");
  const bool written = std::fputs(text.c_str(), file.get()) >= 0;
  if (!written || std::fclose(file.release()) != 0 || std::rename(beside.c_str(), path.c_str())) {
    return system_error(errno, "cannot write `" + path + "`");
  }
  return Done{};
}

// The parent's part: never returns.
[[noreturn]] void wait_until_served(int child_fd, pid_t child) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(child_fd, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 1) std::_Exit(EXIT_SUCCESS);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

}  // namespace

Result<Background> Background::enter() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(errno, "cannot go to the background");
  const pid_t child = ::fork();
  if (child < 0) return system_error(errno, "cannot go to the background");
  if (child > 0) {
    ::close(ends[1]);
    wait_until_served(ends[0], child);
  }
  ::close(ends[0]);
  // Cannot fail: a child that was just forked leads no process group.
  static_cast<void>(::setsid());
  return Background(ends[1]);
}

void Background::serves(bool keep_output) {
  // Only now: paths of the command line are relative to where it was typed.
  static_cast<void>(!::chdir("/"));
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing >= 0) {
    ::dup2(nothing, STDIN_FILENO);
    if (!keep_output) {
      ::dup2(nothing, STDOUT_FILENO);
      ::dup2(nothing, STDERR_FILENO);
    }
    ::close(nothing);
  }
  // A parent that was killed meanwhile needs no answer.
  static_cast<void>(!::write(parent_fd_, "1", 1));
  ::close(parent_fd_);
}

Result<PidFile> PidFile::write(const std::string& path) {
  auto written = write_whole_file(path, std::to_string(::getpid()) + "\n");
  if (!written) return written.error();
  // Absolute, because the current directory is about to change.
  const std::unique_ptr<char, decltype(&std::free)> whole(
      ::realpath(path.c_str(), nullptr), &std::free
  );
  return PidFile(whole != nullptr ? whole.get() : path);
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PidFile::~PidFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<Done> allow_core_dumps() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur != 0) return Done{};
  }
  return Error{0, "core files are forbidden by the hard limit (RLIMIT_CORE); raise it or drop -r"};
}

Result<Done> lock_memory() {
  // Future mappings are left alone: their whole length would count against the limit at once.
  if (::mlockall(MCL_CURRENT | MCL_ONFAULT) == 0) return Done{};
  return system_error(errno, "cannot lock memory (see RLIMIT_MEMLOCK)");
}

Result<Done> write_port_file(const std::vector<server::Endpoint>& endpoints) {
  const char* const path = std::getenv("MEMCACHED_PORT_FILENAME");  // NOLINT(concurrency-mt-unsafe)
  if (path == nullptr) return Done{};
  std::string text;
  for (const server::Endpoint& endpoint : endpoints) {
    if (endpoint.is_unix) continue;
    const bool is_v6 = !endpoint.address.empty() && endpoint.address.front() == '[';
    text += endpoint.is_udp ? "UDP " : "TCP ";
    text += is_v6 ? "INET6: " : "INET: ";
    text += std::to_string(endpoint.port) + "\n";
  }
  return write_whole_file(path, text);
}

}  // namespace rc::daemon
