#include "base/memory.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <span>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <sys/mman.h>

#ifdef RC_MIMALLOC
#include <mimalloc.h>
#endif

namespace rc {

namespace {

constexpr std::size_t huge_page_bytes = 2 * mib;

constexpr std::size_t small_page_bytes = 4 * kib;

// The beginning of a file of the kernel's; empty if it cannot be read.
std::string_view read_text(const char* path, std::span<char> text) noexcept {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t got = read(fd, text.data(), text.size());
  close(fd);
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

// The first fields of /proc/self/statm in bytes: size, resident, of that from files; 0 if it cannot
// be read.
std::array<std::uint64_t, 3> read_statm() noexcept {
  std::array<char, 128> text{};
  std::string_view rest = read_text("/proc/self/statm", std::span<char>(text));
  std::array<std::uint64_t, 3> fields{};
  for (std::uint64_t& field : fields) {
    const auto number = std::from_chars(rest.data(), rest.data() + rest.size(), field);
    field *= static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    rest.remove_prefix(static_cast<std::size_t>(number.ptr - rest.data()));
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return fields;
}

// mmap aligns to 4 KiB only; reserve one huge page more and cut off what sticks out.
std::byte* trim(std::byte* start, std::size_t bytes) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const std::size_t lead = round_up(address, huge_page_bytes) - address;
  const std::size_t tail = huge_page_bytes - lead;
  if (lead != 0) munmap(start, lead);
  if (tail != 0) munmap(start + lead + bytes, tail);
  return start + lead;
}

}  // namespace

Region::Region(Region&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Region& Region::operator=(Region&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Region::~Region() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<Region> Region::reserve(std::size_t bytes, bool huge_pages) {
  Region region;
  region.size_ = round_up(bytes, huge_page_bytes);
  // NORESERVE: the range is an address budget; what it may cost is the caller's accounting.
  void* start = mmap(
      nullptr,
      region.size_ + huge_page_bytes,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
      -1,
      0
  );
  if (start == MAP_FAILED) return system_error(errno, "reserve " + format_size(region.size_));
  region.data_ = trim(static_cast<std::byte*>(start), region.size_);
  // Advice only: without transparent huge pages the region works, some per cent slower.
  madvise(region.data_, region.size_, huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return region;
}

void Region::discard(std::size_t offset, std::size_t bytes) const noexcept {
  RC_ASSERT(offset <= size_ && bytes <= size_ - offset);
  madvise(data_ + offset, bytes, MADV_DONTNEED);
}

std::uint64_t Region::resident_bytes() const noexcept {
  constexpr std::size_t pages_at_once = 4096;
  std::array<unsigned char, pages_at_once> present;
  std::uint64_t pages = 0;
  for (std::size_t at = 0; at < size_; at += pages_at_once * small_page_bytes) {
    const std::size_t bytes = std::min(size_ - at, pages_at_once * small_page_bytes);
    if (mincore(data_ + at, bytes, present.data()) != 0) break;
    const auto end = present.begin() + static_cast<std::ptrdiff_t>(bytes / small_page_bytes);
    pages += static_cast<std::uint64_t>(std::count_if(present.begin(), end, [](unsigned char p) {
      return (p & 1U) != 0;
    }));
  }
  return pages * small_page_bytes;
}

std::uint64_t resident_bytes() noexcept {
  return read_statm()[1];
}

std::uint64_t resident_file_bytes() noexcept {
  return read_statm()[2];
}

std::uint64_t machine_memory_bytes() noexcept {
  const long pages = sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? static_cast<std::uint64_t>(pages) * small_page_bytes : 0;
}

bool huge_pages_allowed() noexcept {
  std::array<char, 128> text{};
  const std::string_view modes =
      read_text("/sys/kernel/mm/transparent_hugepage/enabled", std::span<char>(text));
  return !modes.empty() && modes.find("[never]") == std::string_view::npos;
}

const char* allocator_name() noexcept {
#ifdef RC_MIMALLOC
  // Referring to the library here is also what keeps the linker from dropping it.
  return mi_version() > 0 ? "mimalloc" : "mimalloc?";
#else
  return "libc";
#endif
}

}  // namespace rc
