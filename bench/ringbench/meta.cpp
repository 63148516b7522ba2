#include "ringbench/meta.hpp"

#include "common/stand_in.hpp"
#include "ringbench/classic.hpp"
#include "ringbench/numbers_text.hpp"

namespace rc::bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t line_bytes_max = 2048;  // As long as no answer to ours is.

// "VA <size>[ k<key>]", whose data block starts at `data_at` of the input.
Answer value_answer(std::string_view input, std::string_view line, std::size_t data_at) {
  line.remove_prefix(3);
  const std::size_t space = line.find(' ');
  const auto size = parse_number<std::uint32_t>(line.substr(0, space));
  if (!size) return {.kind = AnswerKind::wrong, .completes = true, .size = data_at};
  const std::size_t whole = data_at + *size + line_end.size();
  if (input.size() < whole) return {};
  if (input.substr(data_at + *size, line_end.size()) != line_end) {
    return {.kind = AnswerKind::wrong, .completes = true, .size = whole};
  }
  std::string_view key;
  if (space != std::string_view::npos) key = line.substr(space + 1);
  if (key.starts_with('k')) key.remove_prefix(1);
  return {
      .kind = AnswerKind::value,
      .size = whole,
      .key = key,
      .value = input.substr(data_at, *size),
  };
}

AnswerKind kind_of(std::string_view line, Verb verb) {
  if (line == "HD") return verb == Verb::set ? AnswerKind::stored : AnswerKind::wrong;
  if (line == "EN") return verb == Verb::get ? AnswerKind::miss : AnswerKind::wrong;
  if (line == "MN") return verb == Verb::get ? AnswerKind::rest : AnswerKind::wrong;
  if (line.starts_with("SERVER_ERROR ")) return AnswerKind::refused;
  return AnswerKind::wrong;
}

}  // namespace

void Meta::write_get(std::string& out, std::span<const Item> items) const {
  if (items.size() == 1) {
    out += "mg ";
    append_key(out, items.front().object);
    out += " v\r\n";
    return;
  }
  for (const Item& item : items) {
    out += "mg ";
    append_key(out, item.object);
    out += " k v q\r\n";
  }
  out += "mn\r\n";
}

void Meta::write_set(std::string& out, const Item& item) const {
  out += "ms ";
  append_key(out, item.object);
  out += ' ';
  append_number(out, item.size_bytes);
  if (ttl_s() > 0) {
    out += " T";
    append_number(out, ttl_s());
  }
  out += line_end;
  append_value(out, item.object, item.size_bytes);
  out += line_end;
}

Answer Meta::parse(std::string_view input, const Awaited& awaited) const {
  const std::size_t feed = input.find('\n');
  if (feed == std::string_view::npos) {
    if (input.size() < line_bytes_max) return {};
    return {.kind = AnswerKind::wrong, .completes = true, .size = input.size()};
  }
  const std::size_t size = feed + 1;
  const std::string_view line = input.substr(0, feed - (feed > 0 && input[feed - 1] == '\r'));
  const bool is_get = awaited.verb == Verb::get;
  if (is_get && line.starts_with("VA ")) {
    Answer answer = value_answer(input, line, size);
    if (answer.kind == AnswerKind::value) answer.completes = awaited.keys == 1;
    return answer;
  }
  return {.kind = kind_of(line, awaited.verb), .completes = true, .size = size};
}

std::optional<std::string> Meta::version_in(std::string_view input) const {
  return version_line(input);
}

}  // namespace rc::bench
