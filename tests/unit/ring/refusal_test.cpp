#include "ring/refusal.hpp"

#include <cerrno>

#include <doctest/doctest.h>

namespace rc::ring {
namespace {

bool says(const Error& error, const char* text) {
  return error.message.find(text) != std::string::npos;
}

TEST_SUITE("ring") {
  TEST_CASE("a sysctl that forbids io_uring is named with its value and its cure") {
    const Error error = explain_refusal(EPERM, {.disabled = 2, .kernel = "6.18"});
    CHECK(error.number == EPERM);
    CHECK(says(error, "io_uring_setup: Operation not permitted"));
    CHECK(says(error, "/proc/sys/kernel/io_uring_disabled is 2"));
    CHECK(says(error, "sysctl -w kernel.io_uring_disabled=0"));
  }

  TEST_CASE("if no sysctl forbids it, a seccomp filter does") {
    const Error in_container =
        explain_refusal(EPERM, {.disabled = 0, .is_container = true, .kernel = "6.18"});
    CHECK(says(in_container, "seccomp"));
    CHECK(says(in_container, "container"));
    CHECK(says(in_container, "--security-opt"));
    CHECK(says(explain_refusal(EPERM, {.kernel = "6.1"}), "seccomp"));
  }

  TEST_CASE("an old kernel and too little lockable memory are named") {
    CHECK(says(explain_refusal(EINVAL, {.kernel = "5.10"}), "Linux 5.10 is too old; 6.1"));
    CHECK(says(explain_refusal(ENOSYS, {.kernel = "6.18"}), "CONFIG_IO_URING"));
    const Error memory = explain_refusal(ENOMEM, {.kernel = "6.1", .memlock_bytes = 65536});
    CHECK(says(memory, "RLIMIT_MEMLOCK, which is 64 KiB"));
    CHECK(says(memory, "LimitMEMLOCK=infinity"));
  }

  TEST_CASE("the machine is described") {
    CHECK(look_around().kernel.find('.') != std::string::npos);
  }
}

}  // namespace
}  // namespace rc::ring
