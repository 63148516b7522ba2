// What a parser says about the head of some bytes, whatever the protocol.
// Thread: any; a plain value.
#pragma once

#include "proto/binary_status.hpp"
#include "proto/texts.hpp"

#include <cstddef>
#include <cstdint>

namespace rc::proto {

enum class Verdict : std::uint8_t {
  incomplete,  // no whole line or header yet: come again with more bytes
  request,     // the request is filled, its views point into the bytes
  refused,     // answer `reply` or `status`, consume the line and `swallow_bytes` behind it
  close,       // not our protocol, or a line without end: close without a word
};

struct Parsed {
  Verdict verdict = Verdict::incomplete;
  Text reply = Text::none;          // refused: Text::none where noreply forbids an answer
  bool closes = false;              // refused: the framing is lost, close after the answer
  Status status = Status::ok;       // refused, binary: the answer
  std::size_t line_bytes = 0;       // request, refused: the line with its end; header to key
  std::uint32_t swallow_bytes = 0;  // refused: the announced value and its line end
};

}  // namespace rc::proto
