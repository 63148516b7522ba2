// Numbers to and from text, without locale, without allocation, and strict: the whole text must be
// the number.
// Thread: any.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rc {

// The longest text of a 64-bit number, sign included.
inline constexpr std::size_t number_text_max = 20;

// Nothing if `text` is empty, has anything but the number, or does not fit T.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text) noexcept {
  T number{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

// Writes `number` at `out` and returns the end. Requires: number_text_max bytes of room.
template <std::integral T>
char* write_number(char* out, T number) noexcept {
  return std::to_chars(out, out + number_text_max, number).ptr;
}

}  // namespace rc
