// Addresses as people type them, and as sockets want them.
//
// Forms: "127.0.0.1", "127.0.0.1:11211", "[::1]:11211", "[::1]", "::1", "*", "*:11211",
// "host.name:11211", "/run/ringcached/socket". A path is a Unix socket; everything else is TCP.
// Thread: startup only (names are looked up, which may block).
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

namespace rc::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  std::string text;  // "127.0.0.1:11211", "[::1]:11211", "/run/ringcached/socket"

  [[nodiscard]] bool is_unix() const { return storage.ss_family == AF_UNIX; }
};

// All addresses that `text` stands for: "*" is every IPv4 and IPv6 address, a name may have
// several. `port` serves where the text has none.
[[nodiscard]] Result<std::vector<Address>> resolve(std::string_view text, std::uint16_t port);

// The address of a Unix socket at `path`.
[[nodiscard]] Result<Address> unix_address(std::string_view path);

// "127.0.0.1:4711", "[::1]:4711", or for a Unix socket its path ("" where it has none).
[[nodiscard]] std::string address_text(const sockaddr_storage& storage, socklen_t bytes);

}  // namespace rc::net
