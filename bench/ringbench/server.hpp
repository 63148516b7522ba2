// The server that is measured, before anything is.
//
// Thread: startup only.
#pragma once

#include "ringbench/options.hpp"
#include "ringbench/protocol.hpp"
#include "ringbench/server_process.hpp"

#include "base/result.hpp"

#include <string>

namespace rc::bench {

struct Server {
  std::string name;  // As the reports call it.
  std::string address;
  std::string version;  // As it says itself.
  ServerProcess process{0};
};

// Connects, asks for the version and looks for the process. The error says what to do where nobody
// answers.
[[nodiscard]] Result<Server> meet(const Target& target, const Protocol& protocol);

}  // namespace rc::bench
