#include "net/datagrams.hpp"

#include "net/address.hpp"
#include "net/frame.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/uio.h>

namespace rc::net {

using stats::Metric;

namespace {

constexpr std::size_t received_bytes_max = 64 * 1024;
// Datagrams served before the loop's other work gets its turn.
constexpr int datagrams_per_turn = 64;
// What an answer may hold on to, whatever it is made of.
constexpr std::size_t reply_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t amplification_max = 4;
// Shares of a turn that one datagram may take, one after the other, while everybody else waits:
// enough for the shortest requests that fit one, and an end to what would take minutes, as a search
// through all items does.
constexpr int shares_max = 256;

bool is_loopback_address(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    return ntohl(v4.sin_addr.s_addr) >> 24U == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof(v6));
  return storage.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

std::size_t reply_limit(const DatagramSocket& socket, std::size_t request_bytes) {
  if (socket.is_loopback()) return reply_bytes_max;
  return std::max(payload_bytes_max, amplification_max * request_bytes);
}

std::uint16_t port_of(const sockaddr_storage& storage) {
  // The port lies at the same place in both families.
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof(address));
  return ntohs(address.sin_port);
}

int bind_socket(const Address& address) {
  const int fd = ::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  if (address.storage.ss_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.bytes) == 0) {
    return fd;
  }
  const int number = errno;
  ::close(fd);
  errno = number;
  return -1;
}

// The addresses to bind: "*" means the loopback addresses unless all are wanted.
Result<std::vector<Address>> addresses_of(
    const std::vector<std::string>& listen, std::uint16_t port, bool anywhere
) {
  std::vector<Address> chosen;
  const auto add = [&](std::string_view host) -> std::optional<Error> {
    auto resolved = resolve(host, port);
    if (!resolved) return resolved.error();
    for (const Address& address : resolved.value()) {
      const bool fits = anywhere || is_loopback_address(address.storage);
      if (fits && !address.is_unix()) chosen.push_back(address);
    }
    return std::nullopt;
  };
  for (const std::string& text : listen) {
    const bool is_everything = text == "*" && !anywhere;
    for (const std::string& host :
         is_everything ? std::vector<std::string>{"127.0.0.1", "::1"} : std::vector{text}) {
      if (auto error = add(host)) return *error;
    }
  }
  return chosen;
}

}  // namespace

DatagramSocket::DatagramSocket(int fd, bool is_loopback, std::string text)
    : fd_(fd), is_loopback_(is_loopback), text_(std::move(text)) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return;
  text_ = address_text(storage, bytes);
  port_ = port_of(storage);
}

DatagramSocket::DatagramSocket(DatagramSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      is_loopback_(other.is_loopback_),
      port_(other.port_),
      text_(std::move(other.text_)) {}

DatagramSocket::~DatagramSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::vector<DatagramSocket>> open_datagram_sockets(
    const std::vector<std::string>& listen, std::uint16_t port, bool anywhere
) {
  auto addresses = addresses_of(listen, port, anywhere);
  if (!addresses) return addresses.error();
  std::vector<DatagramSocket> sockets;
  std::optional<Error> first_error;
  for (const Address& address : addresses.value()) {
    const int fd = bind_socket(address);
    if (fd >= 0) {
      sockets.push_back(DatagramSocket(fd, is_loopback_address(address.storage), address.text));
    } else if (!first_error) {
      first_error = system_error(errno, "cannot serve UDP at " + address.text);
    }
  }
  if (!sockets.empty()) return sockets;
  if (first_error) return *first_error;
  return Error{
      0,
      "UDP is served at loopback addresses only, and none of the addresses to listen on is one: "
      "answers to forged senders could flood others (-o udp_anywhere serves all the same)"};
}

// What a session answers to one datagram, kept until it is cut into others.
class DatagramServer::Reply final : public Output {
 public:
  void begin(std::size_t limit_bytes) {
    limit_bytes_ = limit_bytes;
    is_refused_ = false;
    bytes_.clear();
    released_.clear();
    cursor_ = end_ = nullptr;
  }

  void append_pinned(std::string_view bytes, PinToken token, bool last) override {
    append(bytes);
    if (last) released_.push_back(token);
  }
  [[nodiscard]] std::size_t pending_bytes() const override { return bytes_.size() + unsaved(); }
  [[nodiscard]] bool full() const override { return is_refused_; }

  // The whole reply; empty if there is none that may be sent.
  [[nodiscard]] std::string_view finish() {
    save();
    return is_refused_ ? std::string_view() : std::string_view(bytes_);
  }
  // What was answered so far will not be sent.
  void refuse() { is_refused_ = true; }
  [[nodiscard]] bool is_refused() const { return is_refused_; }
  [[nodiscard]] const std::vector<PinToken>& released() const { return released_; }

 protected:
  char* grow(std::size_t /*bytes*/) override {
    save();
    cursor_ = block_.data();
    end_ = cursor_ + block_.size();
    return cursor_;
  }

 private:
  [[nodiscard]] std::size_t unsaved() const {
    return cursor_ == nullptr ? 0 : static_cast<std::size_t>(cursor_ - block_.data());
  }

  // Moves what was written into the block to the reply, or nowhere once it is too large.
  void save() {
    is_refused_ = is_refused_ || bytes_.size() + unsaved() > limit_bytes_;
    if (!is_refused_) bytes_.append(block_.data(), unsaved());
    cursor_ = end_ = nullptr;
  }

  std::size_t limit_bytes_ = 0;
  bool is_refused_ = false;
  std::array<char, reserve_max_bytes> block_{};
  std::string bytes_;
  std::vector<PinToken> released_;
};

DatagramServer::DatagramServer(Sink& sink, stats::Counters& counters)
    : sink_(sink),
      counters_(counters),
      received_(std::make_unique<char[]>(received_bytes_max)),
      reply_(std::make_unique<Reply>()) {}

DatagramServer::~DatagramServer() = default;

void DatagramServer::serve(const DatagramSocket& socket) {
  for (int i = 0; i < datagrams_per_turn; ++i) {
    Sender sender;
    const ssize_t got = ::recvfrom(
        socket.fd(),
        received_.get(),
        received_bytes_max,
        0,
        reinterpret_cast<sockaddr*>(&sender.storage),
        &sender.bytes
    );
    if (got < 0) return;
    counters_.add(Metric::bytes_read, static_cast<std::uint64_t>(got));
    answer(socket, sender, {received_.get(), static_cast<std::size_t>(got)});
  }
}

void DatagramServer::answer(
    const DatagramSocket& socket, const Sender& sender, std::string_view datagram
) {
  const std::optional<Frame> frame = read_frame(datagram);
  if (!frame) return counters_.add(Metric::udp_dropped);
  reply_->begin(reply_limit(socket, datagram.size()));
  execute(socket, sender, frame->payload);
  send(socket, sender, frame->request_id);
}

// A connection for as long as the datagram lasts: what is incomplete at its end is dropped.
void DatagramServer::execute(
    const DatagramSocket& socket, const Sender& sender, std::string_view payload
) {
  const std::string peer = address_text(sender.storage, sender.bytes);
  void* const session = sink_.on_open(
      {.id = 0, .is_unix = false, .is_datagram = true, .peer = peer, .listener = socket.text()}
  );
  Next next = Next::yield;
  for (int i = 0; next == Next::yield && i < shares_max; ++i) {
    const Consumed consumed = sink_.on_bytes(session, payload, *reply_);
    payload.remove_prefix(consumed.bytes);
    next = consumed.next;
  }
  if (next == Next::yield) reply_->refuse();
  sink_.on_close(session);
  for (const PinToken token : reply_->released()) sink_.on_released(token);
}

void DatagramServer::send(
    const DatagramSocket& socket, const Sender& sender, std::uint16_t request_id
) {
  std::string_view rest = reply_->finish();
  if (reply_->is_refused()) counters_.add(Metric::udp_dropped);
  const std::size_t count = datagram_count(rest.size());
  for (std::size_t number = 0; number < count; ++number) {
    std::array<char, datagram_bytes_max> datagram;
    const std::size_t bytes = std::min(rest.size(), payload_bytes_max);
    write_frame(datagram.data(), request_id, number, count);
    std::memcpy(datagram.data() + frame_bytes, rest.data(), bytes);
    rest.remove_prefix(bytes);
    // What the socket has no room for is lost, as any datagram may be.
    const ssize_t sent = ::sendto(
        socket.fd(),
        datagram.data(),
        frame_bytes + bytes,
        0,
        reinterpret_cast<const sockaddr*>(&sender.storage),
        sender.bytes
    );
    if (sent > 0) counters_.add(Metric::bytes_written, static_cast<std::uint64_t>(sent));
  }
}

}  // namespace rc::net
