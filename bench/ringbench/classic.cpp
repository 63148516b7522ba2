#include "ringbench/classic.hpp"

#include "common/reply.hpp"
#include "common/stand_in.hpp"
#include "ringbench/numbers_text.hpp"

namespace rc::bench {
void Classic::write_get(std::string& out, std::span<const Item> items) const {
  out += "get";
  for (const Item& item : items) {
    out += ' ';
    append_key(out, item.object);
  }
  out += "\r\n";
}

void Classic::write_set(std::string& out, const Item& item) const {
  out += "set ";
  append_key(out, item.object);
  out += " 0 ";
  append_number(out, ttl_s());
  out += ' ';
  append_number(out, item.size_bytes);
  out += "\r\n";
  append_value(out, item.object, item.size_bytes);
  out += "\r\n";
}

Answer Classic::parse(std::string_view input, const Awaited& awaited) const {
  const Reply reply = next_reply(input);
  const auto answer = [&](AnswerKind kind, bool completes) {
    return Answer{.kind = kind, .completes = completes, .size = reply.size};
  };
  switch (reply.kind) {
    case ReplyKind::incomplete:
      return {};
    case ReplyKind::value:
      if (awaited.verb != Verb::get) return answer(AnswerKind::wrong, true);
      return {
          .kind = AnswerKind::value,
          .size = reply.size,
          .key = reply.key,
          .value = reply.value,
      };
    case ReplyKind::end:
      return answer(awaited.verb == Verb::get ? AnswerKind::rest : AnswerKind::wrong, true);
    case ReplyKind::stored:
      return answer(awaited.verb == Verb::set ? AnswerKind::stored : AnswerKind::wrong, true);
    case ReplyKind::refused:
      return answer(AnswerKind::refused, true);
    case ReplyKind::exists:
    case ReplyKind::not_found:
    case ReplyKind::version:
    case ReplyKind::unexpected:
      break;
  }
  return answer(AnswerKind::wrong, true);
}

std::optional<std::string> Classic::version_in(std::string_view input) const {
  return version_line(input);
}

std::optional<std::string> version_line(std::string_view input) {
  constexpr std::string_view word = "VERSION ";
  const std::size_t end = input.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = input.substr(0, end);
  return std::string(line.starts_with(word) ? line.substr(word.size()) : std::string_view());
}

}  // namespace rc::bench
