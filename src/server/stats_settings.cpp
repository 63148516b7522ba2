// `stats settings`: what was set, in memcached's keys; settings that steer a part which only
// memcached has are reported as off.
#include "server/stats_sections.hpp"

#include <array>
#include <cstdio>

namespace rc::server {

namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ',';
    text += part;
  }
  return text;
}

std::string octal(std::uint32_t number) {
  std::array<char, 16> text;
  const int length = std::snprintf(text.data(), text.size(), "%o", number);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::any:
      return "auto-negotiate";
    case Protocol::ascii:
      return "ascii";
    case Protocol::binary:
      return "binary";
  }
  return {};
}

std::string_view yes_no(bool yes) {
  return yes ? "yes" : "no";
}

void write_network(StatWriter& writer, const Settings& settings) {
  writer.line("maxconns", settings.connections_max);
  writer.line("tcpport", settings.unix_socket.empty() ? settings.port : 0);
  writer.line("udpport", settings.udp_port);
  writer.line("inter", settings.listen.empty() ? "NULL" : joined(settings.listen));
}

void write_memory(StatWriter& writer, const Settings& settings) {
  writer.line("evictions", settings.evict ? "on" : "off");
  writer.line("domain_socket", settings.unix_socket.empty() ? "NULL" : settings.unix_socket);
  writer.line("umask", octal(settings.unix_mode));
  writer.line("shutdown_command", yes_no(settings.allow_shutdown));
  writer.line("growth_factor", "1.25");
  writer.line("chunk_size", 48);
}

void write_workers(StatWriter& writer, const Node& node) {
  const Settings& settings = node.settings();
  writer.line("num_threads", settings.threads);
  writer.line("num_threads_per_udp", 0);
  writer.line("stat_key_prefix", std::string(1, settings.prefix_delimiter));
  writer.line("detail_enabled", yes_no(node.prefixes().on()));
  writer.line("reqs_per_event", settings.requests_per_turn);
  writer.line("cas_enabled", "yes");
  writer.line("tcp_backlog", settings.backlog);
  writer.line("binding_protocol", name_of(settings.protocol));
  writer.line("auth_enabled_sasl", "no");
  writer.line("auth_enabled_ascii", "no");
  writer.line("item_size_max", settings.item_size_max_bytes);
  writer.line("maxconns_fast", "yes");
}

// Parts of memcached that have no counterpart here: the hash table grows by itself, memory moves
// between sizes by itself, and a clock does what the LRU threads do.
void write_foreign(StatWriter& writer) {
  constexpr std::pair<std::string_view, std::string_view> rows[] = {
      {"hashpower_init", "0"},       {"slab_reassign", "yes"},
      {"slab_automove", "0"},        {"slab_automove_ratio", "0"},
      {"slab_automove_window", "0"}, {"slab_chunk_max", "0"},
      {"lru_crawler", "no"},         {"lru_crawler_sleep", "0"},
      {"lru_crawler_tocrawl", "0"},  {"tail_repair_time", "0"},
      {"hash_algorithm", "xxh3"},    {"lru_maintainer_thread", "no"},
      {"lru_segmented", "no"},       {"hot_lru_pct", "0"},
      {"warm_lru_pct", "0"},         {"hot_max_factor", "0.00"},
      {"warm_max_factor", "0.00"},   {"temp_lru", "no"},
      {"temporary_ttl", "0"},        {"worker_logbuf_size", "0"},
      {"read_buf_mem_limit", "0"},   {"inline_ascii_response", "no"},
      {"num_napi_ids", "0"},         {"memory_file", "(null)"},
      {"client_flags_size", "4"},
  };
  for (const auto& [name, value] : rows) writer.line(name, value);
}

}  // namespace

void write_settings_stats(StatWriter& writer, const Node& node) {
  const Settings& settings = node.settings();
  writer.line("maxbytes", settings.memory_bytes);
  write_network(writer, settings);
  writer.line("verbosity", node.verbosity());
  writer.line("oldest", 0);
  write_memory(writer, settings);
  write_workers(writer, node);
  writer.line("flush_enabled", yes_no(settings.allow_flush));
  writer.line("dump_enabled", yes_no(settings.allow_dump));
  writer.line("idle_timeout", settings.idle_timeout_s);
  writer.line("track_sizes", yes_no(node.tracks_sizes()));
  writer.line("watcher_logbuf_size", settings.watcher_buffer_bytes);
  write_foreign(writer);
}

}  // namespace rc::server
