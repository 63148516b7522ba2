// The three system calls of io_uring, and memory shared with the kernel. Results are as the kernel
// gives them: not negative, or -errno.
// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>

struct io_uring_params;

namespace rc::ring {

[[nodiscard]] int system_setup(std::uint32_t entries, io_uring_params& params) noexcept;
[[nodiscard]] int system_enter(
    int fd,
    std::uint32_t submit,
    std::uint32_t wait_for,
    std::uint32_t flags,
    const void* argument,
    std::size_t argument_bytes
) noexcept;
[[nodiscard]] int system_register(
    int fd, std::uint32_t opcode, const void* argument, std::uint32_t count
) noexcept;

// An owned mmap: of an io_uring descriptor at one of its offsets, or anonymous (fd -1).
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // 0 or -errno. Requires: nothing is mapped yet.
  [[nodiscard]] int map(std::size_t bytes, int fd, std::uint64_t offset) noexcept;
  void unmap() noexcept;

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace rc::ring
