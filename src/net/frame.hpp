// memcached's frame around a UDP datagram: eight bytes of request id, sequence number, number of
// datagrams and a reserved field, each sixteen bits in network order; then the same bytes that a
// stream would carry. A request is one datagram; a reply is cut into as many as it needs, numbered
// from 0, with the request's id.
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rc::net {

inline constexpr std::size_t frame_bytes = 8;
// With its frame, so that no network on the way has to cut it.
inline constexpr std::size_t datagram_bytes_max = 1400;
inline constexpr std::size_t payload_bytes_max = datagram_bytes_max - frame_bytes;

struct Frame {
  std::uint16_t request_id = 0;
  std::string_view payload;  // not empty
};

// Nothing if the datagram carries no request, or a part of one that was cut: those are dropped
// without an answer.
[[nodiscard]] std::optional<Frame> read_frame(std::string_view datagram);

// How many datagrams carry a reply; `reply_bytes` fits 65535 of them.
[[nodiscard]] constexpr std::size_t datagram_count(std::size_t reply_bytes) {
  return (reply_bytes + payload_bytes_max - 1) / payload_bytes_max;
}

// Writes frame_bytes to `at`.
void write_frame(char* at, std::uint16_t request_id, std::size_t number, std::size_t count);

}  // namespace rc::net
