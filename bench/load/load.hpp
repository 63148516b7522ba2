// A closed loop against one server: each connection sends a batch of requests in one write, waits
// for all the replies, and sends the next. Servers take turns in short slices, so that what
// disturbs the machine disturbs them alike; CPU time per key is the figure to compare.
//
// Latencies are not reported: in a closed loop at saturation they only tell the queue's length.
//
// Thread: one.
#pragma once

#include "common/clock.hpp"
#include "common/connection.hpp"
#include "common/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

enum class Operation { get, set, multiget };

struct LoadOptions {
  Operation operation = Operation::get;
  std::string key_prefix = "k";
  std::size_t connections = 50;
  std::size_t depth = 1;  // Requests of a batch, or keys of a multiget.
  std::size_t key_count = 1'000'000;
  std::size_t value_size_bytes = 100;
};

struct LoadTotals {
  std::uint64_t keys = 0;
  std::uint64_t hits = 0;
  std::uint64_t failures = 0;  // Wrong values, refusals and replies that fit no request.
  std::uint64_t wall_ns = 0;
  std::uint64_t server_cpu_ns = 0;
  std::uint64_t client_cpu_ns = 0;
};

class Load {
 public:
  Load(const LoadOptions& options, CpuClock server_clock, std::uint64_t seed);

  // False when a connection cannot be opened; errno says why.
  [[nodiscard]] bool connect(std::string_view address);

  // Sets or gets every key once, in order, many at a time.
  [[nodiscard]] bool pass(Operation operation);

  // Random keys for about `slice_ns`, until the last reply. False when a connection was lost.
  [[nodiscard]] bool run(std::uint64_t slice_ns, LoadTotals& totals);

 private:
  [[nodiscard]] bool exchange();
  [[nodiscard]] bool send_batch(std::size_t index);
  [[nodiscard]] bool advance(std::size_t index);
  void write_set(std::string& output);
  void write_get(std::string& output);
  void on_reply(const Reply& reply);
  [[nodiscard]] bool is_right(const Reply& reply) const;
  [[nodiscard]] std::uint64_t next_key();

  LoadOptions options_;
  CpuClock server_clock_;
  ConnectionSet connections_;
  std::vector<std::size_t> replies_due_;  // Per connection, of its batch.
  std::vector<std::size_t> ready_;
  const std::string set_tail_;  // What follows the key in a set's first line.
  std::uint64_t random_state_;
  std::uint64_t deadline_ns_ = 0;
  std::uint64_t now_ns_ = 0;     // Read once per turn of the loop.
  std::uint64_t pass_next_ = 0;  // During a pass: its next key.
  bool passing_ = false;
  std::size_t active_ = 0;  // Connections whose batch is under way.
  LoadTotals totals_;
};

}  // namespace rc::bench
