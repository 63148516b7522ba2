// A server under test, as the command line names it: NAME,ADDRESS[,PID].
//
// Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace rc::bench {

struct Target {
  std::string name;
  std::string address;  // Numeric, "127.0.0.1:11211".
  pid_t pid = 0;        // 0: not known, so its CPU time is not reported.
};

// Nothing when the text is not of that form.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

}  // namespace rc::bench
