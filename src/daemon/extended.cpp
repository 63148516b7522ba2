#include "daemon/extended.hpp"

#include "base/numbers.hpp"
#include "base/suggest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <string>

namespace rc::daemon {

namespace {

// What stands behind the '='.
enum class Value : std::uint8_t { none, number, fraction, text, perhaps };

// What the option does here.
enum class Effect : std::uint8_t {
  none,            // steers a part that only memcached has
  assumed,         // asks for what is done anyway
  idle_timeout,    // acts
  track_sizes,     // acts
  udp_anywhere,    // acts; ours
  watcher_buffer,  // acts
  unlike,          // asks for what this server does not do; it says so and goes on
  refused,         // to go on without it would be wrong
};

// One watcher's buffer; memcached sets no bound.
constexpr std::uint32_t watcher_buffer_max_kib = 64 * 1024;

struct Row {
  std::string_view name;
  Value value = Value::none;
  Effect effect = Effect::none;
};

constexpr Row rows[] = {
    {"drop_privileges", Value::none, Effect::none},
    {"ext_compact_under", Value::number, Effect::unlike},
    {"ext_drop_under", Value::number, Effect::unlike},
    {"ext_drop_unread", Value::none, Effect::unlike},
    {"ext_item_age", Value::number, Effect::unlike},
    {"ext_item_size", Value::number, Effect::unlike},
    {"ext_low_ttl", Value::number, Effect::unlike},
    {"ext_max_frag", Value::fraction, Effect::unlike},
    {"ext_max_sleep", Value::number, Effect::unlike},
    {"ext_page_size", Value::number, Effect::unlike},
    {"ext_path", Value::text, Effect::unlike},
    {"ext_recache_rate", Value::number, Effect::unlike},
    {"ext_threads", Value::number, Effect::unlike},
    {"ext_wbuf_size", Value::number, Effect::unlike},
    {"hash_algorithm", Value::text},
    {"hashpower", Value::number},
    {"hot_lru_pct", Value::number},
    {"hot_max_factor", Value::fraction},
    {"idle_timeout", Value::number, Effect::idle_timeout},
    {"inline_ascii_resp"},
    {"lru_crawler", Value::none, Effect::assumed},
    {"lru_crawler_sleep", Value::number},
    {"lru_crawler_tocrawl", Value::number},
    {"lru_maintainer"},
    {"maxconns_fast", Value::none, Effect::assumed},
    {"modern", Value::none, Effect::assumed},
    {"no_chunked_items"},
    {"no_drop_privileges", Value::none, Effect::assumed},
    {"no_hashexpand"},
    {"no_inline_ascii_resp"},
    {"no_lru_crawler"},
    {"no_lru_maintainer"},
    {"no_maxconns_fast", Value::none, Effect::unlike},
    {"no_modern"},
    {"no_slab_reassign"},
    {"proxy_arg", Value::text, Effect::refused},
    {"proxy_config", Value::text, Effect::refused},
    {"read_buf_mem_limit", Value::number},
    {"resp_obj_mem_limit", Value::number},
    {"slab_automove", Value::perhaps},
    {"slab_automove_freeratio", Value::fraction},
    {"slab_automove_ratio", Value::fraction},
    {"slab_automove_window", Value::number},
    {"slab_chunk_max", Value::number},
    {"slab_reassign", Value::none, Effect::assumed},
    {"slab_sizes", Value::text},
    {"sock_cookie_id", Value::number, Effect::unlike},
    {"ssl_ca_cert", Value::text},
    {"ssl_chain_cert", Value::text},
    {"ssl_ciphers", Value::text},
    {"ssl_kernel_tls"},
    {"ssl_key", Value::text},
    {"ssl_keyformat", Value::text},
    {"ssl_min_version", Value::text},
    {"ssl_proto_version", Value::text},
    {"ssl_session_cache"},
    {"ssl_verify_mode", Value::number},
    {"ssl_wbuf_size", Value::number},
    {"tail_repair_time", Value::number},
    {"temporary_ttl", Value::number},
    {"track_sizes", Value::none, Effect::track_sizes},
    {"udp_anywhere", Value::none, Effect::udp_anywhere},
    {"warm_lru_pct", Value::number},
    {"warm_max_factor", Value::fraction},
    {"watcher_logbuf_size", Value::number, Effect::watcher_buffer},
    {"worker_logbuf_size", Value::number},
};

std::string quoted(std::string_view word) {
  return "`-o " + std::string(word) + "`";
}

Error unknown(std::string_view name) {
  std::array<std::string_view, std::size(rows)> names{};
  std::transform(std::begin(rows), std::end(rows), names.begin(), [](const Row& row) {
    return row.name;
  });
  std::string message = "unknown extended option " + quoted(name);
  const std::string_view meant = suggest(name, names);
  if (!meant.empty()) message += "; did you mean " + quoted(meant) + "?";
  return {0, std::move(message)};
}

bool is_fraction(std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size();
}

// What is wrong with the value; empty if nothing is.
std::string_view complaint(Value expected, std::optional<std::string_view> value) {
  switch (expected) {
    case Value::none:
      return value ? "takes no value" : "";
    case Value::number:
      return value && parse_number<std::uint32_t>(*value) ? "" : "needs a number";
    case Value::fraction:
      return value && is_fraction(*value) ? "" : "needs a number such as 0.5";
    case Value::text:
      return value && !value->empty() ? "" : "needs a value";
    case Value::perhaps:
      break;
  }
  return !value || parse_number<std::uint32_t>(*value) ? "" : "takes a number or nothing";
}

void act(const Row& row, std::string_view value, CommandLine& line) {
  switch (row.effect) {
    case Effect::none:
      line.notices.push_back(quoted(row.name) + " has no effect here");
      return;
    case Effect::idle_timeout:
      line.settings.idle_timeout_s = parse_number<std::uint32_t>(value).value_or(0);
      return;
    case Effect::track_sizes:
      line.settings.track_sizes = true;
      return;
    case Effect::udp_anywhere:
      line.settings.udp_anywhere = true;
      return;
    case Effect::watcher_buffer:
      line.settings.watcher_buffer_bytes =
          std::min(parse_number<std::uint32_t>(value).value_or(0), watcher_buffer_max_kib) * kib;
      return;
    case Effect::unlike:
      line.notices.push_back(quoted(row.name) + " asks for what this server does not do; ignored");
      return;
    case Effect::assumed:
    case Effect::refused:
      return;
  }
}

}  // namespace

Result<Done> apply_extended(std::string_view word, CommandLine& line) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  std::optional<std::string_view> value;
  if (equals != std::string_view::npos) value = word.substr(equals + 1);

  const auto* const row = std::find_if(std::begin(rows), std::end(rows), [name](const Row& r) {
    return r.name == name;
  });
  if (row == std::end(rows)) return unknown(name);
  if (row->effect == Effect::refused) {
    return Error{0, quoted(name) + " cannot be served: there is no proxy in this server"};
  }
  const std::string_view wrong = complaint(row->value, value);
  if (!wrong.empty()) return Error{0, quoted(word) + ": " + std::string(wrong)};
  act(*row, value.value_or(""), line);
  return Done{};
}

}  // namespace rc::daemon
