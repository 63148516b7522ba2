// Sizes in bytes, and how people write them.
// Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rc {

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;

// Rounds up to a multiple of `unit`. Requires: unit is a power of two.
[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t unit) {
  return (n + unit - 1) & ~(unit - 1);
}

// Reads "64m", "1g", "512k", "1GiB", "1048576"; a plain number counts in `plain_unit` bytes.
// Suffixes are binary (k = 1024) and case does not matter. Nothing if the text is no such size or
// exceeds 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_size(
    std::string_view text, std::uint64_t plain_unit = 1
);

// "1.5 GiB", "64 MiB", "300 B": at most one decimal.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace rc
