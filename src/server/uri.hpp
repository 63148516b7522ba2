// Keys in the lines of dumps and watchers: written so that any byte survives and nothing breaks the
// line.
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace rc::server {

// The most that write_uri makes of one byte.
inline constexpr std::size_t uri_bytes_per_byte = 3;

// Letters, digits and -._~ stand for themselves in a URI; the rest is written as %XX.
inline char* write_uri(char* out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view marks = "-._~";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos) {
      *out++ = c;
      continue;
    }
    *out++ = '%';
    *out++ = digits[byte >> 4U];
    *out++ = digits[byte & 15U];
  }
  return out;
}

}  // namespace rc::server
