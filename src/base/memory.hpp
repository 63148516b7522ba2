// Memory from the system: reserved address ranges, huge pages, and what the process really uses.
// With mimalloc linked in (see meson_options.txt), this room is also the only one that names it.
// Thread: any.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace rc {

// An owned range of address space, zero on first touch and costing memory only where touched.
// Released on destruction. Movable, not copyable.
class Region {
 public:
  Region() = default;
  Region(Region&& other) noexcept;
  Region& operator=(Region&& other) noexcept;
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region();

  // Reserves `bytes` (rounded up to 2 MiB and aligned to it). With `huge_pages`, asks the kernel
  // for transparent huge pages; a kernel that has none is no error.
  [[nodiscard]] static Result<Region> reserve(std::size_t bytes, bool huge_pages);

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // Gives the pages of [offset, offset + bytes) back to the system; they read as zero afterwards.
  // Requires: the range is inside the region and aligned to 4 KiB.
  void discard(std::size_t offset, std::size_t bytes) const noexcept;

  // How much of the region has memory now. Asks the kernel page by page: for figures.
  [[nodiscard]] std::uint64_t resident_bytes() const noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Resident memory of this process in bytes, from /proc; 0 if it cannot be read.
[[nodiscard]] std::uint64_t resident_bytes() noexcept;
// The part of it that is mapped from files: the program and its libraries.
[[nodiscard]] std::uint64_t resident_file_bytes() noexcept;

// Memory of the machine in bytes.
[[nodiscard]] std::uint64_t machine_memory_bytes() noexcept;

// Whether the system gives transparent huge pages to who asks for them.
[[nodiscard]] bool huge_pages_allowed() noexcept;

// The name and version of the allocator behind malloc: "mimalloc 2.0.9" or "libc".
[[nodiscard]] const char* allocator_name() noexcept;

}  // namespace rc
