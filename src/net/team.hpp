// What the loops of all workers share: the listeners, the number of open connections and who has
// how many of them, and the rings through which the acceptor hands connections over.
//
// The shared lines are written when a connection opens or closes, never per request.
// Thread: any, except where a function says otherwise.
#pragma once

#include "base/cacheline.hpp"
#include "net/datagrams.hpp"
#include "net/listener.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rc::net {

class Team {
 public:
  struct Options {
    std::uint32_t workers = 1;
    std::uint32_t connections_max = 1024;
    // Sent to a connection over the limit before it is closed.
    std::string refusal;
  };

  // `datagrams` are served by worker 0.
  Team(
      Options options, std::vector<Listener> listeners, std::vector<DatagramSocket> datagrams = {}
  );

  [[nodiscard]] std::uint32_t workers() const { return options_.workers; }
  [[nodiscard]] std::uint32_t connections_max() const { return options_.connections_max; }
  [[nodiscard]] std::string_view refusal() const { return options_.refusal; }
  [[nodiscard]] const std::vector<Listener>& listeners() const { return listeners_; }
  [[nodiscard]] const std::vector<DatagramSocket>& datagrams() const { return datagrams_; }
  [[nodiscard]] std::uint32_t connections() const;
  [[nodiscard]] std::uint32_t connections_of(std::uint32_t worker) const;

  // The rest is for Loop.

  // Makes the ring of `worker` reachable; -1 when it ends.
  void set_ring(std::uint32_t worker, int ring_fd);
  [[nodiscard]] int ring_of(std::uint32_t worker) const;

  // Counts one more connection for the worker that has the fewest of those that have a ring, and
  // returns it; `refused` if connections_max are open.
  static constexpr std::uint32_t refused = ~std::uint32_t{0};
  [[nodiscard]] std::uint32_t admit();
  void leave(std::uint32_t worker);

  // Thread: the acceptor. After it, no worker is handed another connection.
  void end_accepting();
  [[nodiscard]] bool accepting() const;

 private:
  struct alignas(cache_line_bytes) Member {
    std::atomic<int> ring_fd{-1};
    std::atomic<std::uint32_t> connections{0};
  };

  Options options_;
  std::vector<Listener> listeners_;
  std::vector<DatagramSocket> datagrams_;
  std::unique_ptr<Member[]> members_;
  std::uint32_t next_ = 0;  // where admit() starts to look; the acceptor's own
  alignas(cache_line_bytes) std::atomic<std::uint32_t> connections_{0};
  std::atomic<bool> accepting_{true};
};

}  // namespace rc::net
