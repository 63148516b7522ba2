#include "server/execute_stats.hpp"

#include "proto/scan.hpp"
#include "server/reply.hpp"
#include "server/reply_binary.hpp"
#include "server/stats_text.hpp"

#include <string>
#include <string_view>

namespace rc::server {

namespace {

using proto::Request;
using proto::Text;

// What `stats detail` and a word ask for.
enum class Detail : std::uint8_t { on, off, dump, unknown };

Detail detail_of(std::string_view word) {
  if (word == "on") return Detail::on;
  if (word == "off") return Detail::off;
  return word == "dump" ? Detail::dump : Detail::unknown;
}

void switch_detail(Detail detail, Context& context) {
  context.node.prefixes().switch_on(detail == Detail::on);
  // The others hear of it in their next turn; what follows in this pipeline is counted already.
  context.prefixes.refresh();
}

void detail(std::string_view word, Context& context, net::Output& out) {
  const Detail what = detail_of(word);
  if (!context.node.settings().allow_dump) return append_text(out, Text::detail_not_allowed);
  if (what == Detail::unknown) return append_text(out, Text::detail_usage);
  if (what == Detail::dump) return out.append(context.node.prefixes().text());
  switch_detail(what, context);
  append_text(out, Text::ok);
}

// memcached reads exactly one blank here, and puts the whole dump into one packet.
void detail_packets(
    std::string_view word, const proto::Echo& echo, Context& context, net::Output& out
) {
  const Detail what = detail_of(word);
  if (what == Detail::unknown || !context.node.settings().allow_dump) {
    return append_binary_error(out, echo, proto::Status::not_found);
  }
  if (what == Detail::dump) {
    append_binary_stat(out, echo, "detailed", context.node.prefixes().text());
  } else {
    switch_detail(what, context);
  }
  append_binary_stats(out, echo, {});
}

void reset(Context& context) {
  context.node.reset_stats();
  context.prefixes.refresh();
}

// memcached's words for switching the count of sizes, with the END that it forgets.
bool switch_sizes(std::string_view topic, Context& context) {
  if (topic != "sizes_enable" && topic != "sizes_disable") return false;
  context.node.track_sizes(topic == "sizes_enable");
  return true;
}

// The text of a topic; empty if there is no such topic.
std::string text_of(std::string_view topic, Context& context) {
  if (switch_sizes(topic, context)) topic = "sizes_status";
  return stats_text(topic, context.node, context.now.wall);
}

// The same figures, a packet each. The words in memcached's binary `stat detail` are no figures.
void packets(const Request& request, Context& context, net::Output& out) {
  constexpr std::string_view detail_prefix = "detail ";
  if (request.rest == "reset") {
    reset(context);
    return append_binary_stats(out, request.echo, {});
  }
  if (request.rest.starts_with(detail_prefix)) {
    return detail_packets(request.rest.substr(detail_prefix.size()), request.echo, context, out);
  }
  const std::string text = text_of(request.rest, context);
  if (text.empty()) return append_binary_error(out, request.echo, proto::Status::not_found);
  append_binary_stats(out, request.echo, text);
}

}  // namespace

void execute_stats(const Request& request, Context& context, net::Output& out) {
  if (request.echo.dialect == proto::Dialect::binary) return packets(request, context, out);
  proto::TokenCursor arguments(request.rest);
  const std::string_view topic = arguments.next();
  if (topic == "reset") {
    reset(context);
    return append_text(out, Text::reset);
  }
  if (topic == "detail") return detail(arguments.next(), context, out);
  const std::string text = text_of(topic, context);
  if (text.empty()) return append_text(out, Text::error);
  out.append(text);
}

}  // namespace rc::server
