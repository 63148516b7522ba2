// A listening socket. Opened by main before privileges are dropped, owned by the Team.
//
// TCP: SO_REUSEADDR, IPV6_V6ONLY, and NODELAY and KEEPALIVE set on the listener, which accepted
// sockets inherit. Unix: the socket file gets the mode asked for; a file left behind by a dead
// server is replaced, one that somebody listens on is an error.
// Thread: startup only.
#pragma once

#include "base/result.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rc::net {

struct ListenOptions {
  std::uint32_t backlog = 1024;
  std::uint32_t unix_mode = 0700;
};

class Listener {
 public:
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // An address in use is tried again for a second: its last user may be about to vanish.
  [[nodiscard]] static Result<Listener> open(const Address& address, const ListenOptions& options);

  // Takes over a socket that listens already (socket activation, tests).
  [[nodiscard]] static Listener adopt(int fd);

  // Stops listening and removes the file of a Unix socket. Nothing if closed already.
  void close();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_unix() const { return is_unix_; }
  // The address bound, with the port the system chose where 0 was asked for.
  [[nodiscard]] const std::string& text() const { return text_; }
  // 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Listener() = default;
  [[nodiscard]] static Result<Listener> open_once(
      const Address& address, const ListenOptions& options
  );
  void learn_name();

  int fd_ = -1;
  bool is_unix_ = false;
  bool owns_file_ = false;
  std::uint16_t port_ = 0;
  std::string text_;
};

// Opens every address of every entry of `listen` (see address.hpp), and `unix_socket` if it is not
// empty. An entry of several addresses fails only if none of them can be opened, so that "*" works
// where IPv6 is off.
[[nodiscard]] Result<std::vector<Listener>> open_listeners(
    const std::vector<std::string>& listen,
    std::uint16_t port,
    std::string_view unix_socket,
    const ListenOptions& options
);

}  // namespace rc::net
