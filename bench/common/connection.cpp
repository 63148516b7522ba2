#include "common/connection.hpp"

#include "common/dial.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace rc::bench {
namespace {

constexpr std::size_t input_size_min = 64 * 1024;
constexpr int silence_ms_max = 30'000;

int dial_or_errno(std::string_view address) {
  Result<int> fd = dial(std::string(address));
  if (fd) return fd.value();
  errno = fd.error().number == 0 ? EINVAL : fd.error().number;
  return -1;
}

}  // namespace

Connection::Connection(std::string_view address) : fd_(dial_or_errno(address)) {
  if (fd_ < 0) return;
  input_.resize(input_size_min);
}

Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      output_(std::move(other.output_)),
      sent_(other.sent_),
      input_(std::move(other.input_)),
      parsed_(other.parsed_),
      filled_(other.filled_) {}

bool Connection::flush() {
  while (has_output()) {
    const ssize_t sent =
        send(fd_, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(sent);
  }
  output_.clear();
  sent_ = 0;
  return true;
}

bool Connection::receive() {
  make_room();
  const ssize_t got = recv(fd_, input_.data() + filled_, input_.size() - filled_, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) errno = ECONNRESET;  // An orderly close is a loss too: no benchmark asks for it.
  filled_ += static_cast<std::size_t>(got);
  return got > 0;
}

std::string_view Connection::input() const {
  return std::string_view(input_).substr(parsed_, filled_ - parsed_);
}

// Usually everything was parsed and the buffer simply starts again. A reply larger than the buffer
// makes it grow.
void Connection::make_room() {
  const std::size_t pending = filled_ - parsed_;
  if (parsed_ > 0) std::memmove(input_.data(), input_.data() + parsed_, pending);
  parsed_ = 0;
  filled_ = pending;
  if (filled_ == input_.size()) input_.resize(input_.size() * 2);
}

ConnectionSet::ConnectionSet() : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {}

ConnectionSet::~ConnectionSet() {
  close(epoll_fd_);
}

bool ConnectionSet::open(std::string_view address, std::size_t count) {
  connections_.reserve(count);
  waits_for_room_.assign(count, false);
  for (std::size_t index = 0; index < count; ++index) {
    connections_.emplace_back(address);
    if (!connections_.back().valid()) return false;
    if (!watch(EPOLL_CTL_ADD, index, false)) return false;
  }
  return true;
}

bool ConnectionSet::watch(int operation, std::size_t index, bool for_room) {
  epoll_event event{};
  event.events = for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = index;
  return epoll_ctl(epoll_fd_, operation, connections_[index].fd(), &event) == 0;
}

bool ConnectionSet::flush(std::size_t index) {
  Connection& connection = connections_[index];
  if (!connection.flush()) return false;
  if (connection.has_output() == waits_for_room_[index]) return true;
  waits_for_room_[index] = connection.has_output();
  return watch(EPOLL_CTL_MOD, index, connection.has_output());
}

bool ConnectionSet::wait(std::vector<std::size_t>& ready) {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_fd_, events.data(), events.size(), silence_ms_max);
  if (count < 0) return errno == EINTR;
  if (count == 0) errno = ETIMEDOUT;
  for (std::size_t at = 0; at < static_cast<std::size_t>(count); ++at) {
    const std::size_t index = events[at].data.u64;
    if ((events[at].events & EPOLLOUT) != 0 && !flush(index)) return false;
    if ((events[at].events & ~static_cast<unsigned>(EPOLLOUT)) == 0) continue;
    if (!connections_[index].receive()) return false;
    ready.push_back(index);
  }
  return count > 0;
}

}  // namespace rc::bench
