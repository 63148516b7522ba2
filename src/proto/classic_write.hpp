// Writing the replies of the classic text protocol. Each function appends at `out` and returns the
// end of what it wrote; the caller has made room, as much as the *_max constants say.
// Thread: any; pure functions.
#pragma once

#include "base/numbers.hpp"
#include "proto/request.hpp"
#include "proto/texts.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rc::proto {

inline constexpr std::string_view line_end = "\r\n";

inline char* write_bytes(char* out, std::string_view bytes) {
  // Not memcpy: a view of nothing may have no address, which memcpy must not be given.
  return out + bytes.copy(out, bytes.size());
}

inline char* write_text(char* out, Text text) {
  return write_bytes(out, line_of(text));
}

// "VALUE <key> <flags> <bytes>[ <cas>]\r\n". The value, a line end and, after the last value of the
// command, END follow.
inline constexpr std::size_t value_header_max =
    sizeof("VALUE ") + key_bytes_max + 3 * (1 + number_text_max) + line_end.size();

struct ValueHeader {
  std::string_view key;
  std::uint32_t client_flags = 0;
  std::uint32_t value_bytes = 0;
};

inline char* write_value_header_open(char* out, const ValueHeader& header) {
  out = write_bytes(out, "VALUE ");
  out = write_bytes(out, header.key);
  *out++ = ' ';
  out = write_number(out, header.client_flags);
  *out++ = ' ';
  return write_number(out, header.value_bytes);
}

inline char* write_value_header(char* out, const ValueHeader& header) {
  return write_bytes(write_value_header_open(out, header), line_end);
}

inline char* write_value_header(char* out, const ValueHeader& header, std::uint64_t cas) {
  out = write_value_header_open(out, header);
  *out++ = ' ';
  return write_bytes(write_number(out, cas), line_end);
}

// The new value of an incr or decr.
inline constexpr std::size_t number_line_max = number_text_max + line_end.size();

inline char* write_number_line(char* out, std::uint64_t number) {
  return write_bytes(write_number(out, number), line_end);
}

}  // namespace rc::proto
