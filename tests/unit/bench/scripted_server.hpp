// A server that answers as a test says: one thread, any number of connections on a TCP port of
// 127.0.0.1 that the kernel picks.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace rc::bench::testing {

class ScriptedServer {
 public:
  // Takes whole requests off the front of `input` and returns the answers; called by the server's
  // thread whenever something has arrived at a connection.
  using Script = std::function<std::string(std::string& input)>;

  explicit ScriptedServer(Script script)
      : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    listen(listener_, 64);
    socklen_t size = sizeof name;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    is_over_ = true;
    thread_.join();
    close(listener_);
    for (const Peer& peer : peers_) close(peer.fd);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  struct Peer {
    int fd;
    std::string input;
  };

  void serve() {
    while (!is_over_) {
      std::vector<pollfd> waited{{.fd = listener_, .events = POLLIN, .revents = 0}};
      for (const Peer& peer : peers_)
        waited.push_back({.fd = peer.fd, .events = POLLIN, .revents = 0});
      if (poll(waited.data(), waited.size(), 10) <= 0) continue;
      for (std::size_t at = 1; at < waited.size(); ++at) {
        if (waited[at].revents != 0) answer(peers_[at - 1]);
      }
      if (waited.front().revents != 0) {
        peers_.push_back({.fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), .input = {}});
      }
    }
  }

  void answer(Peer& peer) {
    std::array<char, 65536> bytes;
    const ssize_t got = recv(peer.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return;
    peer.input.append(bytes.data(), static_cast<std::size_t>(got));
    const std::string answers = script_(peer.input);
    if (send(peer.fd, answers.data(), answers.size(), MSG_NOSIGNAL) < 0) return;
  }

  Script script_;
  int listener_;
  std::string address_;
  std::vector<Peer> peers_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

// Answers gets and sets of the classic protocol out of `values`, whatever it holds: "get K..." and
// "set K 0 TTL BYTES".
template <class Values>
std::string answer_classic(std::string& input, Values& values) {
  std::string answers;
  std::size_t end = 0;
  while ((end = input.find("\r\n")) != std::string::npos) {
    std::string line = input.substr(0, end);
    std::size_t used = end + 2;
    if (line.starts_with("set ")) {
      const std::string key = line.substr(4, line.find(' ', 4) - 4);
      const std::size_t size = std::stoul(line.substr(line.rfind(' ') + 1));
      if (input.size() < used + size + 2) break;
      values[key] = input.substr(used, size);
      used += size + 2;
      answers += "STORED\r\n";
    } else {
      line += ' ';
      for (std::size_t at = 4; at < line.size();) {
        const std::size_t space = line.find(' ', at);
        const std::string key = line.substr(at, space - at);
        const auto found = values.find(key);
        if (found != values.end()) {
          answers += "VALUE " + key + " 0 " + std::to_string(found->second.size()) + "\r\n" +
                     found->second + "\r\n";
        }
        at = space + 1;
      }
      answers += "END\r\n";
    }
    input.erase(0, used);
  }
  return answers;
}

}  // namespace rc::bench::testing
