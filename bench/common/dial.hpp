// Connecting to a server, the blocking way: it happens before anything is measured.
//
// Thread: any.
#pragma once

#include "base/result.hpp"

#include <string>

namespace rc::bench {

// A connected stream socket, with TCP_NODELAY where there is TCP: without it the last piece of a
// large request would wait for the peer's delayed acknowledgement. `address` is "host:port",
// "[v6]:port", or the path of a Unix socket, which has a slash. The caller closes the socket.
[[nodiscard]] Result<int> dial(const std::string& address);

}  // namespace rc::bench
