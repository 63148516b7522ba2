// Writing the replies of the binary protocol. Each function appends at `out` and returns the end;
// the caller has made room, as much as the *_max constants say.
// Thread: any; pure functions.
#pragma once

#include "proto/binary_parse.hpp"
#include "proto/binary_status.hpp"
#include "proto/classic_write.hpp"
#include "proto/request.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rc::proto {

inline constexpr std::uint8_t binary_reply_magic = 0x81;

template <class Number>
char* write_big_endian(char* out, Number number) {
  for (std::size_t i = sizeof(Number); i != 0; --i) {
    *out++ = static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * (i - 1)) & 0xFFU);
  }
  return out;
}

struct BinaryReply {
  Status status = Status::ok;
  std::uint8_t extras_bytes = 0;
  std::uint16_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
  std::uint64_t cas = 0;
};

// The header; extras, key and value follow.
inline char* write_binary_header(char* out, const Echo& echo, const BinaryReply& reply) {
  *out++ = static_cast<char>(binary_reply_magic);
  *out++ = static_cast<char>(echo.opcode);
  out = write_big_endian(out, reply.key_bytes);
  *out++ = static_cast<char>(reply.extras_bytes);
  *out++ = 0;
  out = write_big_endian(out, static_cast<std::uint16_t>(reply.status));
  out = write_big_endian(
      out, std::uint32_t{reply.extras_bytes} + reply.key_bytes + reply.value_bytes
  );
  std::memcpy(out, &echo.opaque, sizeof(echo.opaque));
  return write_big_endian(out + sizeof(echo.opaque), reply.cas);
}

// Header, client flags and, for the opcodes that return it, the key of a value that follows.
inline constexpr std::size_t binary_value_header_max =
    binary_header_bytes + sizeof(std::uint32_t) + key_bytes_max;

inline char* write_binary_value_header(
    char* out,
    const Echo& echo,
    std::uint32_t client_flags,
    std::string_view key,
    std::uint32_t value_bytes,
    std::uint64_t cas
) {
  const BinaryReply reply{
      .extras_bytes = sizeof(client_flags),
      .key_bytes = static_cast<std::uint16_t>(key.size()),
      .value_bytes = value_bytes,
      .cas = cas};
  out = write_big_endian(write_binary_header(out, echo, reply), client_flags);
  return write_bytes(out, key);
}

// A reply without key and extras; of an error, the words of its status.
inline constexpr std::size_t binary_status_max = binary_header_bytes + 64;

inline char* write_binary_status(char* out, const Echo& echo, Status status, std::uint64_t cas) {
  const std::string_view words = words_of(status);
  const BinaryReply reply{
      .status = status, .value_bytes = static_cast<std::uint32_t>(words.size()), .cas = cas};
  return write_bytes(write_binary_header(out, echo, reply), words);
}

}  // namespace rc::proto
