#include "server/reply_binary.hpp"

#include "server/reply.hpp"

namespace rc::server {

namespace {

using proto::Status;

void append_status(
    net::Output& out, const proto::Echo& echo, Status status, std::uint64_t cas = 0
) {
  char* const begin = out.reserve(proto::binary_status_max);
  const char* const end = proto::write_binary_status(begin, echo, status, cas);
  out.commit(static_cast<std::size_t>(end - begin));
}

Status status_of(store::Outcome outcome, store::Mode mode) {
  switch (outcome) {
    case store::Outcome::stored:
      return Status::ok;
    case store::Outcome::not_stored:
      if (mode == store::Mode::add) return Status::exists;
      return mode == store::Mode::replace ? Status::not_found : Status::not_stored;
    case store::Outcome::exists:
      return Status::exists;
    case store::Outcome::not_found:
      return Status::not_found;
    case store::Outcome::too_large:
      return Status::too_large;
    case store::Outcome::out_of_memory:
      return Status::out_of_memory;
  }
  return Status::invalid;
}

}  // namespace

void append_binary_item(
    net::Output& out, store::Access& access, const Ask& ask, const store::Item& item
) {
  static_assert(
      proto::binary_value_header_max + store::pin_value_min_bytes <= net::Output::reserve_max_bytes
  );
  const bool valued = ask.returns.has(proto::Return::value);
  const std::uint32_t value_bytes = valued ? item.value_bytes() : 0;
  const bool copied = value_bytes <= store::pin_value_min_bytes;
  const std::string_view key =
      ask.returns.has(proto::Return::key) ? ask.echo.key : std::string_view();
  char* const begin = out.reserve(proto::binary_value_header_max + (copied ? value_bytes : 0));
  char* end = proto::write_binary_value_header(
      begin, ask.echo, item.client_flags(), key, value_bytes, item.cas()
  );
  if (copied && valued) end = proto::write_bytes(end, item.value());
  out.commit(static_cast<std::size_t>(end - begin));
  if (!copied) append_pieces(out, access, item);
}

// A get that returns keys returns it without a value here; the others have words for it.
void append_binary_miss(net::Output& out, const Ask& ask) {
  if (ask.silent_miss) return;
  if (!ask.returns.has(proto::Return::key)) {
    return append_status(out, ask.echo, Status::not_found);
  }
  const proto::BinaryReply reply{
      .status = Status::not_found, .key_bytes = static_cast<std::uint16_t>(ask.echo.key.size())};
  char* const begin = out.reserve(proto::binary_value_header_max);
  char* const end =
      proto::write_bytes(proto::write_binary_header(begin, ask.echo, reply), ask.echo.key);
  out.commit(static_cast<std::size_t>(end - begin));
}

void append_binary_ok(net::Output& out, const proto::Echo& echo, std::uint64_t cas) {
  if (!echo.quiet) append_status(out, echo, Status::ok, cas);
}

void append_binary_text(net::Output& out, const proto::Echo& echo, std::string_view text) {
  append_binary_stat(out, echo, {}, text);
}

void append_binary_error(net::Output& out, const proto::Echo& echo, Status status) {
  append_status(out, echo, status);
}

void append_binary_outcome(
    net::Output& out,
    const proto::Echo& echo,
    store::Outcome outcome,
    store::Mode mode,
    std::uint64_t cas
) {
  const Status status = status_of(outcome, mode);
  if (status == Status::ok) return append_binary_ok(out, echo, cas);
  append_status(out, echo, status);
}

void append_binary_number(
    net::Output& out, const proto::Echo& echo, std::uint64_t number, std::uint64_t cas
) {
  if (echo.quiet) return;
  const proto::BinaryReply reply{.value_bytes = sizeof(number), .cas = cas};
  char* const begin = out.reserve(proto::binary_status_max);
  const char* const end =
      proto::write_big_endian(proto::write_binary_header(begin, echo, reply), number);
  out.commit(static_cast<std::size_t>(end - begin));
}

void append_binary_stat(
    net::Output& out, const proto::Echo& echo, std::string_view name, std::string_view value
) {
  const proto::BinaryReply reply{
      .key_bytes = static_cast<std::uint16_t>(name.size()),
      .value_bytes = static_cast<std::uint32_t>(value.size())};
  char* const begin = out.reserve(proto::binary_header_bytes);
  const char* const end = proto::write_binary_header(begin, echo, reply);
  out.commit(static_cast<std::size_t>(end - begin));
  out.append(name);
  out.append(value);
}

void append_binary_stats(net::Output& out, const proto::Echo& echo, std::string_view text) {
  constexpr std::string_view word = "STAT ";
  while (text.substr(0, word.size()) == word) {
    const std::size_t line_end = text.find(proto::line_end);
    const std::string_view line = text.substr(word.size(), line_end - word.size());
    const std::size_t blank = line.find(' ');
    append_binary_stat(out, echo, line.substr(0, blank), line.substr(blank + 1));
    text.remove_prefix(line_end + proto::line_end.size());
  }
  append_binary_stat(out, echo, {}, {});
}

}  // namespace rc::server
