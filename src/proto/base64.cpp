#include "proto/base64.hpp"

#include "base/assert.hpp"

#include <array>
#include <cstdint>

namespace rc::proto {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xFF;

constexpr auto digits = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

char low_byte(std::uint32_t bits) {
  return static_cast<char>(bits & 0xFFU);
}

}  // namespace

std::optional<std::string_view> decode_base64(std::string_view text, std::span<char> room) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  RC_ASSERT(room.size() >= text.size() / 4 * 3);
  const std::size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] == '=' ? 2 : 1;
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const std::size_t digit_count = last ? 4 - padding : 4;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t value = digits[static_cast<unsigned char>(text[at + i])];
      if (i < digit_count && value == no_digit) return std::nullopt;
      bits = bits << 6U | (i < digit_count ? value : 0U);
    }
    for (std::size_t i = 0; i + 1 < digit_count; ++i) {
      room[written++] = low_byte(bits >> (16U - 8U * i));
    }
  }
  return std::string_view(room.data(), written);
}

char* encode_base64(char* out, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      *out++ = i <= group.size() ? alphabet[bits >> (18U - 6U * i) & 0x3FU] : '=';
    }
  }
  return out;
}

}  // namespace rc::proto
