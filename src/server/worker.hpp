// One worker: a thread with a ring, a loop, a door to the store and the sessions of its share of
// the connections. Workers share the store and nothing else on the request path.
#pragma once

#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/team.hpp"
#include "server/node.hpp"

#include <cstdint>
#include <future>
#include <string>
#include <thread>

namespace rc::server {

class Worker {
 public:
  // Starts the thread, which makes its ring and then waits for `go`: no worker may serve before
  // all can. True starts the service, false ends the thread. `node` and `team` outlive the worker.
  Worker(
      std::uint32_t index,
      const net::Loop::Options& options,
      Node& node,
      net::Team& team,
      std::shared_future<bool> go
  );
  // Waits for the thread: ask for a stop first.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Waits until the ring is made; what it uses of the kernel, or why it could not be made. Once.
  [[nodiscard]] Result<std::string> prepared();

  // Makes the thread finish what has arrived and end. Thread: any, once, after prepared() was no
  // error and `go` was true.
  void drain();

 private:
  void serve(net::Loop::Options options, Node& node, net::Team& team, std::shared_future<bool> go);

  std::uint32_t index_;
  std::promise<Result<std::string>> prepared_;
  // Set by the thread before it fulfils prepared_, which publishes it to drain(). Valid until the
  // thread ends, and that it does only after drain().
  net::Loop* loop_ = nullptr;
  std::thread thread_;
};

}  // namespace rc::server
