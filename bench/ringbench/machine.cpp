#include "ringbench/machine.hpp"

#include "ringbench/units.hpp"

#include <algorithm>
#include <fstream>
#include <sched.h>
#include <string_view>
#include <unistd.h>

#include <sys/utsname.h>

namespace rc::bench {
namespace {

// The number behind `name` in a file of "name number" lines; 0 where there is none.
std::uint64_t number_in(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  std::string word;
  std::uint64_t number = 0;
  while (file >> word) {
    if (word == name && file >> number) return number;
  }
  return 0;
}

// Of the cgroup (version 2) that a process is in; what a container or a unit is limited by.
std::uint64_t throttled_us(const std::string& process) {
  std::ifstream file("/proc/" + process + "/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    constexpr std::string_view unified = "0::";
    if (!line.starts_with(unified)) continue;
    const std::string folder = "/sys/fs/cgroup" + line.substr(unified.size());
    return number_in(folder + "/cpu.stat", "throttled_usec");
  }
  return 0;
}

std::uint64_t stolen() {
  std::ifstream file("/proc/stat");
  std::string name;
  std::uint64_t user, nice, system, idle, iowait, irq, softirq, steal = 0;
  file >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  return file ? steal : 0;
}

std::uint64_t hot_cores(unsigned cores) {
  std::uint64_t count = 0;
  for (unsigned core = 0; core < cores; ++core) {
    std::uint64_t of_core = 0;
    std::ifstream(
        "/sys/devices/system/cpu/cpu" + std::to_string(core) +
        "/thermal_throttle/core_throttle_count"
    ) >> of_core;
    count += of_core;
  }
  return count;
}

unsigned all_cores() {
  return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

unsigned cores_here() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

Machine this_machine() {
  utsname name{};
  uname(&name);
  return {
      .kernel = std::string(name.sysname) + " " + name.release,
      .cpu = cpu_model(),
      .cores = all_cores(),
      .client_cores = cores_here(),
  };
}

std::string machine_text(const Machine& machine) {
  return machine.kernel + ", " + machine.cpu + ", " + counted(machine.cores, "core") + ", " +
         std::to_string(machine.client_cores) + " for this client";
}

Slowdown slowdown_so_far(pid_t server) {
  std::uint64_t quota_us = throttled_us("self");
  if (server != 0) quota_us += throttled_us(std::to_string(server));
  return {
      .quota_us = quota_us,
      .stolen_ticks = stolen(),
      .hot_cores_count = hot_cores(all_cores()),
  };
}

std::vector<std::string> describe_slowdown(
    const Slowdown& before, const Slowdown& after, std::uint64_t wall_ns
) {
  std::vector<std::string> sentences;
  const double wall_ms = std::max(static_cast<double>(wall_ns) / 1e6, 1e-3);
  const auto quota_us = static_cast<double>(after.quota_us - before.quota_us);
  if (quota_us > 0) {
    sentences.push_back(formatted(
        "a CPU quota held client or server back for %.0f ms; lift the cgroup's cpu.max",
        quota_us / 1e3
    ));
  }
  constexpr double tick_ms = 10;
  const double stolen_ms = static_cast<double>(after.stolen_ticks - before.stolen_ticks) * tick_ms;
  if (stolen_ms / wall_ms > 0.02) {
    sentences.push_back(formatted(
        "the host took %.0f ms of CPU time from this virtual machine; measure on a quieter one",
        stolen_ms
    ));
  }
  if (after.hot_cores_count > before.hot_cores_count) {
    sentences.push_back("cores were slowed down for their heat; let the machine cool, run longer");
  }
  return sentences;
}

}  // namespace rc::bench
