// Requests over UDP, served by worker 0 with plain system calls: a datagram is a connection that
// lives for one batch of bytes. Made for compatibility, not for speed.
//
// A sender of UDP can claim to be anybody, so an answer may flood somebody who asked for nothing.
// Therefore only loopback addresses are bound unless `anywhere` is asked for, and then an answer
// is at most as large as one datagram, or four times the request; larger ones are dropped and
// counted, as everything is that a client could not tell from a loss. So are answers that would
// keep the worker from its connections for long.
// Thread: opened at start-up by main, then the owning worker.
#pragma once

#include "base/result.hpp"
#include "net/sink.hpp"
#include "stats/counters.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

namespace rc::net {

class DatagramSocket {
 public:
  DatagramSocket(DatagramSocket&& other) noexcept;
  DatagramSocket& operator=(DatagramSocket&&) = delete;
  ~DatagramSocket();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_loopback() const { return is_loopback_; }
  [[nodiscard]] const std::string& text() const { return text_; }  // "127.0.0.1:11211"
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  friend Result<std::vector<DatagramSocket>> open_datagram_sockets(
      const std::vector<std::string>& listen, std::uint16_t port, bool anywhere
  );
  DatagramSocket(int fd, bool is_loopback, std::string text);

  int fd_;
  bool is_loopback_;
  std::uint16_t port_ = 0;
  std::string text_;
};

// Binds `port` at the addresses of `listen` ("*" is every address). Those that are not loopback are
// left out unless `anywhere`; an error if none is left.
[[nodiscard]] Result<std::vector<DatagramSocket>> open_datagram_sockets(
    const std::vector<std::string>& listen, std::uint16_t port, bool anywhere
);

// Serves what waits at the socket, a bounded number of datagrams. Inside a turn of the sink.
class DatagramServer {
 public:
  DatagramServer(Sink& sink, stats::Counters& counters);
  ~DatagramServer();
  void serve(const DatagramSocket& socket);

 private:
  struct Sender {
    sockaddr_storage storage{};
    socklen_t bytes = sizeof(sockaddr_storage);
  };
  class Reply;

  void answer(const DatagramSocket& socket, const Sender& sender, std::string_view datagram);
  void execute(const DatagramSocket& socket, const Sender& sender, std::string_view payload);
  void send(const DatagramSocket& socket, const Sender& sender, std::uint16_t request_id);

  Sink& sink_;
  stats::Counters& counters_;
  std::unique_ptr<char[]> received_;
  std::unique_ptr<Reply> reply_;
};

}  // namespace rc::net
