#include "base/log.hpp"

#include <string>
#include <unistd.h>

namespace rc {

namespace {

std::string_view prefix(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "ringcached: error: ";
    case LogLevel::warning:
      return "ringcached: warning: ";
    case LogLevel::notice:
    case LogLevel::info:
    case LogLevel::debug:
      break;
  }
  return "";
}

}  // namespace

void Log::write(LogLevel level, std::string_view message) const {
  if (!enabled(level)) return;
  std::string line(prefix(level));
  line += message;
  line += '\n';
  // A log that cannot be written is nothing we could report anywhere.
  const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(written);
}

}  // namespace rc
