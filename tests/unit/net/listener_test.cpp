#include "net/listener.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace rc::net {
namespace {

// A directory of its own for sockets, gone with the test.
class Directory {
 public:
  Directory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Directory() {
    ::unlink(socket().c_str());
    ::rmdir(path_.c_str());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string socket() const { return path_ + "/socket"; }

 private:
  std::string path_ = "/tmp/rc_listener_test.XXXXXX";
};

Result<std::vector<Listener>> open_unix(const std::string& path, std::uint32_t mode = 0700) {
  return open_listeners({}, 0, path, {.unix_mode = mode});
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t bytes = sizeof(value);
  ::getsockopt(fd, level, name, &value, &bytes);
  return value;
}

TEST_SUITE("net") {
  TEST_CASE("a TCP listener has the options that its connections inherit") {
    auto listeners = open_listeners({"127.0.0.1:0", "[::1]:0"}, 0, "", {});
    REQUIRE(listeners.ok());
    REQUIRE(listeners.value().size() == 2);
    for (const Listener& listener : listeners.value()) {
      CHECK(option(listener.fd(), IPPROTO_TCP, TCP_NODELAY) != 0);
      CHECK(option(listener.fd(), SOL_SOCKET, SO_KEEPALIVE) != 0);
      CHECK(option(listener.fd(), SOL_SOCKET, SO_REUSEADDR) != 0);
      CHECK(option(listener.fd(), SOL_SOCKET, SO_ACCEPTCONN) != 0);
      CHECK(listener.port() != 0);
    }
    CHECK(option(listeners.value()[1].fd(), IPPROTO_IPV6, IPV6_V6ONLY) != 0);
  }

  TEST_CASE("a port that is taken is an error that names it") {
    auto first = open_listeners({"127.0.0.1:0"}, 0, "", {});
    REQUIRE(first.ok());
    const std::string text = first.value()[0].text();
    const auto second = open_listeners({text}, 0, "", {});
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().number == EADDRINUSE);
    CHECK(second.error().message == "listen " + text + ": Address already in use");
  }

  TEST_CASE("a Unix socket has the mode asked for") {
    const Directory directory;
    for (const std::uint32_t mode : {0700U, 0660U, 0777U}) {
      auto listeners = open_unix(directory.socket(), mode);
      REQUIRE(listeners.ok());
      struct stat found {};
      REQUIRE(::stat(directory.socket().c_str(), &found) == 0);
      CHECK((found.st_mode & 0777) == mode);
    }
  }

  TEST_CASE("a Unix socket's file goes with its listener") {
    const Directory directory;
    {
      auto listeners = open_unix(directory.socket());
      REQUIRE(listeners.ok());
      CHECK(::access(directory.socket().c_str(), F_OK) == 0);
    }
    CHECK(::access(directory.socket().c_str(), F_OK) != 0);
  }

  TEST_CASE("a socket file that nobody serves is replaced") {
    const Directory directory;
    auto address = unix_address(directory.socket());
    REQUIRE(address.ok());
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const auto* target = reinterpret_cast<const sockaddr*>(&address.value().storage);
    REQUIRE(::bind(dead, target, address.value().bytes) == 0);
    ::close(dead);
    CHECK(open_unix(directory.socket()).ok());
  }

  TEST_CASE("a socket file that somebody serves is left alone") {
    const Directory directory;
    auto first = open_unix(directory.socket());
    REQUIRE(first.ok());
    const auto second = open_unix(directory.socket());
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().number == EADDRINUSE);
    CHECK(::access(directory.socket().c_str(), F_OK) == 0);
  }

  TEST_CASE("a file that is no socket is never removed") {
    const Directory directory;
    std::ofstream(directory.socket()) << "precious";
    const auto listeners = open_unix(directory.socket());
    REQUIRE_FALSE(listeners.ok());
    CHECK(listeners.error().message.find("not a socket") != std::string::npos);
    CHECK(::access(directory.socket().c_str(), F_OK) == 0);
  }
}

}  // namespace
}  // namespace rc::net
