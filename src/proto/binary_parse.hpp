// The parser of memcached's binary protocol: a header of 24 bytes with what follows it up to the
// key becomes a Request, or a status and a rule how the framing goes on.
//
// A pure function like parse_text(). All lengths are unsigned and are compared with each other
// before any of them is used; the length of the value is computed here, once. An unknown opcode
// takes exactly its body along. A request whose lengths contradict each other, or its opcode, ends
// the connection after the answer: what comes next could be anything.
//
//   0 magic  1 opcode  2 key length (2)  4 extras length  5 data type  6 vbucket (2)
//   8 body length (4)  12 opaque (4)  16 cas (8); then extras, key, value: together the body
// Thread: any.
#pragma once

#include "proto/parsed.hpp"
#include "proto/request.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::proto {

inline constexpr std::uint8_t binary_request_magic = 0x80;
inline constexpr std::size_t binary_header_bytes = 24;
// The longest body that is believed.
inline constexpr std::uint32_t binary_body_max = 1U << 30U;

enum class Opcode : std::uint8_t {
  get = 0x00,
  set = 0x01,
  add = 0x02,
  replace = 0x03,
  erase = 0x04,
  increment = 0x05,
  decrement = 0x06,
  quit = 0x07,
  flush = 0x08,
  get_quiet = 0x09,
  noop = 0x0a,
  version = 0x0b,
  get_key = 0x0c,
  get_key_quiet = 0x0d,
  append = 0x0e,
  prepend = 0x0f,
  stat = 0x10,
  set_quiet = 0x11,
  add_quiet = 0x12,
  replace_quiet = 0x13,
  erase_quiet = 0x14,
  increment_quiet = 0x15,
  decrement_quiet = 0x16,
  quit_quiet = 0x17,
  flush_quiet = 0x18,
  append_quiet = 0x19,
  prepend_quiet = 0x1a,
  touch = 0x1c,
  get_touch = 0x1d,
  get_touch_quiet = 0x1e,
  get_key_touch = 0x23,
  get_key_touch_quiet = 0x24,
};

// Of a refused request the echo is filled as well, as far as the header has come.
[[nodiscard]] Parsed parse_binary(std::string_view bytes, Request& request);

}  // namespace rc::proto
