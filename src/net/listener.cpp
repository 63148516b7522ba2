#include "net/listener.hpp"

#include "base/assert.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <unistd.h>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace rc::net {

namespace {

// The kernel takes rings apart in the background, and the sockets they use with them: the listener
// of a server that was killed is there for some milliseconds after the process is gone. Whoever
// restarts a server at once should not have to know.
constexpr int tries_max = 50;
constexpr std::chrono::milliseconds pause_between_tries{20};

Error listen_error(int number, const std::string& where) {
  return system_error(number, "listen " + where);
}

void switch_on(int fd, int level, int option) {
  const int on = 1;
  // Best effort: each of them exists wherever we run, and none is worth failing for.
  static_cast<void>(::setsockopt(fd, level, option, &on, sizeof(on)));
}

void configure_tcp(int fd, sa_family_t family) {
  switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
  // Accepted sockets inherit these two, which spares two calls per connection.
  switch_on(fd, SOL_SOCKET, SO_KEEPALIVE);
  switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
  // IPv4 has listeners of its own; without this "*" would clash with itself.
  if (family == AF_INET6) switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
}

const sockaddr* generic(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr*>(&storage);
}

// Whether somebody answers on the Unix socket.
bool is_alive(const Address& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return true;
  const bool connected = ::connect(probe, generic(address.storage), address.bytes) == 0;
  // EAGAIN: somebody listens whose backlog is full.
  const bool alive = connected || errno != ECONNREFUSED;
  ::close(probe);
  return alive;
}

// Removes the socket file of a server that is gone. Anything else at the path is an error.
std::optional<Error> clear_path(const Address& address) {
  struct stat found {};
  if (::lstat(address.text.c_str(), &found) != 0) return std::nullopt;
  if (!S_ISSOCK(found.st_mode)) {
    Error error = listen_error(EEXIST, address.text);
    error.message += " and is not a socket; remove it or choose another path";
    return error;
  }
  if (is_alive(address)) return listen_error(EADDRINUSE, address.text);
  if (::unlink(address.text.c_str()) != 0) return listen_error(errno, address.text);
  return std::nullopt;
}

// The mode is set through the umask of bind, so that there is no moment at which the file is open
// to more people than it should be.
int bind_with_mode(int fd, const Address& address, std::uint32_t mode) {
  const mode_t before = ::umask(static_cast<mode_t>(~mode & 0777));
  const int bound = ::bind(fd, generic(address.storage), address.bytes);
  const int number = errno;
  ::umask(before);
  errno = number;
  return bound;
}

}  // namespace

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      is_unix_(other.is_unix_),
      owns_file_(std::exchange(other.owns_file_, false)),
      port_(other.port_),
      text_(std::move(other.text_)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  is_unix_ = other.is_unix_;
  owns_file_ = std::exchange(other.owns_file_, false);
  port_ = other.port_;
  text_ = std::move(other.text_);
  return *this;
}

Listener::~Listener() {
  close();
}

void Listener::close() {
  // The file first: whoever starts next must not find a file that nobody serves.
  if (owns_file_) ::unlink(text_.c_str());
  owns_file_ = false;
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Listener> Listener::open(const Address& address, const ListenOptions& options) {
  for (int tries = tries_max; tries > 1; --tries) {
    Result<Listener> listener = open_once(address, options);
    if (listener || listener.error().number != EADDRINUSE) return listener;
    std::this_thread::sleep_for(pause_between_tries);
  }
  return open_once(address, options);
}

Result<Listener> Listener::open_once(const Address& address, const ListenOptions& options) {
  Listener listener;
  listener.is_unix_ = address.is_unix();
  listener.text_ = address.text;
  if (listener.is_unix_) {
    if (std::optional<Error> error = clear_path(address)) return std::move(*error);
  }
  listener.fd_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener.fd_ < 0) return listen_error(errno, address.text);
  if (!listener.is_unix_) configure_tcp(listener.fd_, address.storage.ss_family);
  const int bound = listener.is_unix_
                        ? bind_with_mode(listener.fd_, address, options.unix_mode)
                        : ::bind(listener.fd_, generic(address.storage), address.bytes);
  if (bound != 0) return listen_error(errno, address.text);
  listener.owns_file_ = listener.is_unix_;
  if (::listen(listener.fd_, static_cast<int>(options.backlog)) != 0) {
    return listen_error(errno, address.text);
  }
  listener.learn_name();
  return listener;
}

Listener Listener::adopt(int fd) {
  Listener listener;
  listener.fd_ = fd;
  listener.learn_name();
  return listener;
}

void Listener::learn_name() {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof(storage);
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return;
  is_unix_ = storage.ss_family == AF_UNIX;
  text_ = address_text(storage, bytes);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  std::memcpy(&v4, &storage, sizeof(v4));
  std::memcpy(&v6, &storage, sizeof(v6));
  if (storage.ss_family == AF_INET) port_ = ntohs(v4.sin_port);
  if (storage.ss_family == AF_INET6) port_ = ntohs(v6.sin6_port);
}

namespace {

// Opens what can be opened; the first error if nothing can.
Result<Done> open_any(
    const std::vector<Address>& addresses,
    const ListenOptions& options,
    std::vector<Listener>& listeners
) {
  std::optional<Error> first_error;
  std::size_t opened = 0;
  for (const Address& address : addresses) {
    Result<Listener> listener = Listener::open(address, options);
    if (listener) {
      listeners.push_back(std::move(listener).value());
      ++opened;
      continue;
    }
    // A port that is taken is never passed over: half a server is a trap.
    const bool taken = listener.error().number == EADDRINUSE;
    if (taken || !first_error) first_error = listener.error();
    if (taken) return *first_error;
  }
  if (opened == 0 && first_error) return *first_error;
  return Done{};
}

}  // namespace

Result<std::vector<Listener>> open_listeners(
    const std::vector<std::string>& listen,
    std::uint16_t port,
    std::string_view unix_socket,
    const ListenOptions& options
) {
  std::vector<Listener> listeners;
  for (const std::string& text : listen) {
    Result<std::vector<Address>> addresses = resolve(text, port);
    if (!addresses) return addresses.error();
    const Result<Done> opened = open_any(addresses.value(), options, listeners);
    if (!opened) return opened.error();
  }
  if (unix_socket.empty()) return listeners;
  Result<Address> address = unix_address(unix_socket);
  if (!address) return address.error();
  Result<Listener> listener = Listener::open(address.value(), options);
  if (!listener) return listener.error();
  listeners.push_back(std::move(listener).value());
  return listeners;
}

}  // namespace rc::net
