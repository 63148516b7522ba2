#include "server/reply_meta.hpp"

#include "base/numbers.hpp"
#include "server/reply.hpp"

#include <array>

namespace rc::server {

namespace {

using proto::Text;

std::string_view code_of(store::Outcome outcome) {
  switch (outcome) {
    case store::Outcome::stored:
      return "HD";
    case store::Outcome::not_stored:
      return "NS";
    case store::Outcome::exists:
      return "EX";
    case store::Outcome::not_found:
      return "NF";
    case store::Outcome::too_large:
    case store::Outcome::out_of_memory:
      break;
  }
  return {};
}

void append_line(
    net::Output& out,
    std::string_view code,
    const proto::Echo& echo,
    proto::Bits<proto::Return> answers,
    const proto::MetaFacts& facts
) {
  char* const begin = out.reserve(proto::meta_line_max);
  const char* const end = proto::write_meta_line(begin, code, echo, answers, facts);
  out.commit(static_cast<std::size_t>(end - begin));
}

char* write_fact(char* out, std::string_view name, auto number) {
  return write_number(proto::write_bytes(out, name), number);
}

}  // namespace

proto::MetaFacts facts_of(const store::Item& item, UnixSeconds now) {
  return {
      .value_bytes = item.value_bytes(),
      .client_flags = item.client_flags(),
      .cas = item.cas(),
      .ttl_before_s = store::seconds_left(item.expiry(), now),
      .was_won = item.won(),
      .stale = item.stale()};
}

void tell_changes_of_time(
    proto::MetaFacts& facts,
    std::optional<store::Expiry> touched,
    std::optional<store::Expiry> vivified,
    UnixSeconds now
) {
  if (touched) facts.ttl_touched_s = store::seconds_left(*touched, now);
  if (vivified) facts.ttl_vivified_s = store::seconds_left(*vivified, now);
}

void append_meta_item(
    net::Output& out,
    store::Access& access,
    const Ask& ask,
    const store::Item& item,
    const proto::MetaFacts& facts
) {
  const bool known = ask.knows_version && ask.known_cas == item.cas();
  if (!ask.returns.has(proto::Return::value) || known) {
    return append_line(out, "HD", ask.echo, proto::meta_get_answers, facts);
  }
  static_assert(
      proto::meta_line_max + store::pin_value_min_bytes + proto::line_end.size() <=
      net::Output::reserve_max_bytes
  );
  const bool copied = item.value_bytes() <= store::pin_value_min_bytes;
  char* const begin = out.reserve(
      proto::meta_line_max + (copied ? item.value_bytes() + proto::line_end.size() : 0)
  );
  char* end = proto::write_meta_value_line(
      begin, item.value_bytes(), ask.echo, proto::meta_get_answers, facts
  );
  if (copied) {
    end = proto::write_bytes(proto::write_bytes(end, item.value()), proto::line_end);
    return out.commit(static_cast<std::size_t>(end - begin));
  }
  out.commit(static_cast<std::size_t>(end - begin));
  append_pieces(out, access, item);
  append_short(out, proto::line_end);
}

void append_meta_miss(net::Output& out, const Ask& ask) {
  if (!ask.silent_miss) append_line(out, "EN", ask.echo, proto::meta_echoes, {});
}

void append_meta_outcome(
    net::Output& out,
    const proto::Echo& echo,
    store::Outcome outcome,
    proto::Bits<proto::Return> answers,
    const proto::MetaFacts& facts
) {
  if (outcome == store::Outcome::too_large) return append_text(out, Text::too_large);
  if (outcome == store::Outcome::out_of_memory) return append_text(out, Text::no_memory_storing);
  if (outcome == store::Outcome::stored && echo.quiet) return;
  append_line(out, code_of(outcome), echo, answers, facts);
}

void append_meta_number(
    net::Output& out, const proto::Echo& echo, std::uint64_t number, const proto::MetaFacts& facts
) {
  if (echo.quiet) return;
  std::array<char, number_text_max> digits;
  const char* const digits_end = write_number(digits.data(), number);
  const std::string_view text(digits.data(), static_cast<std::size_t>(digits_end - digits.data()));
  char* const begin = out.reserve(proto::meta_line_max + proto::number_line_max);
  char* end = proto::write_meta_value_line(
      begin, static_cast<std::uint32_t>(text.size()), echo, proto::meta_number_answers, facts
  );
  end = proto::write_bytes(proto::write_bytes(end, text), proto::line_end);
  out.commit(static_cast<std::size_t>(end - begin));
}

void append_meta_inspection(
    net::Output& out,
    const store::Access& access,
    std::string_view key,
    const store::Item& item,
    UnixSeconds now
) {
  char* const begin = out.reserve(proto::meta_line_max);
  char* end = proto::write_bytes(proto::write_bytes(begin, "ME "), key);
  end = write_fact(end, " exp=", store::seconds_left(item.expiry(), now));
  end = write_fact(end, " la=", item.idle_seconds(now));
  end = write_fact(end, " cas=", item.cas());
  end = proto::write_bytes(end, item.fetched() ? " fetch=yes" : " fetch=no");
  end = write_fact(end, " cls=", access.class_number(item));
  end = write_fact(end, " size=", item.item_bytes());
  end = proto::write_bytes(end, proto::line_end);
  out.commit(static_cast<std::size_t>(end - begin));
}

}  // namespace rc::server
