#include "daemon/privileges.hpp"

#include <algorithm>
#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <sys/resource.h>

namespace rc::daemon {

namespace {

// Listeners, rings, event descriptors, the log, and a few for /proc: not connections.
constexpr rlim_t own_descriptors = 64;

}  // namespace

Result<Done> become(const std::string& user) {
  // getpwnam is not reentrant, but no other thread exists yet.
  const passwd* account = getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (account == nullptr) return Error{0, "there is no user `" + user + "` on this system"};
  if (geteuid() == account->pw_uid) return Done{};
  // Groups first: without root they can no longer be changed.
  if (setgroups(0, nullptr) != 0 || setgid(account->pw_gid) != 0 || setuid(account->pw_uid) != 0) {
    return system_error(errno, "cannot become user `" + user + "`");
  }
  return Done{};
}

std::uint32_t make_room_for_connections(std::uint32_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections;
  const rlim_t wanted = connections + own_descriptors;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return connections;
  const rlim_t fit = limit.rlim_cur > own_descriptors ? limit.rlim_cur - own_descriptors : 1;
  return static_cast<std::uint32_t>(fit);
}

}  // namespace rc::daemon
