// A nonblocking connection with its buffers, and a set of them that can be waited for.
//
// The client must cost less than the server it measures: one receive and one send per turn of a
// connection, all waiting in one epoll, replies parsed where they were received.
//
// Thread: one; nothing here is shared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

class Connection {
 public:
  // `address` as dial() takes it. On failure valid() is false and errno says why.
  explicit Connection(std::string_view address);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection& operator=(Connection&&) = delete;

  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  // Requests are appended here, then flushed together. What the socket does not take stays, and
  // has_output() tells the owner to flush again when the socket is writable.
  [[nodiscard]] std::string& output() { return output_; }
  [[nodiscard]] bool has_output() const { return sent_ < output_.size(); }
  [[nodiscard]] bool flush();

  // One receive. False when the peer has closed or the connection failed.
  [[nodiscard]] bool receive();
  [[nodiscard]] std::string_view input() const;
  void consume(std::size_t size) { parsed_ += size; }

 private:
  void make_room();

  int fd_ = -1;
  std::string output_;
  std::size_t sent_ = 0;  // Of output_, handed to the kernel.
  std::string input_;     // Only [parsed_, filled_) holds bytes not yet parsed.
  std::size_t parsed_ = 0;
  std::size_t filled_ = 0;
};

// Owns the connections to one server.
class ConnectionSet {
 public:
  ConnectionSet();
  ~ConnectionSet();
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;

  // Opens `count` connections. False when one cannot be opened; errno says why.
  [[nodiscard]] bool open(std::string_view address, std::size_t count);

  [[nodiscard]] std::size_t size() const { return connections_.size(); }
  [[nodiscard]] Connection& operator[](std::size_t index) { return connections_[index]; }

  // Sends what is pending, and watches for room if the socket did not take all of it.
  [[nodiscard]] bool flush(std::size_t index);

  // Waits until something arrived, receives it, and appends the indices of the connections that
  // have new input. Returns false when a connection was lost or nothing came for 30 seconds.
  [[nodiscard]] bool wait(std::vector<std::size_t>& ready);

 private:
  [[nodiscard]] bool watch(int operation, std::size_t index, bool for_room);

  int epoll_fd_;
  std::vector<Connection> connections_;
  std::vector<bool> waits_for_room_;
};

}  // namespace rc::bench
