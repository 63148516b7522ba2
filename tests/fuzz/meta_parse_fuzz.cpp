// The meta commands over any line: the first byte chooses the command, so that nothing is lost to
// other words, and the rest is judged by a second, naive reading of the same tokens. What the
// parser took must be what the flags say, and what it refused must be wrong in the way it says.
#include "base/assert.hpp"
#include "base/numbers.hpp"
#include "proto/base64.hpp"
#include "proto/meta_parse.hpp"
#include "proto/text_line.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using rc::parse_number;
using rc::proto::Op;
using rc::proto::parse_meta;
using rc::proto::Parsed;
using rc::proto::Request;
using rc::proto::Return;
using rc::proto::Text;
using rc::proto::Verdict;
using rc::proto::With;
using Tokens = std::vector<std::string_view>;

Tokens tokens_of(std::string_view line) {
  line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  Tokens tokens;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end != 0) tokens.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return tokens;
}

// The flags of a line: what follows command, key and, of ms, the length.
Tokens flags_of(const Tokens& tokens) {
  const std::size_t first = tokens[0] == "ms" ? 3 : 2;
  return {
      tokens.begin() + static_cast<std::ptrdiff_t>(std::min(first, tokens.size())), tokens.end()};
}

std::optional<std::string_view> argument(const Tokens& flags, char letter) {
  for (const std::string_view flag : flags) {
    if (flag[0] == letter) return flag.substr(1);
  }
  return std::nullopt;
}

bool has(const Tokens& flags, char letter) {
  return argument(flags, letter).has_value();
}

bool has_twice(const Tokens& flags) {
  std::array<int, 256> seen{};
  return std::any_of(flags.begin(), flags.end(), [&seen](std::string_view flag) {
    return ++seen[static_cast<unsigned char>(flag[0])] > 1;
  });
}

template <class Number>
void check_number(const Tokens& flags, char letter, Number field, Number otherwise) {
  const auto text = argument(flags, letter);
  if (!text) {
    RC_ASSERT(field == otherwise);
    return;
  }
  const auto number = parse_number<Number>(*text);
  RC_ASSERT(number && *number == field);
}

void check_switches(const Request& request, const Tokens& flags) {
  constexpr std::pair<char, Return> returns[] = {
      {'v', Return::value},
      {'k', Return::key},
      {'f', Return::client_flags},
      {'c', Return::cas},
      {'s', Return::size},
      {'t', Return::ttl},
      {'O', Return::opaque},
      {'h', Return::fetched},
      {'l', Return::last_access}};
  for (const auto& [letter, bit] : returns) {
    RC_ASSERT(request.returns.has(bit) == has(flags, letter));
  }
  constexpr std::pair<char, With> with[] = {
      {'T', With::touch},
      {'N', With::vivify},
      {'R', With::recache},
      {'C', With::compare_cas},
      {'E', With::new_cas},
      {'I', With::invalidate},
      {'x', With::keep_empty},
      {'u', With::no_bump},
      {'b', With::base64_key}};
  for (const auto& [letter, bit] : with) RC_ASSERT(request.with.has(bit) == has(flags, letter));
  RC_ASSERT(request.echo.quiet == has(flags, 'q'));
  RC_ASSERT(request.echo.base64_key == has(flags, 'b'));
}

// Fields without a flag keep what they had, except those that begin with a meaning.
void check_fields(const Request& request, const Request& before, const Tokens& flags) {
  check_number(flags, 'T', request.exptime, std::int64_t{0});
  check_number(flags, 'N', request.vivify_exptime, before.vivify_exptime);
  check_number(flags, 'R', request.recache_ttl, before.recache_ttl);
  check_number(flags, 'C', request.cas, before.cas);
  check_number(flags, 'E', request.new_cas, before.new_cas);
  check_number(flags, 'F', request.client_flags, std::uint32_t{0});
  check_number(flags, 'D', request.delta, std::uint64_t{1});
  check_number(flags, 'J', request.initial, std::uint64_t{0});
}

void check_key(const Request& request, std::string_view spelled) {
  RC_ASSERT(request.echo.key == spelled && spelled.size() <= rc::proto::key_bytes_max);
  if (!request.echo.base64_key) {
    RC_ASSERT(request.key.data() == spelled.data() && request.key == spelled);
    return;
  }
  // Decoded into the request, and not empty. Spelled anew it is the same key, if not the same text:
  // the bits that the last letter has to spare may be any.
  RC_ASSERT(!request.key.empty() && request.key.data() == request.key_room.data());
  std::string again(rc::proto::base64_bytes(request.key.size()), '\0');
  RC_ASSERT(rc::proto::encode_base64(again.data(), request.key) == again.data() + again.size());
  RC_ASSERT(again.size() == spelled.size());
  std::array<char, rc::proto::key_bytes_max> room{};
  RC_ASSERT(rc::proto::decode_base64(again, std::span(room)) == request.key);
}

// me looks for a b right behind its key and at nothing else.
void check_inspection(const Request& request, std::string_view key, const Tokens& flags) {
  const bool base64 = !flags.empty() && flags.front() == "b";
  RC_ASSERT(
      request.with ==
      (base64 ? rc::proto::Bits<With>().add(With::base64_key) : rc::proto::Bits<With>())
  );
  RC_ASSERT(request.returns.none() && request.echo.base64_key == base64);
  RC_ASSERT(request.echo.flags.empty());
  check_key(request, key);
}

void check_request(const Request& request, const Request& before, const Tokens& tokens) {
  if (request.op == Op::noop) return;
  const Tokens flags = flags_of(tokens);
  if (request.op == Op::inspect) return check_inspection(request, tokens[1], flags);
  RC_ASSERT(tokens.size() <= rc::proto::meta_tokens_max && !has_twice(flags));
  if (request.op == Op::store) {
    RC_ASSERT(parse_number<std::uint32_t>(tokens[2]) == request.value_bytes);
  }
  check_switches(request, flags);
  check_fields(request, before, flags);
  check_key(request, tokens[1]);
  const auto opaque = argument(flags, 'O');
  RC_ASSERT(!opaque || opaque->size() < rc::proto::meta_opaque_max);
  // The reply is written by walking this text: it holds the flags and ends where they do.
  const std::string_view echoed = request.echo.flags;
  RC_ASSERT(echoed.empty() == flags.empty());
  if (!flags.empty()) {
    RC_ASSERT(echoed.data() == flags.front().data());
    RC_ASSERT(echoed.data() + echoed.size() >= flags.back().data() + flags.back().size());
  }
}

void check_refusal(const Parsed& parsed, const Tokens& tokens) {
  const Tokens flags = flags_of(tokens);
  const std::string_view command = tokens[0];
  // The value of an ms goes with its line whenever its length can be read.
  const bool measured = command == "ms" && tokens.size() > 2;
  const auto length = measured ? parse_number<std::uint32_t>(tokens[2]) : std::nullopt;
  const bool swallows = length && *length <= rc::proto::value_bytes_max;
  RC_ASSERT(parsed.swallow_bytes == (swallows ? *length + rc::proto::value_end_bytes : 0));
  RC_ASSERT(command != "mn" && !parsed.closes);
  switch (parsed.reply) {
    case Text::meta_duplicate:
      RC_ASSERT(has_twice(flags));
      return;
    case Text::meta_too_many:
      RC_ASSERT(tokens.size() > rc::proto::meta_tokens_max);
      return;
    case Text::meta_opaque:
      RC_ASSERT(argument(flags, 'O')->size() >= rc::proto::meta_opaque_max);
      return;
    case Text::meta_base64:
      RC_ASSERT(has(flags, 'b'));
      return;
    case Text::meta_initial:
      RC_ASSERT(!parse_number<std::uint64_t>(argument(flags, 'J').value()));
      return;
    case Text::meta_delta:
      RC_ASSERT(!parse_number<std::uint64_t>(argument(flags, 'D').value()));
      return;
    case Text::meta_store_mode:
      RC_ASSERT(has(flags, 'M') && command != "ma");
      return;
    case Text::meta_number_mode:
    case Text::meta_number:
      RC_ASSERT(command == "ma");
      return;
    case Text::bad_line:
    case Text::meta_flag:
    case Text::meta_token:
      return;
    default:
      RC_ASSERT(false);
  }
}

// Something that no parser leaves behind, to see which fields were left alone.
void fill(Request& request) {
  request.vivify_exptime = request.recache_ttl = 77;
  request.cas = request.new_cas = 77;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string text = {'m', "gsdaen"[data[0] % 6], ' '};
  text.append(reinterpret_cast<const char*>(data + 1), size - 1);
  // In a heap block of its own length, so that ASan sees a parser that reads too far.
  const std::vector<char> bytes(text.begin(), text.end());
  Request before;
  fill(before);
  Request request;
  fill(request);
  const Parsed parsed = parse_meta({bytes.data(), bytes.size()}, request);
  if (parsed.verdict == Verdict::incomplete || parsed.verdict == Verdict::close) return 0;
  const std::size_t newline = text.find('\n');
  RC_ASSERT(newline != std::string::npos && parsed.line_bytes == newline + 1);
  const Tokens tokens = tokens_of({bytes.data(), parsed.line_bytes});
  if (parsed.verdict == Verdict::request) {
    check_request(request, before, tokens);
  } else {
    check_refusal(parsed, tokens);
  }
  return 0;
}
