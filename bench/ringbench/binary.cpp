#include "ringbench/binary.hpp"

#include "common/stand_in.hpp"

#include <array>

namespace rc::bench {
namespace {

constexpr std::size_t header_bytes = 24;
constexpr std::uint8_t request_magic = 0x80;
constexpr std::uint8_t answer_magic = 0x81;

enum Opcode : std::uint8_t {
  op_get = 0x00,
  op_set = 0x01,
  op_noop = 0x0a,
  op_version = 0x0b,
  op_getkq = 0x0d
};

constexpr std::uint16_t status_ok = 0;
constexpr std::uint16_t status_not_found = 1;
constexpr std::uint16_t status_too_large = 3;
constexpr std::uint16_t status_out_of_memory = 0x82;

void append_header(
    std::string& out,
    std::uint8_t opcode,
    std::size_t key_bytes,
    std::uint8_t extra_bytes,
    std::size_t value_bytes
) {
  const std::size_t body = key_bytes + extra_bytes + value_bytes;
  std::array<char, header_bytes> header{};
  header[0] = static_cast<char>(request_magic);
  header[1] = static_cast<char>(opcode);
  header[2] = static_cast<char>(key_bytes >> 8);
  header[3] = static_cast<char>(key_bytes);
  header[4] = static_cast<char>(extra_bytes);
  for (std::size_t at = 0; at < 4; ++at) header[8 + at] = static_cast<char>(body >> (24 - 8 * at));
  out.append(header.data(), header.size());
}

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t end = at + count; at < end; ++at) {
    number = number << 8 | static_cast<std::uint8_t>(bytes[at]);
  }
  return number;
}

// An answer's fields, once it is there as a whole.
struct Frame {
  std::uint8_t opcode;
  std::uint16_t status;
  std::string_view key;
  std::string_view value;
  std::size_t size;
  bool is_right;  // It is an answer, and its lengths agree.
};

std::optional<Frame> frame_of(std::string_view input) {
  if (input.empty()) return std::nullopt;
  if (static_cast<std::uint8_t>(input[0]) != answer_magic) {
    return Frame{
        .opcode = 0, .status = 0, .key = {}, .value = {}, .size = input.size(), .is_right = false};
  }
  if (input.size() < header_bytes) return std::nullopt;
  const std::size_t body = number_at(input, 8, 4);
  if (input.size() < header_bytes + body) return std::nullopt;
  const std::size_t key_bytes = number_at(input, 2, 2);
  const std::size_t extra_bytes = number_at(input, 4, 1);
  Frame frame{
      .opcode = static_cast<std::uint8_t>(input[1]),
      .status = static_cast<std::uint16_t>(number_at(input, 6, 2)),
      .key = {},
      .value = {},
      .size = header_bytes + body,
      .is_right = key_bytes + extra_bytes <= body,
  };
  if (!frame.is_right) return frame;
  frame.key = input.substr(header_bytes + extra_bytes, key_bytes);
  frame.value =
      input.substr(header_bytes + extra_bytes + key_bytes, body - extra_bytes - key_bytes);
  return frame;
}

AnswerKind kind_of(const Frame& frame, Verb verb) {
  if (!frame.is_right) return AnswerKind::wrong;
  if (frame.status == status_out_of_memory || frame.status == status_too_large) {
    return AnswerKind::refused;
  }
  if (verb == Verb::set) {
    const bool is_stored = frame.opcode == op_set && frame.status == status_ok;
    return is_stored ? AnswerKind::stored : AnswerKind::wrong;
  }
  if (frame.opcode == op_noop && frame.status == status_ok) return AnswerKind::rest;
  if (frame.opcode != op_get && frame.opcode != op_getkq) return AnswerKind::wrong;
  if (frame.status == status_not_found) return AnswerKind::miss;
  return frame.status == status_ok ? AnswerKind::value : AnswerKind::wrong;
}

}  // namespace

void Binary::write_get(std::string& out, std::span<const Item> items) const {
  if (items.size() == 1) return append_get(out, op_get, items.front().object);
  for (const Item& item : items) append_get(out, op_getkq, item.object);
  append_header(out, op_noop, 0, 0, 0);
}

void Binary::append_get(std::string& out, std::uint8_t opcode, std::uint64_t object) const {
  append_header(out, opcode, key_bytes(), 0, 0);
  append_key(out, object);
}

void Binary::write_set(std::string& out, const Item& item) const {
  constexpr std::uint8_t extra_bytes = 8;  // Client flags, which are 0, and the expiry time.
  append_header(out, op_set, key_bytes(), extra_bytes, item.size_bytes);
  out.append(4, '\0');
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    out += static_cast<char>(ttl_s() >> (shift - 8));
  }
  append_key(out, item.object);
  append_value(out, item.object, item.size_bytes);
}

Answer Binary::parse(std::string_view input, const Awaited& awaited) const {
  const std::optional<Frame> frame = frame_of(input);
  if (!frame) return {};
  const AnswerKind kind = kind_of(*frame, awaited.verb);
  // Of a multiget only the NOOP behind it ends the answer, whatever came before.
  const bool completes = awaited.keys == 1 || frame->opcode == op_noop || !frame->is_right;
  const bool has_value = kind == AnswerKind::value;
  return {
      .kind = kind,
      .completes = completes,
      .size = frame->size,
      .key = has_value ? frame->key : std::string_view(),
      .value = has_value ? frame->value : std::string_view(),
  };
}

std::string_view Binary::version_request() const {
  constexpr std::string_view request(
      "\x80\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", header_bytes
  );
  return request;
}

std::optional<std::string> Binary::version_in(std::string_view input) const {
  const std::optional<Frame> frame = frame_of(input);
  if (!frame) return std::nullopt;
  return std::string(frame->opcode == op_version ? frame->value : std::string_view());
}

}  // namespace rc::bench
