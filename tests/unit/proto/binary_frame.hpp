// Builds the packets of the binary protocol for tests, good and bad ones.
#pragma once

#include <cstdint>
#include <string>

namespace rc::proto_test {

inline std::string big_endian(std::uint64_t number, unsigned bytes) {
  std::string text;
  for (unsigned i = bytes; i != 0; --i) text += static_cast<char>(number >> (8 * (i - 1)) & 0xFFU);
  return text;
}

// A request, or with `status` and magic 0x81 what a reply has to be.
struct Frame {
  std::uint8_t opcode = 0;
  std::string extras{};
  std::string key{};
  std::string value{};
  std::uint64_t cas = 0;
  std::uint32_t opaque = 0;
  std::uint16_t status = 0;
  std::uint8_t magic = 0x80;

  // With lengths of its own, true or not.
  [[nodiscard]] std::string header(
      std::uint16_t key_bytes, std::uint8_t extras_bytes, std::uint32_t body_bytes
  ) const {
    return big_endian(magic, 1) + big_endian(opcode, 1) + big_endian(key_bytes, 2) +
           big_endian(extras_bytes, 1) + big_endian(0, 1) + big_endian(status, 2) +
           big_endian(body_bytes, 4) + big_endian(opaque, 4) + big_endian(cas, 8);
  }

  [[nodiscard]] std::string bytes() const {
    const std::string body = extras + key + value;
    return header(
               static_cast<std::uint16_t>(key.size()),
               static_cast<std::uint8_t>(extras.size()),
               static_cast<std::uint32_t>(body.size())
           ) +
           body;
  }
};

}  // namespace rc::proto_test
