#include "net/frame.hpp"

namespace rc::net {

namespace {

std::uint16_t read_16(std::string_view bytes, std::size_t at) {
  const auto high = static_cast<unsigned char>(bytes[at]);
  const auto low = static_cast<unsigned char>(bytes[at + 1]);
  return static_cast<std::uint16_t>(high << 8U | low);
}

void write_16(char* at, std::size_t number) {
  at[0] = static_cast<char>(number >> 8U & 0xffU);
  at[1] = static_cast<char>(number & 0xffU);
}

}  // namespace

std::optional<Frame> read_frame(std::string_view datagram) {
  constexpr std::size_t count_at = 4;
  if (datagram.size() <= frame_bytes || read_16(datagram, count_at) != 1) return std::nullopt;
  return Frame{.request_id = read_16(datagram, 0), .payload = datagram.substr(frame_bytes)};
}

void write_frame(char* at, std::uint16_t request_id, std::size_t number, std::size_t count) {
  write_16(at, request_id);
  write_16(at + 2, number);
  write_16(at + 4, count);
  write_16(at + 6, 0);
}

}  // namespace rc::net
