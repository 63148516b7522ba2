#include "common/clock.hpp"

namespace rc::bench {

std::uint64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

CpuClock::CpuClock(pid_t pid) {
  if (pid == 0) return;
  valid_ = clock_getcpuclockid(pid, &clock_) == 0;
  counts_ = valid_;
}

std::uint64_t CpuClock::used_ns() const {
  return counts_ ? now_ns(clock_) : 0;
}

}  // namespace rc::bench
