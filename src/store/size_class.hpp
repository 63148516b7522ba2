// The sizes in which pages are cut.
//
// A page of 64 KiB holds chunks of one size. Sizes are multiples of 16 bytes, about a sixteenth
// apart, and each is the largest that lets its number of chunks fit a page, so nothing is left over
// at a page's end. From 4 KiB upwards a page holds sixteen at most and the steps grow by
// themselves. Everything here is computed by the compiler.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rc::store {

inline constexpr std::uint32_t page_bytes = 64 * 1024;
inline constexpr std::uint32_t chunk_unit_bytes = 16;
inline constexpr std::uint32_t chunk_min_bytes = 48;
inline constexpr std::uint32_t chunk_max_bytes = page_bytes / 2;
inline constexpr std::uint32_t chunks_per_page_max = page_bytes / chunk_min_bytes;

// An index into size_classes.
enum class ClassId : std::uint8_t {};

[[nodiscard]] constexpr std::size_t index(ClassId c) {
  return static_cast<std::size_t>(c);
}

struct SizeClass {
  std::uint32_t chunk_bytes = 0;
  std::uint32_t chunks = 0;
  // Division by chunk_bytes of an offset within a page, as a multiplication.
  std::uint32_t reciprocal = 0;
  // A page with at least this many free chunks is worth taking up; with fewer it waits until more
  // are freed, so that a thread that takes it can stay a while.
  std::uint32_t holes_min = 0;

  [[nodiscard]] constexpr std::uint32_t chunk_at(std::uint32_t offset) const {
    return static_cast<std::uint32_t>(
        (std::uint64_t{offset / chunk_unit_bytes} * reciprocal) >> 22U
    );
  }
  [[nodiscard]] constexpr std::uint32_t bitmap_words() const { return (chunks + 63) / 64; }
};

namespace size_class_detail {

constexpr SizeClass with_chunks(std::uint32_t chunks) {
  const std::uint32_t bytes = page_bytes / chunks / chunk_unit_bytes * chunk_unit_bytes;
  const std::uint32_t units = bytes / chunk_unit_bytes;
  return {
      .chunk_bytes = bytes,
      .chunks = page_bytes / bytes,
      .reciprocal = ((1U << 22U) + units - 1) / units,
      .holes_min = chunks / 64 + 1,
  };
}

// The next size: a sixteenth more, or one unit, then as large as its number of chunks allows.
constexpr SizeClass after(SizeClass c) {
  const std::uint32_t sixteenth = c.chunk_bytes / 16 / chunk_unit_bytes * chunk_unit_bytes;
  const std::uint32_t step = sixteenth != 0 ? sixteenth : chunk_unit_bytes;
  return with_chunks(page_bytes / (c.chunk_bytes + step));
}

constexpr std::size_t count_classes() {
  std::size_t n = 1;
  SizeClass c = with_chunks(chunks_per_page_max);
  for (; c.chunk_bytes < chunk_max_bytes; ++n) c = after(c);
  return n;
}

}  // namespace size_class_detail

inline constexpr std::size_t class_count = size_class_detail::count_classes();

inline constexpr std::array<SizeClass, class_count> size_classes = [] {
  std::array<SizeClass, class_count> all{};
  all[0] = size_class_detail::with_chunks(chunks_per_page_max);
  for (std::size_t i = 1; i < class_count; ++i) all[i] = size_class_detail::after(all[i - 1]);
  return all;
}();

static_assert(size_classes.front().chunk_bytes == chunk_min_bytes);
static_assert(size_classes.back().chunk_bytes == chunk_max_bytes);
static_assert(class_count < 80);

[[nodiscard]] constexpr const SizeClass& size_class(ClassId c) {
  return size_classes[index(c)];
}

namespace size_class_detail {

// For each size in units of 16 bytes, the smallest class that holds it.
inline constexpr auto class_by_units = [] {
  std::array<std::uint8_t, chunk_max_bytes / chunk_unit_bytes + 1> table{};
  std::uint8_t c = 0;
  for (std::size_t units = 0; units < table.size(); ++units) {
    while (size_classes[c].chunk_bytes < units * chunk_unit_bytes) ++c;
    table[units] = c;
  }
  return table;
}();

}  // namespace size_class_detail

// The smallest class whose chunks hold `bytes`. Requires: bytes <= chunk_max_bytes.
[[nodiscard]] constexpr ClassId class_for(std::uint32_t bytes) {
  return ClassId{
      size_class_detail::class_by_units[(bytes + chunk_unit_bytes - 1) / chunk_unit_bytes]};
}

}  // namespace rc::store
