// `stats` without an argument.
#include "base/version.hpp"
#include "server/stats_sections.hpp"

#include <array>
#include <bit>
#include <cstdio>
#include <unistd.h>

#include <sys/resource.h>

namespace rc::server {

namespace {

using stats::Metric;

constexpr std::uint64_t page_bytes = 64 * kib;

// Everything the rows are computed from, read once so that the rows fit each other.
struct Facts {
  const Node& node;
  std::uint64_t now_s;
  stats::Snapshot counted;  // since the last reset
  std::uint64_t open_connections;
  store::Figures figures;
  rusage usage;
};

std::uint64_t open_connections(const Node& node) {
  const stats::Snapshot totals = node.totals();
  const std::uint64_t opened = totals[Metric::total_connections];
  const std::uint64_t closed = totals[Metric::closed_connections];
  // The two are not read at one moment.
  return opened > closed ? opened - closed : 0;
}

Facts gather(const Node& node, UnixSeconds now) {
  Facts facts{
      .node = node,
      .now_s = count(now),
      .counted = node.since_reset(),
      .open_connections = open_connections(node),
      .figures = node.store().figures(),
      .usage = {}};
  getrusage(RUSAGE_SELF, &facts.usage);
  return facts;
}

// A row is a number, a counter, a text, or, with none of the three, a 0 for a key that only
// memcached has a meaning for.
struct Row {
  std::string_view name;
  std::uint64_t (*number)(const Facts&) = nullptr;
  std::string (*text)(const Facts&) = nullptr;
  bool (*shown)(const Settings&) = nullptr;  // null: always
};

template <Metric metric>
constexpr Row counter() {
  return {
      .name = stats::metrics[static_cast<std::size_t>(metric)].name,
      .number = [](const Facts& facts) { return facts.counted[metric]; }};
}

std::string seconds_text(const timeval& time) {
  std::array<char, 48> text;
  const int length = std::snprintf(
      text.data(),
      text.size(),
      "%lld.%06lld",
      static_cast<long long>(time.tv_sec),
      static_cast<long long>(time.tv_usec)
  );
  return {text.data(), static_cast<std::size_t>(length)};
}

// memcached shows it only where idle connections are closed.
constexpr Row idle_kicks = [] {
  Row row = counter<Metric::idle_kicks>();
  row.shown = [](const Settings& settings) { return settings.idle_timeout_s != 0; };
  return row;
}();

constexpr Row rows[] = {
    {"pid", [](const Facts&) { return static_cast<std::uint64_t>(getpid()); }},
    {"uptime", [](const Facts& f) { return f.now_s - count(f.node.started()); }},
    {"time", [](const Facts& f) { return f.now_s; }},
    {.name = "version", .text = [](const Facts&) { return std::string(version); }},
    {"libevent"},
    {"pointer_size", [](const Facts&) { return std::uint64_t{8 * sizeof(void*)}; }},
    {.name = "rusage_user", .text = [](const Facts& f) { return seconds_text(f.usage.ru_utime); }},
    {.name = "rusage_system",
     .text = [](const Facts& f) { return seconds_text(f.usage.ru_stime); }},
    {"max_connections",
     [](const Facts& f) { return std::uint64_t{f.node.settings().connections_max}; }},
    {"curr_connections", [](const Facts& f) { return f.open_connections; }},
    counter<Metric::total_connections>(),
    counter<Metric::rejected_connections>(),
    {"connection_structures", [](const Facts& f) { return f.open_connections; }},
    {"response_obj_oom"},
    {"response_obj_count"},
    {"response_obj_bytes"},
    {"read_buf_count"},
    {"read_buf_bytes"},
    {"read_buf_bytes_free"},
    {"read_buf_oom"},
    {"reserved_fds"},
    counter<Metric::cmd_get>(),
    counter<Metric::cmd_set>(),
    counter<Metric::cmd_flush>(),
    counter<Metric::cmd_touch>(),
    counter<Metric::cmd_meta>(),
    counter<Metric::get_hits>(),
    counter<Metric::get_misses>(),
    counter<Metric::get_expired>(),
    counter<Metric::get_flushed>(),
    counter<Metric::delete_misses>(),
    counter<Metric::delete_hits>(),
    counter<Metric::incr_misses>(),
    counter<Metric::incr_hits>(),
    counter<Metric::decr_misses>(),
    counter<Metric::decr_hits>(),
    counter<Metric::cas_misses>(),
    counter<Metric::cas_hits>(),
    counter<Metric::cas_badval>(),
    counter<Metric::touch_hits>(),
    counter<Metric::touch_misses>(),
    counter<Metric::store_too_large>(),
    counter<Metric::store_no_memory>(),
    {"auth_cmds"},
    {"auth_errors"},
    idle_kicks,
    counter<Metric::bytes_read>(),
    counter<Metric::bytes_written>(),
    {"limit_maxbytes", [](const Facts& f) { return f.figures.limit_bytes; }},
    {"accepting_conns", [](const Facts&) { return std::uint64_t{1}; }},
    {"listen_disabled_num", [](const Facts& f) { return f.counted[Metric::accept_paused]; }},
    {"time_in_listen_disabled_us"},
    {"threads", [](const Facts& f) { return std::uint64_t{f.node.settings().threads}; }},
    counter<Metric::conn_yields>(),
    {"hash_power_level",
     [](const Facts& f) {
       return f.figures.index_slots == 0
                  ? 0
                  : static_cast<std::uint64_t>(std::bit_width(f.figures.index_slots)) - 1;
     }},
    {"hash_bytes", [](const Facts& f) { return f.figures.index_bytes; }},
    {"hash_is_expanding"},
    {"slab_reassign_rescues", [](const Facts& f) { return f.counted[Metric::relocations]; }},
    {"slab_reassign_chunk_rescues"},
    {"slab_reassign_inline_reclaim"},
    {"slab_reassign_busy_items"},
    {"slab_reassign_busy_deletes"},
    {"slab_reassign_busy_nomem"},
    {"slab_reassign_last_busy_status"},
    {"slab_reassign_running"},
    {"slabs_moved", [](const Facts& f) { return f.counted[Metric::pages_reclaimed]; }},
    {"lru_crawler_running"},
    {"lru_crawler_starts"},
    {"lru_maintainer_juggles"},
    {"malloc_fails"},
    {"log_worker_dropped"},
    counter<Metric::log_worker_written>(),
    counter<Metric::log_watcher_skipped>(),
    counter<Metric::log_watcher_sent>(),
    {"log_watchers", [](const Facts& f) { return std::uint64_t{f.node.watchers().count()}; }},
    {"unexpected_napi_ids"},
    {"round_robin_fallback"},
    {"bytes", [](const Facts& f) { return f.figures.item_bytes; }},
    {"curr_items", [](const Facts& f) { return f.figures.curr_items; }},
    counter<Metric::total_items>(),
    {"slab_global_page_pool",
     [](const Facts& f) {
       return (f.figures.arena_bytes - f.figures.arena_used_bytes) / page_bytes;
     }},
    counter<Metric::expired_unfetched>(),
    counter<Metric::evicted_unfetched>(),
    {"evicted_active"},
    counter<Metric::evictions>(),
    counter<Metric::reclaimed>(),
    {"crawler_reclaimed"},
    {"crawler_items_checked"},
    {"lrutail_reflocked"},
    {"moves_to_cold"},
    {"moves_to_warm"},
    {"moves_within_lru"},
    {"direct_reclaims"},
    {"lru_bumps_dropped"},
    // Ours; the name of the program, where `version` alone would not tell.
    {.name = "product", .text = [](const Facts&) { return std::string("ringcached"); }},
};

}  // namespace

void write_general_stats(StatWriter& writer, const Node& node, UnixSeconds now) {
  const Facts facts = gather(node, now);
  for (const Row& row : rows) {
    if (row.shown != nullptr && !row.shown(node.settings())) continue;
    if (row.text != nullptr) {
      writer.line(row.name, row.text(facts));
    } else {
      writer.line(row.name, row.number != nullptr ? row.number(facts) : 0);
    }
  }
}

}  // namespace rc::server
