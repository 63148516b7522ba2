#include "proto/meta_parse.hpp"

#include "base/numbers.hpp"
#include "proto/base64.hpp"
#include "proto/scan.hpp"
#include "proto/text_line.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace rc::proto {

namespace {

// A flag without argument: what it adds to the request.
struct Letter {
  bool known = false;
  Bits<With> with;
  Bits<Return> returns;
};

constexpr auto letters = [] {
  std::array<Letter, 128> table{};
  const auto returns = [&table](char letter, Return bit) {
    table[static_cast<std::size_t>(letter)] = {
        .known = true, .with = {}, .returns = Bits<Return>().add(bit)};
  };
  const auto with = [&table](char letter, With bit) {
    table[static_cast<std::size_t>(letter)] = {
        .known = true, .with = Bits<With>().add(bit), .returns = {}};
  };
  returns('v', Return::value);
  returns('k', Return::key);
  returns('f', Return::client_flags);
  returns('c', Return::cas);
  returns('s', Return::size);
  returns('t', Return::ttl);
  returns('h', Return::fetched);
  returns('l', Return::last_access);
  with('I', With::invalidate);
  with('x', With::keep_empty);
  with('u', With::no_bump);
  with('b', With::base64_key);
  // Hints for proxies, with or without an argument: nothing to us.
  table['P'].known = table['L'].known = true;
  return table;
}();

// A line on its way to a request.
struct Line {
  Request& request;
  std::string_view mode{};  // M with its argument
  std::uint64_t seen = 0;   // a bit per letter
  std::size_t tokens = 0;
  std::size_t bytes = 0;  // with the line end
  std::uint32_t swallow_bytes = 0;
};

// The argument of a numeric flag, with the bit that says it is there.
template <class Number>
Text read_number(std::string_view argument, Number& field, Text complaint = Text::meta_token) {
  const std::optional<Number> number = parse_number<Number>(argument);
  if (!number) return complaint;
  field = *number;
  return Text::none;
}

template <class Number>
Text read_number(std::string_view argument, Number& field, Line& line, With bit) {
  line.request.with.add(bit);
  return read_number(argument, field);
}

// As in the classic protocol 32 bits with a sign, though the field takes more.
Text read_expiry(std::string_view argument, std::int64_t& field, Line& line, With bit) {
  std::int32_t exptime = 0;
  const Text complaint = read_number(argument, exptime, line, bit);
  field = exptime;
  return complaint;
}

Text read_opaque(std::string_view token, Line& line) {
  if (token.size() > meta_opaque_max) return Text::meta_opaque;
  line.request.returns.add(Return::opaque);
  return Text::none;
}

// Text::none: the flag is read.
Text read_flag(std::string_view token, Line& line) {
  Request& request = line.request;
  const char letter = token[0];
  const std::string_view argument = token.substr(1);
  switch (letter) {
    case 'q':
      request.echo.quiet = true;
      return Text::none;
    case 'T':
      return read_expiry(argument, request.exptime, line, With::touch);
    case 'N':
      return read_expiry(argument, request.vivify_exptime, line, With::vivify);
    case 'R':
      return read_number(argument, request.recache_ttl, line, With::recache);
    case 'C':
      return read_number(argument, request.cas, line, With::compare_cas);
    case 'E':
      return read_number(argument, request.new_cas, line, With::new_cas);
    case 'J':
      return read_number(argument, request.initial, Text::meta_initial);
    case 'D':
      return read_number(argument, request.delta, Text::meta_delta);
    case 'F':
      return read_number(argument, request.client_flags, Text::bad_line);
    case 'O':
      return read_opaque(token, line);
    case 'M':
      line.mode = token;
      return Text::none;
    default:
      break;
  }
  const auto index = static_cast<unsigned char>(letter);
  if (index >= letters.size() || !letters[index].known) return Text::meta_flag;
  request.with.add(letters[index].with);
  request.returns.add(letters[index].returns);
  return Text::none;
}

// Each letter once. All flags are letters, whose low six bits differ; what is none is refused as
// unknown, not as a letter that it shares those bits with.
Text note_letter(char letter, Line& line) {
  const auto byte = static_cast<unsigned char>(letter);
  if (byte < 'A' || byte >= letters.size()) return Text::none;
  const std::uint64_t bit = std::uint64_t{1} << (byte & 63U);
  if ((line.seen & bit) != 0) return Text::meta_duplicate;
  line.seen |= bit;
  return Text::none;
}

Text read_flags(TokenCursor& tokens, Line& line) {
  Text complaint = Text::none;
  while (tokens.more()) {
    const std::string_view token = tokens.next();
    // Too many is a complaint about the line, whatever is wrong with a flag before.
    if (++line.tokens > meta_tokens_max) return Text::meta_too_many;
    if (complaint == Text::none) complaint = note_letter(token[0], line);
    if (complaint == Text::none) complaint = read_flag(token, line);
  }
  return complaint;
}

Text decode_key(Request& request) {
  if (!request.with.has(With::base64_key)) return Text::none;
  request.echo.base64_key = true;
  const auto decoded = decode_base64(request.echo.key, std::span(request.key_room));
  if (!decoded) return Text::meta_base64;
  request.key = *decoded;
  return Text::none;
}

// As in memcached me knows one flag, right behind the key, and looks at nothing else.
Text read_inspection(TokenCursor& tokens, Request& request) {
  request.echo.flags = {};
  if (tokens.more() && tokens.next() == "b") request.with.add(With::base64_key);
  return decode_key(request) == Text::none ? Text::none : Text::bad_line;
}

// Only a mere look-up may be answered together with others.
Op op_of_get(const Request& request) {
  const bool changes = request.with.has(With::touch) || request.with.has(With::vivify) ||
                       request.with.has(With::recache) || request.with.has(With::no_bump);
  const bool looks_back =
      request.returns.has(Return::fetched) || request.returns.has(Return::last_access);
  return changes || looks_back ? Op::fetch : Op::get;
}

std::optional<Mode> mode_of_store(char letter) {
  switch (letter) {
    case 'S':
      return Mode::set;
    case 'E':
      return Mode::add;
    case 'A':
      return Mode::append;
    case 'P':
      return Mode::prepend;
    case 'R':
      return Mode::replace;
    default:
      return std::nullopt;
  }
}

// What the mode means to the command.
Text apply_mode(Line& line) {
  Request& request = line.request;
  if (line.mode.empty()) return Text::none;
  const char letter = line.mode.size() > 1 ? line.mode[1] : '\0';
  if (request.op == Op::store) {
    const std::optional<Mode> mode = mode_of_store(letter);
    if (!mode) return Text::meta_store_mode;
    request.mode = *mode;
  } else if (request.op == Op::arithmetic) {
    const bool down = std::string_view("D-").find(letter) != std::string_view::npos;
    if (!down && std::string_view("I+").find(letter) == std::string_view::npos) {
      return Text::meta_number_mode;
    }
    if (down) request.with.add(With::decrement);
  }
  return Text::none;
}

// An announced length, so that a refusal can take the value along.
Text read_length(TokenCursor& tokens, Line& line) {
  const auto bytes = parse_number<std::uint32_t>(tokens.next());
  ++line.tokens;
  if (!bytes || *bytes > value_bytes_max) return Text::bad_line;
  line.request.value_bytes = *bytes;
  line.swallow_bytes = *bytes + value_end_bytes;
  return Text::none;
}

Op op_of(char letter) {
  switch (letter) {
    case 's':
      return Op::store;
    case 'd':
      return Op::erase;
    case 'a':
      return Op::arithmetic;
    case 'e':
      return Op::inspect;
    case 'n':
      return Op::noop;
    default:
      return Op::get;
  }
}

void begin(Request& request, Op op) {
  request.begin(op, Dialect::meta);
  request.echo.base64_key = false;
  request.client_flags = 0;
  request.exptime = 0;
  request.delta = 1;
  request.initial = 0;
}

// Everything behind the command word.
Text read_arguments(std::string_view arguments, Line& line) {
  Request& request = line.request;
  TokenCursor tokens(arguments);
  const std::string_view key = tokens.next();
  line.tokens = 2;
  request.key = request.echo.key = key;
  // The length comes first: a bad key must not let the value be taken for commands.
  const Text length = request.op == Op::store ? read_length(tokens, line) : Text::none;
  if (length != Text::none || !is_key(key)) return Text::bad_line;

  if (request.op == Op::inspect) return read_inspection(tokens, request);
  static_cast<void>(tokens.more());
  request.echo.flags = tokens.rest();
  Text complaint = read_flags(tokens, line);
  if (complaint == Text::none) complaint = decode_key(request);
  return complaint == Text::none ? apply_mode(line) : complaint;
}

}  // namespace

Parsed parse_meta(std::string_view bytes, Request& request) {
  const void* const found = std::memchr(bytes.data(), '\n', bytes.size());
  if (found == nullptr) return unfinished(bytes);
  const char* const newline = static_cast<const char*>(found);
  Line line{.request = request, .bytes = distance(bytes.data(), newline) + 1};
  if (line.bytes > line_bytes_max + 1) return {.verdict = Verdict::close};

  begin(request, op_of(bytes[1]));
  if (request.op != Op::noop) {
    Text complaint = read_arguments(without_return(between(bytes.data() + 2, newline)), line);
    if (complaint != Text::none) {
      // The one command that mostly does not tell what it dislikes.
      const bool tells = complaint == Text::meta_number_mode || complaint == Text::meta_opaque;
      if (request.op == Op::arithmetic && !tells && !request.key.empty()) {
        complaint = Text::meta_number;
      }
      return refuse(complaint, line.bytes, line.swallow_bytes);
    }
  }
  if (request.op == Op::get) request.op = op_of_get(request);
  return {.verdict = Verdict::request, .line_bytes = line.bytes};
}

}  // namespace rc::proto
