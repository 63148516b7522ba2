// Many requests through few connections, as fast as one thread can: each connection sends a batch
// in one write, waits for all the replies, and sends the next.
//
// What is asked, and what becomes of the answers, is the Work's business; each request carries a
// token of its choice, which comes back with the reply.
//
// Thread: one.
#pragma once

#include "common/connection.hpp"
#include "common/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;

  // Appends one request that has one line as its reply. False when there is nothing left to ask.
  [[nodiscard]] virtual bool write(std::string& output, std::uint64_t& token) = 0;
  virtual void on_reply(std::uint64_t token, const Reply& reply) = 0;
  // Called between turns of the loop, a few times per millisecond of work. False ends the run.
  [[nodiscard]] virtual bool between_turns() { return true; }
};

class Pipeline {
 public:
  // False when a connection cannot be opened; errno says why.
  [[nodiscard]] bool connect(std::string_view address, std::size_t connections);

  // Until the work has nothing left to ask and every reply is there. False when a connection was
  // lost (errno says why) or the work ended it.
  [[nodiscard]] bool run(Work& work);

 private:
  [[nodiscard]] bool send_batch(Work& work, std::size_t index);
  [[nodiscard]] bool advance(Work& work, std::size_t index);

  ConnectionSet connections_;
  std::vector<std::deque<std::uint64_t>> tokens_;  // Per connection, of the replies due.
  std::vector<std::size_t> ready_;
  std::size_t active_ = 0;  // Connections whose batch is under way.
};

}  // namespace rc::bench
