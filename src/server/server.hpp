// A whole node: listeners, store, workers. The daemon opens it, starts it and, when asked, drains
// it; everything in between happens on the workers' threads.
// Thread: one, that of the daemon's main.
#pragma once

#include "base/result.hpp"
#include "net/listener.hpp"
#include "net/team.hpp"
#include "server/node.hpp"
#include "server/settings.hpp"
#include "server/worker.hpp"
#include "store/store.hpp"

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace rc::server {

// Where the node can be reached.
struct Endpoint {
  std::string address;  // "127.0.0.1:11211", "[::1]:11211", "/run/ringcached/socket"
  std::uint16_t port = 0;
  bool is_unix = false;
  bool is_udp = false;
};

class Server {
 public:
  // Opens the listeners and reserves the memory. What needs privileges happens here.
  // `settings` outlives the server.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const Settings& settings);

  // Requires: drained, or never started.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Starts the workers; when it returns without an error, all of them serve. Once.
  [[nodiscard]] Result<Done> start();

  // What an operator wants to know: addresses, threads, memory, kernel features. After start().
  [[nodiscard]] std::string description() const;

  // What it listens on, with the ports that the system chose.
  [[nodiscard]] std::vector<Endpoint> endpoints() const;

  // Stops accepting, finishes the requests that have arrived, sends what is pending, and ends all
  // threads; takes at most some seconds. Once, after start().
  void drain();

 private:
  explicit Server(const Settings& settings) : settings_(settings) {}
  [[nodiscard]] net::Loop::Options loop_options() const;

  const Settings& settings_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<net::Team> team_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::string kernel_features_;
};

}  // namespace rc::server
