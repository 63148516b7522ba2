#include "common/dial.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <string_view>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace rc::bench {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<int> connect_to(
    const std::string& address, int family, const sockaddr* name, socklen_t size
) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, name, size) == 0) return fd;
  const int error = errno;
  if (fd >= 0) close(fd);
  return system_error(error, "connect " + address);
}

Result<int> dial_path(const std::string& path) {
  sockaddr_un name{};
  if (path.size() >= sizeof name.sun_path) {
    return Error{.message = "connect " + path + ": the path is too long for a Unix socket"};
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  return connect_to(path, AF_UNIX, reinterpret_cast<const sockaddr*>(&name), sizeof name);
}

Result<AddressList> look_up(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return Error{.message = "`" + address + "` is neither HOST:PORT nor the path of a socket"};
  }
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) return Error{.message = "look up " + address + ": " + gai_strerror(failure)};
  return AddressList(found, &freeaddrinfo);
}

}  // namespace

Result<int> dial(const std::string& address) {
  if (address.find('/') != std::string::npos) return dial_path(address);
  Result<AddressList> list = look_up(address);
  if (!list) return list.error();
  Result<int> result = Error{.message = "look up " + address + ": no address"};
  for (const addrinfo* each = list.value().get(); each != nullptr; each = each->ai_next) {
    result = connect_to(address, each->ai_family, each->ai_addr, each->ai_addrlen);
    if (result) break;
  }
  if (!result) return result;
  const int on = 1;
  setsockopt(result.value(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return result;
}

}  // namespace rc::bench
