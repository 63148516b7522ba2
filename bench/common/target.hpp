// A server under test, as the command line names it: [NAME=]ADDRESS[,PID].
//
// Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace rc::bench {

struct Target {
  std::string name;     // As reports call it; the address where none is given.
  std::string address;  // As dial() takes it.
  pid_t pid = 0;        // 0: not named.
};

// Nothing when the text is not of that form.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

}  // namespace rc::bench
