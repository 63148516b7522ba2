// What the classic and the meta parser share: where a line ends, what is refused how, what a key
// is. Private to this room. Thread: any; pure functions.
#pragma once

#include "proto/parsed.hpp"
#include "proto/request.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace rc::proto {

// A line may be this long before its newline, except the retrieval commands, whose lists of keys
// are bounded only by what the connection may buffer.
inline constexpr std::size_t line_bytes_max = 2048;

// A value is followed by "\r\n".
inline constexpr std::uint32_t value_end_bytes = 2;

inline std::size_t distance(const char* from, const char* to) {
  return static_cast<std::size_t>(to - from);
}

inline std::string_view between(const char* from, const char* to) {
  return {from, distance(from, to)};
}

// Without the carriage return that belongs to the line end.
inline std::string_view without_return(std::string_view text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

inline bool is_retrieval(std::string_view bytes) {
  static constexpr std::string_view prefixes[] = {"get ", "gets ", "gat ", "gats "};
  return std::any_of(std::begin(prefixes), std::end(prefixes), [bytes](std::string_view prefix) {
    return bytes.substr(0, prefix.size()) == prefix;
  });
}

// The answer while the newline has not come.
inline Parsed unfinished(std::string_view bytes) {
  const bool endless = bytes.size() > line_bytes_max && !is_retrieval(bytes);
  return {.verdict = endless ? Verdict::close : Verdict::incomplete};
}

inline Parsed refuse(Text reply, std::size_t line_bytes, std::uint32_t swallow_bytes = 0) {
  return {
      .verdict = Verdict::refused,
      .reply = reply,
      .line_bytes = line_bytes,
      .swallow_bytes = swallow_bytes};
}

inline bool is_key(std::string_view token) {
  return !token.empty() && token.size() <= key_bytes_max;
}

}  // namespace rc::proto
