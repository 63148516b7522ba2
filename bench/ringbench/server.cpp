#include "ringbench/server.hpp"

#include "common/dial.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>

namespace rc::bench {
namespace {

constexpr time_t answer_s_max = 5;

// One small request, the blocking way.
Result<std::string> ask_version(int fd, const Protocol& protocol) {
  const timeval patience{.tv_sec = answer_s_max, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string_view request = protocol.version_request();
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return system_error(errno, "send");
  }
  std::string input;
  std::array<char, 4096> bytes;
  while (true) {
    const std::optional<std::string> version = protocol.version_in(input);
    if (version) return *version;
    const ssize_t got = recv(fd, bytes.data(), bytes.size(), 0);
    if (got == 0) return Error{.message = "closed the connection"};
    if (got < 0 && errno == EAGAIN) return Error{.message = "no answer within 5 seconds"};
    if (got < 0) return system_error(errno, "receive");
    input.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<Server> meet(const Target& target, const Protocol& protocol) {
  Result<int> fd = dial(target.address);
  if (!fd) {
    Error error = fd.error();
    if (error.number == ECONNREFUSED || error.number == ENOENT) {
      error.message +=
          "; no server is there: start one, such as `ringcached`, or name another: "
          "ringbench HOST:PORT";
    }
    return error;
  }
  Result<std::string> version = ask_version(fd.value(), protocol);
  close(fd.value());
  if (!version || version.value().empty()) {
    const std::string why =
        version ? "a strange answer to the question for the version" : version.error().message;
    return Error{
        .message =
            target.address + ": " + why + "; does the server speak this protocol? See --protocol"};
  }
  const pid_t pid = target.pid == 0 ? find_server(target.address) : target.pid;
  Server server{.name = target.name, .address = target.address, .version = version.value()};
  server.process = ServerProcess(pid);
  if (server.process.valid()) return server;
  return Error{
      .message = target.name + ": there is no process " + std::to_string(target.pid) + " here"};
}

}  // namespace rc::bench
