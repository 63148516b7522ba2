#include "ring/refusal.hpp"

#include "base/bytes.hpp"
#include "base/numbers.hpp"

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/utsname.h>

namespace rc::ring {

namespace {

std::optional<int> read_disabled() {
  std::FILE* file = std::fopen("/proc/sys/kernel/io_uring_disabled", "re");
  if (file == nullptr) return std::nullopt;
  char text[16] = {};
  const std::size_t length = std::fread(text, 1, sizeof(text), file);
  std::fclose(file);
  std::string_view digits(text, length);
  while (!digits.empty() && digits.back() == '\n') digits.remove_suffix(1);
  return parse_number<int>(digits);
}

bool exists(const char* path) {
  return ::access(path, F_OK) == 0;
}

// "6.18" of "6.18.44-something".
std::string kernel_version() {
  utsname names{};
  if (::uname(&names) != 0) return "(unknown)";
  const std::string_view release = names.release;
  const std::size_t first = release.find('.');
  if (first == std::string_view::npos) return std::string(release);
  return std::string(release.substr(0, release.find_first_not_of("0123456789", first + 1)));
}

std::string explain_forbidden(const Surroundings& surroundings) {
  if (surroundings.disabled.value_or(0) != 0) {
    std::string text = "/proc/sys/kernel/io_uring_disabled is ";
    text += std::to_string(*surroundings.disabled);
    return text + "; allow it with: sysctl -w kernel.io_uring_disabled=0";
  }
  std::string text = surroundings.disabled ? "/proc/sys/kernel/io_uring_disabled is 0, so " : "";
  text += "a seccomp filter forbids it";
  text += surroundings.is_container ? " in this container" : " here";
  return text +
         "; allow io_uring_setup, io_uring_enter and io_uring_register in the profile (Docker: "
         "--security-opt seccomp=PROFILE, or seccomp=unconfined; systemd: "
         "SystemCallFilter=@system-service allows them)";
}

}  // namespace

Surroundings look_around() {
  Surroundings seen;
  seen.disabled = read_disabled();
  seen.is_container = exists("/.dockerenv") || exists("/run/.containerenv");
  seen.kernel = kernel_version();
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) seen.memlock_bytes = limit.rlim_cur;
  return seen;
}

Error explain_refusal(int number, const Surroundings& surroundings) {
  Error error = system_error(number, "io_uring_setup");
  error.message += ": ";
  switch (number) {
    case EPERM:
    case EACCES:
      error.message += explain_forbidden(surroundings);
      break;
    case ENOSYS:
      error.message += "Linux " + surroundings.kernel +
                       " was built without io_uring or a container runtime hides it; Linux 6.1 or "
                       "newer with CONFIG_IO_URING is needed";
      break;
    case EINVAL:
      error.message += "Linux " + surroundings.kernel + " is too old; 6.1 or newer is needed";
      break;
    case ENOMEM:
      error.message += "the ring counts against RLIMIT_MEMLOCK, which is " +
                       format_size(surroundings.memlock_bytes) +
                       "; raise it (systemd: LimitMEMLOCK=infinity, shell: ulimit -l unlimited)";
      break;
    default:
      error.message += "on Linux " + surroundings.kernel;
  }
  return error;
}

}  // namespace rc::ring
