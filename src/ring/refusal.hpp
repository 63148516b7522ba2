// Why io_uring cannot be had here, and what an operator does about it: one line.
// Thread: any.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rc::ring {

// What is known about the machine when io_uring_setup fails.
struct Surroundings {
  // /proc/sys/kernel/io_uring_disabled: 0 allowed, 1 for the group io_uring_group, 2 forbidden;
  // nothing where the kernel (before 6.6) has no such switch.
  std::optional<int> disabled = std::nullopt;
  bool is_container = false;
  std::string kernel;               // "6.18"
  std::uint64_t memlock_bytes = 0;  // RLIMIT_MEMLOCK
};

[[nodiscard]] Surroundings look_around();

// `number` is the errno of io_uring_setup.
[[nodiscard]] Error explain_refusal(int number, const Surroundings& surroundings);

}  // namespace rc::ring
