#include "ring/system.hpp"

#include "base/assert.hpp"

#include <cerrno>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/syscall.h>

namespace rc::ring {

namespace {

int outcome(long returned) noexcept {
  return returned < 0 ? -errno : static_cast<int>(returned);
}

}  // namespace

int system_setup(std::uint32_t entries, io_uring_params& params) noexcept {
  return outcome(::syscall(__NR_io_uring_setup, entries, &params));
}

int system_enter(
    int fd,
    std::uint32_t submit,
    std::uint32_t wait_for,
    std::uint32_t flags,
    const void* argument,
    std::size_t argument_bytes
) noexcept {
  return outcome(
      ::syscall(__NR_io_uring_enter, fd, submit, wait_for, flags, argument, argument_bytes)
  );
}

int system_register(
    int fd, std::uint32_t opcode, const void* argument, std::uint32_t count
) noexcept {
  return outcome(::syscall(__NR_io_uring_register, fd, opcode, argument, count));
}

Mapping::~Mapping() {
  unmap();
}

int Mapping::map(std::size_t bytes, int fd, std::uint64_t offset) noexcept {
  RC_ASSERT(data_ == nullptr);
  const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED | MAP_POPULATE;
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, fd, static_cast<off_t>(offset));
  if (at == MAP_FAILED) return -errno;
  data_ = static_cast<std::byte*>(at);
  bytes_ = bytes;
  return 0;
}

void Mapping::unmap() noexcept {
  if (data_ != nullptr) ::munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

}  // namespace rc::ring
