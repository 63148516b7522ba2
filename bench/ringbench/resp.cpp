#include "ringbench/resp.hpp"

#include "common/stand_in.hpp"
#include "ringbench/numbers_text.hpp"

#include <algorithm>

namespace rc::bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t line_bytes_max = 2048;  // As long as no line to us is.

void append_count(std::string& out, char mark, std::uint64_t count) {
  out += mark;
  append_number(out, count);
  out += line_end;
}

void append_word(std::string& out, std::string_view word) {
  append_count(out, '$', word.size());
  out += word;
  out += line_end;
}

// "$<size>", whose data starts at `data_at`, or "$-1": no value.
Answer bulk_answer(
    std::string_view input, std::string_view line, std::size_t data_at, bool is_last
) {
  if (line == "$-1") return {.kind = AnswerKind::miss, .completes = is_last, .size = data_at};
  const auto size = parse_number<std::uint32_t>(line.substr(1));
  if (!size) return {.kind = AnswerKind::wrong, .completes = true, .size = data_at};
  const std::size_t whole = data_at + *size + line_end.size();
  if (input.size() < whole) return {};
  if (input.substr(data_at + *size, line_end.size()) != line_end) {
    return {.kind = AnswerKind::wrong, .completes = true, .size = whole};
  }
  return {
      .kind = AnswerKind::value,
      .completes = is_last,
      .size = whole,
      .value = input.substr(data_at, *size),
  };
}

AnswerKind kind_of(std::string_view line, const Awaited& awaited) {
  if (line == "+OK") return awaited.verb == Verb::set ? AnswerKind::stored : AnswerKind::wrong;
  if (line.starts_with("-OOM ")) return AnswerKind::refused;
  return AnswerKind::wrong;
}

// The head of an MGET's answer: as many values follow as keys were asked for.
bool is_head(std::string_view line, const Awaited& awaited) {
  return awaited.verb == Verb::get && awaited.keys > 1 && awaited.keys_left == awaited.keys &&
         line.starts_with('*') && parse_number<std::uint32_t>(line.substr(1)) == awaited.keys;
}

}  // namespace

void Resp::write_get(std::string& out, std::span<const Item> items) const {
  append_count(out, '*', 1 + items.size());
  append_word(out, items.size() == 1 ? "GET" : "MGET");
  for (const Item& item : items) {
    append_count(out, '$', key_bytes());
    append_key(out, item.object);
    out += line_end;
  }
}

void Resp::write_set(std::string& out, const Item& item) const {
  append_count(out, '*', ttl_s() > 0 ? 5 : 3);
  append_word(out, "SET");
  append_count(out, '$', key_bytes());
  append_key(out, item.object);
  out += line_end;
  append_count(out, '$', item.size_bytes);
  append_value(out, item.object, item.size_bytes);
  out += line_end;
  if (ttl_s() == 0) return;
  append_word(out, "EX");
  append_word(out, std::to_string(ttl_s()));
}

Answer Resp::parse(std::string_view input, const Awaited& awaited) const {
  const std::size_t feed = input.find('\n');
  if (feed == std::string_view::npos) {
    if (input.size() < line_bytes_max) return {};
    return {.kind = AnswerKind::wrong, .completes = true, .size = input.size()};
  }
  const std::size_t size = feed + 1;
  const std::string_view line = input.substr(0, feed - (feed > 0 && input[feed - 1] == '\r'));
  if (awaited.verb == Verb::get && line.starts_with('$')) {
    return bulk_answer(input, line, size, awaited.keys_left == 1);
  }
  if (is_head(line, awaited)) return {.kind = AnswerKind::frame, .completes = false, .size = size};
  return {.kind = kind_of(line, awaited), .completes = true, .size = size};
}

// Valkey says what Redis it is compatible with as well; its own version comes first.
std::optional<std::string> Resp::version_in(std::string_view input) const {
  const Answer answer = parse(input, {.verb = Verb::get, .keys = 1, .keys_left = 1});
  if (answer.kind == AnswerKind::incomplete) return std::nullopt;
  if (answer.kind != AnswerKind::value) return std::string();
  for (const std::string_view name : {"valkey_version:", "redis_version:"}) {
    const std::size_t at = answer.value.find(name);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = answer.value.substr(at + name.size());
    return std::string(rest.substr(0, rest.find_first_of(line_end)));
  }
  return "unknown";
}

}  // namespace rc::bench
