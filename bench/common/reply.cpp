#include "common/reply.hpp"

#include "base/numbers.hpp"

#include <cstdint>

namespace rc::bench {
namespace {

constexpr std::string_view line_end = "\r\n";

// No line of a reply that we can use is longer: a key has at most 250 bytes. Without a bound a
// server that sends no line end would make the client wait for ever.
constexpr std::size_t line_size_max = 2048;

std::string_view next_token(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view token = rest.substr(0, space);
  rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  return token;
}

// `line` is "<key> <flags> <bytes>[ <cas>]"; the data block starts at `data_at` of the input.
Reply value_reply(std::string_view input, std::string_view line, std::size_t data_at) {
  const std::string_view key = next_token(line);
  static_cast<void>(next_token(line));  // The flags: the benchmarks store 0 and do not look.
  const auto value_size = parse_number<std::uint32_t>(next_token(line));
  if (key.empty() || !value_size) {
    return {.kind = ReplyKind::unexpected, .size = data_at};
  }
  const std::size_t reply_size = data_at + *value_size + line_end.size();
  if (input.size() < reply_size) return {};
  if (input.substr(data_at + *value_size, line_end.size()) != line_end) {
    return {.kind = ReplyKind::unexpected, .size = reply_size};
  }
  return {
      .kind = ReplyKind::value,
      .size = reply_size,
      .key = key,
      .value = input.substr(data_at, *value_size),
  };
}

ReplyKind kind_of(std::string_view line) {
  if (line == "END") return ReplyKind::end;
  if (line == "STORED") return ReplyKind::stored;
  if (line == "EXISTS") return ReplyKind::exists;
  if (line == "NOT_FOUND") return ReplyKind::not_found;
  if (line.starts_with("SERVER_ERROR ")) return ReplyKind::refused;
  if (line.starts_with("VERSION ")) return ReplyKind::version;
  return ReplyKind::unexpected;
}

}  // namespace

Reply next_reply(std::string_view input) {
  // The line feed alone is searched for, as memchr is fast; the return must stand before it.
  const std::size_t feed = input.find('\n');
  if (feed == std::string_view::npos) {
    if (input.size() < line_size_max) return {};
    return {.kind = ReplyKind::unexpected, .size = input.size()};
  }
  const std::size_t size = feed + 1;
  if (feed == 0 || input[feed - 1] != '\r') return {.kind = ReplyKind::unexpected, .size = size};

  std::string_view line = input.substr(0, feed - 1);
  constexpr std::string_view value_word = "VALUE ";
  if (!line.starts_with(value_word)) return {.kind = kind_of(line), .size = size};
  return value_reply(input, line.substr(value_word.size()), size);
}

}  // namespace rc::bench
