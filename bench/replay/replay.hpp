// Replays a trace through one server, as an application does that keeps a cache before its
// database: get the object; on a miss ask the database (here the stand-in) and set it.
//
// Each connection has one request under way, as a thread of an application would; many connections
// keep the server busy. Every hit is compared with what the database would have answered.
//
// Thread: one.
#pragma once

#include "common/clock.hpp"
#include "common/connection.hpp"
#include "common/reply.hpp"
#include "common/trace.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

struct ReplayOptions {
  std::string key_prefix = "object:";
  std::size_t connections = 16;
  std::size_t default_size_bytes = 300;  // Of objects whose size the trace does not know.
};

struct ReplayTotals {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t wrong_values = 0;  // Hits that were not what the database holds.
  std::uint64_t refused = 0;       // Sets the server would not take, such as objects too large.
  std::uint64_t errors = 0;        // Replies that fit no request of ours.
  std::uint64_t wall_ns = 0;
  std::uint64_t server_cpu_ns = 0;
  std::uint64_t client_cpu_ns = 0;

  [[nodiscard]] std::uint64_t requests() const { return hits + misses; }
};

class Replay {
 public:
  Replay(ReplayOptions options, CpuClock server_clock);

  // False when a connection cannot be opened; errno says why.
  [[nodiscard]] bool connect(std::string_view address);

  // Replays these requests and waits for the last reply, so that two servers can take turns. False
  // when a connection was lost; errno says why.
  [[nodiscard]] bool run(std::span<const TraceRequest> requests);

  [[nodiscard]] const ReplayTotals& totals() const { return totals_; }

 private:
  enum class State { idle, getting, hit, setting };
  struct Client {
    State state = State::idle;
    TraceRequest request{};
  };

  [[nodiscard]] bool exchange();
  [[nodiscard]] bool start_next(std::size_t index);
  [[nodiscard]] bool advance(std::size_t index);
  [[nodiscard]] bool on_reply(std::size_t index, const Reply& reply);
  void on_get_reply(Client& client, const Reply& reply, std::string& output);
  void write_set(const TraceRequest& request, std::string& output) const;
  void append_key(std::uint32_t object, std::string& output) const;
  [[nodiscard]] std::size_t size_of(const TraceRequest& request) const;

  ReplayOptions options_;
  CpuClock server_clock_;
  ConnectionSet connections_;
  std::vector<Client> clients_;
  std::vector<std::size_t> ready_;
  std::span<const TraceRequest> pending_;
  std::size_t active_ = 0;  // Connections whose request is under way.
  ReplayTotals totals_;
};

}  // namespace rc::bench
