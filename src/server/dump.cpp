#include "server/dump.hpp"

#include "base/numbers.hpp"
#include "proto/base64.hpp"
#include "proto/request.hpp"
#include "proto/scan.hpp"
#include "server/reply.hpp"
#include "server/reply_binary.hpp"
#include "server/stats_sections.hpp"
#include "server/uri.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace rc::server {

namespace {

using proto::Text;

char* write_field(char* out, std::string_view name, std::uint64_t number) {
  out = proto::write_bytes(out, name);
  return write_number(out, number);
}

// The longest line of any kind: a key in a URI and seven numbers.
constexpr std::size_t line_max = 3 * proto::key_bytes_max + 7 * 32;
constexpr std::size_t cachedump_line_max = proto::key_bytes_max + 64;

char* write_meta(char* out, const store::Item& item, std::uint32_t class_number, UnixSeconds now) {
  out = write_uri(proto::write_bytes(out, "key="), item.key());
  if (item.expiry() == store::Expiry::never) {
    out = proto::write_bytes(out, " exp=-1");
  } else {
    out = write_field(out, " exp=", store::count(item.expiry()));
  }
  out = write_field(out, " la=", count(now) - item.idle_seconds(now));
  out = write_field(out, " cas=", item.cas());
  out = proto::write_bytes(out, item.fetched() ? " fetch=yes" : " fetch=no");
  out = write_field(out, " cls=", class_number);
  out = write_field(out, " size=", item.item_bytes());
  out = write_field(out, " flags=", item.client_flags());
  return proto::write_bytes(out, " \n");
}

// Whether a line of text can carry the key; one of the meta protocol may hold any bytes.
bool is_text(std::string_view key) {
  return std::none_of(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
}

char* write_key(char* out, std::string_view key) {
  out = proto::write_bytes(out, "mg ");
  out = is_text(key) ? proto::write_bytes(out, key)
                     : proto::write_bytes(proto::encode_base64(out, key), " b");
  return proto::write_bytes(out, "\r\n");
}

char* write_cachedump(char* out, const store::Item& item) {
  if (!is_text(item.key())) return out;
  out = proto::write_bytes(proto::write_bytes(out, "ITEM "), item.key());
  out = write_field(out, " [", item.value_bytes());
  out = write_field(out, " b; ", store::count(item.expiry()));
  return proto::write_bytes(out, " s]\r\n");
}

// The order of a `stats cachedump` in so far as the node lets it be carried out.
std::optional<DumpOrder> cachedump_order(
    std::string_view arguments, const Node& node, Text& refusal
) {
  std::optional<DumpOrder> order = read_cachedump_order(arguments, refusal);
  if (!order) return order;
  if (!node.settings().allow_dump) refusal = Text::cachedump_not_allowed;
  // Clients ask for one class after the other, most of which hold nothing.
  const std::vector<store::ClassFigures> figures = node.store().class_figures();
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (figures[i].used_chunks == 0) order->classes.reset(i + 1);
  }
  return order;
}

std::optional<DumpOrder> crawler_order(std::string_view line, const Node& node, Text& refusal) {
  const std::optional<DumpOrder> order = read_crawler_order(line, refusal);
  if (!order) return order;
  if (!node.settings().allow_dump) {
    refusal = order->kind == DumpKind::meta ? Text::metadump_not_allowed : Text::mgdump_not_allowed;
  } else if (refusal == Text::none && node.store().figures().curr_items == 0) {
    refusal = Text::nothing_to_crawl;
  }
  return order;
}

}  // namespace

std::optional<DumpOrder> read_dump_order(
    const proto::Request& request, const Node& node, Text& refusal
) {
  refusal = Text::none;
  if (request.op == proto::Op::tune) return crawler_order(request.rest, node, refusal);
  const bool binary = request.echo.dialect == proto::Dialect::binary;
  const std::string_view topic = proto::TokenCursor(request.rest).next();
  if (topic == "sizes" && node.tracks_sizes() && (!binary || request.rest == topic)) {
    return DumpOrder{.kind = DumpKind::sizes, .echo = request.echo};
  }
  if (binary) return std::nullopt;
  return cachedump_order(request.rest, node, refusal);
}

std::optional<DumpOrder> read_crawler_order(std::string_view line, Text& refusal) {
  proto::TokenCursor words(line);
  if (words.next() != "lru_crawler") return std::nullopt;
  const std::string_view verb = words.next();
  if (verb != "metadump" && verb != "mgdump") return std::nullopt;
  DumpOrder order{.kind = verb == "metadump" ? DumpKind::meta : DumpKind::keys};
  refusal = Text::none;
  std::string_view list = words.next();
  if (list.empty()) refusal = Text::bad_line;
  if (list == "all" || list == "hash") {
    order.classes.set();
    list = {};
  }
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const auto number = parse_number<std::uint32_t>(list.substr(0, end));
    if (number && *number >= 1 && *number <= store::class_count) {
      order.classes.set(*number);
    } else {
      refusal = Text::crawler_bad_class;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return order;
}

std::optional<DumpOrder> read_cachedump_order(std::string_view arguments, Text& refusal) {
  // memcached's classes end here, ours before.
  constexpr std::uint32_t class_max = 63;
  proto::TokenCursor words(arguments);
  if (words.next() != "cachedump") return std::nullopt;
  const std::string_view class_word = words.next();
  const std::string_view limit_word = words.next();
  const auto number = parse_number<std::uint32_t>(class_word);
  const auto limit = parse_number<std::uint32_t>(limit_word);
  DumpOrder order{.kind = DumpKind::cachedump};
  refusal = Text::none;
  if (limit_word.empty()) {
    refusal = Text::cachedump_short;
  } else if (!number || !limit) {
    refusal = Text::bad_line;
  } else if (*number > class_max) {
    refusal = Text::cachedump_bad_class;
  } else {
    if (*number >= 1 && *number <= store::class_count) order.classes.set(*number);
    if (*limit != 0) order.lines_max = *limit;
  }
  return order;
}

Dump::Dump(const DumpOrder& order, net::Output& out) : order_(order) {
  const bool crawls = order.kind == DumpKind::meta || order.kind == DumpKind::keys;
  if (crawls) append_text(out, Text::ok);
}

// The crawler's dumps go on to the end.
bool Dump::is_enough() const {
  if (order_.kind == DumpKind::sizes) return seen_ >= dump_items_max;
  if (order_.kind != DumpKind::cachedump) return false;
  return order_.classes.none() || seen_ >= dump_items_max || lines_ >= order_.lines_max ||
         bytes_ + cachedump_line_max > cachedump_bytes_max;
}

bool Dump::step(Context& context, net::Output& out) {
  bool ended = false;
  if (!is_enough()) {
    ended = context.access.gather(walk_, context.items) == store::Walk::Step::ended;
    for (const store::Item& item : context.items) take(item, context, out);
  }
  if (!ended && !is_enough()) return true;
  if (order_.kind == DumpKind::sizes) {
    write_sizes(context.node, ended, out);
  } else {
    append_text(out, order_.kind == DumpKind::keys ? Text::dump_end : Text::end);
  }
  return false;
}

void Dump::take(const store::Item& item, Context& context, net::Output& out) {
  ++seen_;
  if (order_.kind == DumpKind::sizes) {
    ++sizes_[(item.item_bytes() + bucket_bytes - 1) / bucket_bytes];
    return;
  }
  const std::uint32_t class_number = context.access.class_number(item);
  if (!order_.classes.test(class_number) || is_enough()) return;
  write_line(item, class_number, context.now.wall, out);
}

void Dump::write_line(
    const store::Item& item, std::uint32_t class_number, UnixSeconds now, net::Output& out
) {
  char* const begin = out.reserve(line_max);
  char* end = begin;
  switch (order_.kind) {
    case DumpKind::meta:
      end = write_meta(begin, item, class_number, now);
      break;
    case DumpKind::keys:
      end = write_key(begin, item.key());
      break;
    case DumpKind::cachedump:
      end = write_cachedump(begin, item);
      break;
    case DumpKind::sizes:
      break;
  }
  const auto bytes = static_cast<std::size_t>(end - begin);
  out.commit(bytes);
  bytes_ += bytes;
  if (bytes != 0) ++lines_;
}

// Of a walk that did not come to the end: what it would have met, at the same shares.
void Dump::write_sizes(const Node& node, bool complete, net::Output& out) const {
  const std::uint64_t items = complete ? seen_ : std::max(seen_, node.store().figures().curr_items);
  std::string text;
  StatWriter writer(text);
  for (const auto& [bucket, count] : sizes_) {
    const std::uint64_t scaled = (count * items + seen_ / 2) / seen_;
    writer.line(std::to_string(bucket * bucket_bytes), scaled);
  }
  if (order_.echo.dialect == proto::Dialect::binary) {
    return append_binary_stats(out, order_.echo, text);
  }
  out.append(text + "END\r\n");
}

}  // namespace rc::server
