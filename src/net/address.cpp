#include "net/address.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace rc::net {

namespace {

struct HostPort {
  std::string host;  // empty for every address
  std::uint16_t port = 0;
};

Error unreadable(std::string_view text, std::string_view why) {
  return {
      .number = EINVAL,
      .message = "listen address '" + std::string(text) + "': " + std::string(why),
  };
}

// The host part ends at the last colon, unless there are several and no brackets: "::1" is a host.
Result<HostPort> split(std::string_view text, std::uint16_t port) {
  HostPort parts{.host = {}, .port = port};
  std::string_view host = text;
  std::optional<std::string_view> port_text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return unreadable(text, "the ']' is missing");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return unreadable(text, "':PORT' must follow the ']'");
    if (!rest.empty()) port_text = rest.substr(1);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
  }
  if (port_text) {
    const auto number = parse_number<std::uint16_t>(*port_text);
    if (!number) return unreadable(text, "the port must be a number from 0 to 65535");
    parts.port = *number;
  }
  if (host != "*") parts.host = host;
  if (host.empty()) return unreadable(text, "the host is missing; '*' stands for every address");
  return parts;
}

Address copy_of(const addrinfo& found) {
  Address address;
  address.bytes = found.ai_addrlen;
  std::memcpy(&address.storage, found.ai_addr, found.ai_addrlen);
  address.text = address_text(address.storage, address.bytes);
  return address;
}

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

Result<std::vector<Address>> resolve(std::string_view text, std::uint16_t port) {
  if (text.starts_with('/') || text.starts_with('.')) {
    Result<Address> path = unix_address(text);
    if (!path) return path.error();
    return std::vector<Address>{path.value()};
  }
  Result<HostPort> split_text = split(text, port);
  if (!split_text) return split_text.error();
  const HostPort parts = std::move(split_text).value();

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(
      parts.host.empty() ? nullptr : parts.host.c_str(),
      std::to_string(parts.port).c_str(),
      &hints,
      &list
  );
  if (failure != 0) return unreadable(text, ::gai_strerror(failure));
  const std::unique_ptr<addrinfo, FreeAddrinfo> owner(list);
  std::vector<Address> addresses;
  for (const addrinfo* found = list; found != nullptr; found = found->ai_next) {
    addresses.push_back(copy_of(*found));
  }
  return addresses;
}

Result<Address> unix_address(std::string_view path) {
  Address address;
  sockaddr_un target{};
  if (path.empty() || path.size() >= sizeof(target.sun_path)) {
    return Error{
        .number = ENAMETOOLONG,
        .message = "socket path '" + std::string(path) + "': must have 1 to " +
                   std::to_string(sizeof(target.sun_path) - 1) + " bytes",
    };
  }
  target.sun_family = AF_UNIX;
  std::memcpy(target.sun_path, path.data(), path.size());
  address.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  std::memcpy(&address.storage, &target, address.bytes);
  address.text = path;
  return address;
}

std::string address_text(const sockaddr_storage& storage, socklen_t bytes) {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
    return std::string(host) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  sockaddr_un local{};
  if (storage.ss_family != AF_UNIX || bytes <= offsetof(sockaddr_un, sun_path)) return {};
  std::memcpy(&local, &storage, std::min<std::size_t>(bytes, sizeof(local)));
  return {local.sun_path, ::strnlen(local.sun_path, sizeof(local.sun_path))};
}

}  // namespace rc::net
