// The process behind an address of this machine: who it is, and the CPU time it uses.
//
// Thread: one.
#pragma once

#include "common/clock.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace rc::bench {

// The process that listens at `address` ("host:port" or a socket's path) on this machine; 0 where
// there is none, or where we may not look at it. Among several (a parent and its forked workers)
// it is the one with the lowest number.
[[nodiscard]] pid_t find_server(const std::string& address);

struct CpuUse {
  std::uint64_t all_ns = 0;      // Of all its threads, the kernel's work for them included.
  std::uint64_t busiest_ns = 0;  // Of the thread that used most.
};

class ServerProcess {
 public:
  // Of process 0 nothing is known, and its times stand still.
  explicit ServerProcess(pid_t pid) : pid_(pid), clock_(pid) {}

  [[nodiscard]] pid_t pid() const { return pid_; }
  // False when there is no such process.
  [[nodiscard]] bool valid() const { return clock_.valid(); }
  [[nodiscard]] bool is_known() const { return pid_ != 0 && clock_.valid(); }

  [[nodiscard]] std::uint64_t used_ns() const { return clock_.used_ns(); }
  // CPU time since start().
  void start();
  [[nodiscard]] CpuUse since_start() const;

 private:
  struct ThreadTime {
    pid_t thread;
    std::uint64_t ns;
  };
  [[nodiscard]] std::vector<ThreadTime> thread_times() const;

  pid_t pid_;
  CpuClock clock_;
  std::uint64_t start_ns_ = 0;
  std::vector<ThreadTime> thread_starts_;
};

}  // namespace rc::bench
