// The machine, and what slows it down behind our back.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace rc::bench {

struct Machine {
  std::string kernel;  // "Linux 6.18.0"
  std::string cpu;     // The model, as the kernel names it.
  unsigned cores = 0;
  unsigned client_cores = 0;  // That this process may use.
};

[[nodiscard]] Machine this_machine();
// "Linux 6.18.0, AMD EPYC, 2 cores, 1 for this client"
[[nodiscard]] std::string machine_text(const Machine& machine);

// Counters that only grow; what they grew by during a run spoils it.
struct Slowdown {
  std::uint64_t quota_us = 0;         // Held back by the CPU quota of our cgroup or the server's.
  std::uint64_t stolen_ticks = 0;     // Taken by the host of this virtual machine, of 10 ms each.
  std::uint64_t hot_cores_count = 0;  // Times a core was slowed for its heat.
};

[[nodiscard]] Slowdown slowdown_so_far(pid_t server);
// One sentence for each thing that mattered between the two, in a run of `wall_ns`.
[[nodiscard]] std::vector<std::string> describe_slowdown(
    const Slowdown& before, const Slowdown& after, std::uint64_t wall_ns
);

}  // namespace rc::bench
