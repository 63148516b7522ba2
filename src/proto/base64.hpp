// Base64 as keys of the meta protocol use it: the standard alphabet, padded, nothing else.
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace rc::proto {

// The decoded bytes of `text`, written at `room`, or nothing if it is not base64. Requires: room
// for text.size() / 4 * 3 bytes.
[[nodiscard]] std::optional<std::string_view> decode_base64(
    std::string_view text, std::span<char> room
);

// Appends the spelling of `bytes` at `out` and returns its end. Requires: base64_bytes() of room.
[[nodiscard]] constexpr std::size_t base64_bytes(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}
char* encode_base64(char* out, std::string_view bytes);

}  // namespace rc::proto
