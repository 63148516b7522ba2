// Times as people write and read them.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rc::bench {

inline constexpr std::uint64_t second_ns = 1'000'000'000;

// "30s", "500ms", "250us", "2m", "1.5s"; a plain number counts in seconds. In nanoseconds; nothing
// for any other text.
[[nodiscard]] std::optional<std::uint64_t> parse_duration(std::string_view text);

// "1.5 s", "2 ms", "250 us": three significant digits at most.
[[nodiscard]] std::string format_duration(std::uint64_t ns);

// "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

// "1 key", "2,000 keys".
[[nodiscard]] std::string counted(std::uint64_t number, const char* one);

// As printf, into a string.
[[nodiscard, gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...);

}  // namespace rc::bench
