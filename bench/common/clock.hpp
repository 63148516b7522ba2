// The two clocks of a benchmark: wall time, and the CPU time of the server under test.
//
// A process's CPU clock counts all its threads, kernel helpers of io_uring included, in
// nanoseconds. It is the figure least disturbed by a busy machine, and it decides how much one core
// can serve; so every report puts it first.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <ctime>

#include <sys/types.h>

namespace rc::bench {

[[nodiscard]] std::uint64_t now_ns(clockid_t clock = CLOCK_MONOTONIC);

class CpuClock {
 public:
  // Of process 0, the clock stands still: a server whose process is not known or not here.
  explicit CpuClock(pid_t pid);

  // False when there is no such process.
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] std::uint64_t used_ns() const;

 private:
  clockid_t clock_ = CLOCK_MONOTONIC;
  bool counts_ = false;
  bool valid_ = true;
};

}  // namespace rc::bench
