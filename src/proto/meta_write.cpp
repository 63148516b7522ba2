#include "proto/meta_write.hpp"

#include "base/numbers.hpp"
#include "proto/classic_write.hpp"
#include "proto/scan.hpp"

namespace rc::proto {

namespace {

template <class Number>
char* write_flag(char* out, char letter, Number number) {
  *out++ = ' ';
  *out++ = letter;
  return write_number(out, number);
}

char* write_key(char* out, const Echo& echo) {
  out = write_bytes(write_bytes(out, " k"), echo.key);
  return echo.base64_key ? write_bytes(out, " b") : out;
}

// What a letter of the request asks the reply to tell; nothing for most of them.
char* write_answer(
    char* out,
    std::string_view token,
    const Echo& echo,
    Bits<Return> answers,
    const MetaFacts& facts,
    std::int64_t ttl_s
) {
  const auto asks = [&](char letter, Return what) {
    return token[0] == letter && answers.has(what);
  };
  if (asks('k', Return::key)) return write_key(out, echo);
  if (asks('O', Return::opaque)) return write_bytes(write_bytes(out, " "), token);
  if (asks('c', Return::cas)) return write_flag(out, 'c', facts.cas);
  if (asks('s', Return::size)) return write_flag(out, 's', facts.value_bytes);
  if (asks('t', Return::ttl)) return write_flag(out, 't', ttl_s);
  if (asks('f', Return::client_flags)) return write_flag(out, 'f', facts.client_flags);
  if (asks('h', Return::fetched)) return write_flag(out, 'h', facts.was_fetched ? 1 : 0);
  if (asks('l', Return::last_access)) return write_flag(out, 'l', facts.idle_s);
  return out;
}

char* write_rest(char* out, const Echo& echo, Bits<Return> answers, const MetaFacts& facts) {
  std::int64_t ttl_s = facts.ttl_before_s;
  TokenCursor tokens(echo.flags);
  while (tokens.more()) {
    const std::string_view token = tokens.next();
    if (token[0] == 'T') ttl_s = facts.ttl_touched_s;
    if (token[0] == 'N') ttl_s = facts.ttl_vivified_s.value_or(ttl_s);
    out = write_answer(out, token, echo, answers, facts, ttl_s);
  }
  // The order is memcached's.
  if (facts.was_won) out = write_bytes(out, " Z");
  if (facts.stale) out = write_bytes(out, " X");
  if (facts.won) out = write_bytes(out, " W");
  return write_bytes(out, line_end);
}

}  // namespace

char* write_meta_line(
    char* out, std::string_view code, const Echo& echo, Bits<Return> answers, const MetaFacts& facts
) {
  return write_rest(write_bytes(out, code), echo, answers, facts);
}

char* write_meta_value_line(
    char* out,
    std::uint32_t value_bytes,
    const Echo& echo,
    Bits<Return> answers,
    const MetaFacts& facts
) {
  return write_rest(write_number(write_bytes(out, "VA "), value_bytes), echo, answers, facts);
}

}  // namespace rc::proto
