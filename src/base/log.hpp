// The daemon's log: one line per event on stderr, which the service manager stamps with time and
// unit. Trouble is marked, as in "ringcached: error: listen 127.0.0.1:11211: ...". Nothing on the
// request path logs.
// Thread: any; a line is one write, so lines of several threads do not mix.
#pragma once

#include <string_view>

namespace rc {

enum class LogLevel { error, warning, notice, info, debug };

class Log {
 public:
  // Prints events of `threshold` and more important ones; notice is what an operator sees by
  // default, info is -v, debug is -vv.
  explicit Log(LogLevel threshold = LogLevel::notice) : threshold_(threshold) {}

  [[nodiscard]] bool enabled(LogLevel level) const { return level <= threshold_; }
  void write(LogLevel level, std::string_view message) const;

 private:
  LogLevel threshold_;
};

}  // namespace rc
