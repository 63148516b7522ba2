// `stats items` and `stats slabs`: our size classes in the shape of memcached's slab classes, which
// tools print and exporters insist on. Counters that are not kept per class are 0.
#include "server/stats_sections.hpp"

#include <utility>
#include <vector>

namespace rc::server {

namespace {

// Calls use(class number, figures) for each class that has memory. Numbers begin at 1.
template <class Use>
void for_each_class(const Node& node, Use&& use) {
  const std::vector<store::ClassFigures> classes = node.store().class_figures();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].pages != 0) use(i + 1, classes[i]);
  }
}

void write_zeros(StatWriter& writer, std::string_view prefix, auto&& names) {
  for (const std::string_view name : names) writer.line(prefix, name, 0);
}

constexpr std::string_view item_ages[] = {
    "number_hot", "number_warm", "number_cold", "number_temp", "age_hot", "age_warm", "age"};
constexpr std::string_view item_repairs[] = {
    "evicted_nonzero",
    "evicted_time",
    "outofmemory",
    "tailrepairs",
    "reclaimed",
    "expired_unfetched",
    "evicted_unfetched",
    "evicted_active",
    "crawler_reclaimed",
    "crawler_items_checked",
    "lrutail_reflocked",
    "moves_to_cold",
    "moves_to_warm",
    "moves_within_lru",
    "direct_reclaims",
    "hits_to_hot",
    "hits_to_warm",
    "hits_to_cold",
    "hits_to_temp"};
constexpr std::string_view slab_commands[] = {
    "get_hits",
    "cmd_set",
    "delete_hits",
    "incr_hits",
    "decr_hits",
    "cas_hits",
    "cas_badval",
    "touch_hits"};

}  // namespace

void write_items_stats(StatWriter& writer, const Node& node) {
  for_each_class(node, [&writer](std::size_t number, const store::ClassFigures& figures) {
    const std::string prefix = "items:" + std::to_string(number) + ":";
    writer.line(prefix, "number", figures.used_chunks);
    write_zeros(writer, prefix, item_ages);
    writer.line(prefix, "mem_requested", figures.used_chunks * figures.chunk_bytes);
    writer.line(prefix, "evicted", figures.evicted);
    write_zeros(writer, prefix, item_repairs);
  });
}

void write_slabs_stats(StatWriter& writer, const Node& node) {
  std::uint64_t active = 0;
  for_each_class(node, [&](std::size_t number, const store::ClassFigures& figures) {
    const std::string prefix = std::to_string(number) + ":";
    const std::uint64_t chunks = figures.pages * figures.chunks_per_page;
    ++active;
    writer.line(prefix, "chunk_size", figures.chunk_bytes);
    writer.line(prefix, "chunks_per_page", figures.chunks_per_page);
    writer.line(prefix, "total_pages", figures.pages);
    writer.line(prefix, "total_chunks", chunks);
    writer.line(prefix, "used_chunks", figures.used_chunks);
    writer.line(prefix, "free_chunks", chunks - figures.used_chunks);
    writer.line(prefix, "free_chunks_end", 0);
    write_zeros(writer, prefix, slab_commands);
  });
  writer.line("active_slabs", active);
  writer.line("total_malloced", node.store().figures().arena_used_bytes);
}

}  // namespace rc::server
