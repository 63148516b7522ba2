#include "proto/classic_parse.hpp"

#include "base/numbers.hpp"
#include "proto/commands.hpp"
#include "proto/meta_parse.hpp"
#include "proto/scan.hpp"
#include "proto/text_line.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace rc::proto {

namespace {

constexpr std::string_view noreply = "noreply";
// memcached 1.6.45 calls a shorter line, its newline included, a bad format rather than unknown.
constexpr std::size_t line_bytes_min = 4;

// The tokens of a line of fixed form, the command word first. Tokens beyond the longest form (cas
// with noreply) are only counted; the last one is kept because it may be noreply. Small, because to
// clear it is a visible part of reading a short line.
class Line {
 public:
  void add(std::string_view token) {
    last_ = token;
    if (count < tokens_max) {
      begins_[count] = token.data();
      sizes_[count] = static_cast<std::uint32_t>(token.size());
    }
    ++count;
  }
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return {begins_[i], sizes_[i]}; }

  // Whether the peer asked for silence behind the `required` tokens of the command.
  [[nodiscard]] bool quiet(std::size_t required) const {
    return count > required && last_ == noreply;
  }
  // The same for a line that is refused, where it may stand in the place of an argument.
  [[nodiscard]] bool quiet_error() const { return quiet(1); }

  std::size_t count = 0;
  std::size_t bytes = 0;  // with the line end

 private:
  static constexpr std::size_t tokens_max = 7;

  std::array<const char*, tokens_max> begins_{};
  std::array<std::uint32_t, tokens_max> sizes_{};
  std::string_view last_;
};

Parsed refuse(Text reply, const Line& line, std::uint32_t swallow_bytes = 0) {
  return refuse(line.quiet_error() ? Text::none : reply, line.bytes, swallow_bytes);
}

Parsed accept(const Line& line) {
  return {.verdict = Verdict::request, .line_bytes = line.bytes};
}

// Splits the line behind the command word. False if its newline has not come.
bool split(std::string_view bytes, const char* at, Line& line) {
  const char* const end = bytes.data() + bytes.size();
  while (true) {
    while (at != end && *at == ' ') ++at;
    if (at == end) return false;
    const char* const stop = find_separator(at, end);
    if (stop == end) return false;
    const bool last = *stop == '\n';
    const std::string_view token = last ? without_return(between(at, stop)) : between(at, stop);
    if (!token.empty()) line.add(token);
    if (last) {
      line.bytes = distance(bytes.data(), stop) + 1;
      return true;
    }
    at = stop;
  }
}

Parsed parse_store(const Command& command, const Line& line, Request& request) {
  const auto bytes = parse_number<std::uint32_t>(line[4]);
  if (!bytes || *bytes > value_bytes_max) return refuse(Text::bad_line, line);

  // From here on the length can be trusted: even a refused line keeps the framing.
  const auto client_flags = parse_number<std::uint32_t>(line[2]);
  const auto exptime = parse_number<std::int32_t>(line[3]);
  const bool compare = command.form == Form::store_cas;
  // Its absence is a bad number: there is a length, so the value goes with the line.
  const auto cas = compare ? parse_number<std::uint64_t>(line[5]) : 0;
  if (!is_key(line[1]) || !client_flags || !exptime || !cas) {
    return refuse(Text::bad_line, line, *bytes + value_end_bytes);
  }

  request.mode = command.mode;
  request.echo.quiet = line.quiet(command.tokens_min);
  request.key = line[1];
  request.client_flags = *client_flags;
  request.exptime = *exptime;
  request.value_bytes = *bytes;
  request.cas = *cas;
  if (compare) request.with.add(With::compare_cas);
  return accept(line);
}

Parsed parse_delta(const Command& command, const Line& line, Request& request) {
  if (!is_key(line[1])) return refuse(Text::bad_line, line);
  const auto delta = parse_number<std::uint64_t>(line[2]);
  if (!delta) return refuse(Text::bad_delta, line);
  request.key = line[1];
  request.delta = *delta;
  request.echo.quiet = line.quiet(command.tokens_min);
  if (command.decrement) request.with.add(With::decrement);
  return accept(line);
}

// Old clients send a zero, once the time to hold the key back; anything else is refused, where
// memcached 1.6.45 ignores it, because it hides a client that has lost its place.
Parsed parse_erase(const Command& command, const Line& line, Request& request) {
  if (!is_key(line[1])) return refuse(Text::bad_line, line);
  const bool quiet = line.quiet(command.tokens_min);
  const std::size_t arguments = line.count - (quiet ? 1 : 0);
  if (arguments > 3 || (arguments == 3 && line[2] != "0")) {
    return refuse(Text::delete_usage, line);
  }
  request.key = line[1];
  request.echo.quiet = quiet;
  return accept(line);
}

Parsed parse_touch(const Command& command, const Line& line, Request& request) {
  if (!is_key(line[1])) return refuse(Text::bad_line, line);
  const auto exptime = parse_number<std::int32_t>(line[2]);
  if (!exptime) return refuse(Text::bad_exptime, line);
  request.key = line[1];
  request.exptime = *exptime;
  request.echo.quiet = line.quiet(command.tokens_min);
  return accept(line);
}

Parsed parse_flush_all(const Line& line, Request& request) {
  request.echo.quiet = line.quiet(1);
  request.exptime = 0;
  if (line.count > (request.echo.quiet ? 2U : 1U)) {
    const auto delay = parse_number<std::int32_t>(line[1]);
    if (!delay) return refuse(Text::bad_exptime, line);
    request.exptime = *delay;
  }
  return accept(line);
}

Parsed parse_verbosity(const Command& command, const Line& line, Request& request) {
  const auto level = parse_number<std::uint32_t>(line[1]);
  if (!level) return refuse(Text::bad_line, line);
  request.delta = *level;
  request.echo.quiet = line.quiet(command.tokens_min);
  return accept(line);
}

Parsed parse_whole_line(std::string_view bytes, const Line& line, Request& request) {
  request.rest = without_return(bytes.substr(0, line.bytes - 1));
  return accept(line);
}

// What is no number is an unknown command to memcached 1.6.45; what is out of bounds is not our
// business here.
Parsed parse_memory_limit(const Command& command, const Line& line, Request& request) {
  const auto limit_mib = parse_number<std::uint64_t>(line[1]);
  if (!limit_mib) return refuse(Text::error, line);
  request.delta = *limit_mib;
  request.echo.quiet = line.quiet(command.tokens_min);
  return accept(line);
}

Parsed parse_text(std::string_view bytes, const Line& line, Request& request) {
  const char* const begin = bytes.data() + line[0].size();
  request.rest = without_return(between(begin, bytes.data() + line.bytes - 1));
  return accept(line);
}

// A command whose line has few tokens and a bounded length.
Parsed parse_fixed(
    const Command& command, std::string_view bytes, std::string_view word, Request& request
) {
  Line line;
  line.add(word);
  if (!split(bytes, bytes.data() + word.size(), line)) return unfinished(bytes);
  if (line.bytes > line_bytes_max + 1) return {.verdict = Verdict::close};
  if (line.count < command.tokens_min) return refuse(Text::bad_line, line);

  request.begin(command.op, Dialect::classic);
  switch (command.form) {
    case Form::store:
    case Form::store_cas:
      return parse_store(command, line, request);
    case Form::delta:
      return parse_delta(command, line, request);
    case Form::erase:
      return parse_erase(command, line, request);
    case Form::touch:
      return parse_touch(command, line, request);
    case Form::flush_all:
      return parse_flush_all(line, request);
    case Form::verbosity:
      return parse_verbosity(command, line, request);
    case Form::line:
      return parse_whole_line(bytes, line, request);
    case Form::memory_limit:
      return parse_memory_limit(command, line, request);
    case Form::text:
    case Form::keys:
    case Form::exptime_keys:
      break;
  }
  return parse_text(bytes, line, request);
}

// Whether every key of the list may be looked up. One bad key refuses the whole line, so this has
// to be known before the first value is sent.
bool are_keys(std::string_view list) {
  TokenCursor tokens(list);
  while (tokens.more()) {
    if (!is_key(tokens.next())) return false;
  }
  return true;
}

// A retrieval: any number of keys, the common case being one. The arguments begin at `at`, behind
// the command word; `request` has begun.
Parsed parse_keys(
    const Command& command, std::string_view bytes, const char* at, Request& request
) {
  const char* const end = bytes.data() + bytes.size();
  while (at != end && *at == ' ') ++at;
  const char* stop = find_separator(at, end);
  const char* newline = stop;
  if (stop != end && *stop == ' ') {
    newline = static_cast<const char*>(std::memchr(stop, '\n', distance(stop, end)));
  }
  if (newline == nullptr || newline == end) return unfinished(bytes);
  const std::size_t line_bytes = distance(bytes.data(), newline) + 1;
  TokenCursor arguments(without_return(between(at, newline)));

  if (command.form == Form::exptime_keys) {
    const std::string_view token = arguments.next();
    const auto exptime = parse_number<std::int32_t>(token);
    if (!arguments.more()) return refuse(Text::bad_line, line_bytes);
    if (!exptime) return refuse(Text::bad_exptime, line_bytes);
    request.exptime = *exptime;
  }
  const std::string_view key = arguments.next();
  if (!is_key(key) || !are_keys(arguments.rest())) return refuse(Text::bad_line, line_bytes);

  request.key = key;
  request.rest = arguments.rest();
  return {.verdict = Verdict::request, .line_bytes = line_bytes};
}

Parsed parse_retrieval(
    const Command& command, std::string_view bytes, std::string_view word, Request& request
) {
  request.begin(Op::get, Dialect::classic);
  request.returns.add(Return::value).add(Return::client_flags);
  if (command.wants_cas) request.returns.add(Return::cas);
  if (command.form == Form::exptime_keys) request.with.add(With::touch);
  return parse_keys(command, bytes, bytes.data() + word.size(), request);
}

// A line that begins with no command of ours. A browser or a script that was lured into talking
// to us begins with a line like "POST / HTTP/1.1": it must not get to send its body.
Parsed parse_unknown(std::string_view bytes) {
  const void* const found = std::memchr(bytes.data(), '\n', bytes.size());
  if (found == nullptr) return unfinished(bytes);
  const std::size_t line_bytes = distance(bytes.data(), static_cast<const char*>(found)) + 1;
  if (line_bytes > line_bytes_max + 1) return {.verdict = Verdict::close};
  if (line_bytes < line_bytes_min) return refuse(Text::bad_line, line_bytes);

  std::string_view last;
  TokenCursor tokens(without_return(bytes.substr(0, line_bytes - 1)));
  while (tokens.more()) last = tokens.next();
  if (last.substr(0, 5) == "HTTP/") return {.verdict = Verdict::close};
  return refuse(Text::error, line_bytes);
}

}  // namespace

Parsed parse_text(std::string_view bytes, Request& request, std::size_t searched_bytes) {
  const std::string_view fresh = bytes.substr(std::min(searched_bytes, bytes.size()));
  if (searched_bytes != 0 && fresh.find('\n') == std::string_view::npos) return unfinished(bytes);

  const char* const end = bytes.data() + bytes.size();
  const char* const stop = find_separator(bytes.data(), end);
  if (stop == end) return unfinished(bytes);
  const std::string_view text = between(bytes.data(), stop);
  const std::string_view word = *stop == '\n' ? without_return(text) : text;
  if (word.size() == 2 && is_meta(word)) return parse_meta(bytes, request);
  const Command* const command = find_command(word);
  if (command == nullptr) return parse_unknown(bytes);
  return command->op == Op::get ? parse_retrieval(*command, bytes, word, request)
                                : parse_fixed(*command, bytes, word, request);
}

}  // namespace rc::proto
