// `stats ringcached`: what memcached has no word for.
#include "base/bytes.hpp"
#include "base/memory.hpp"
#include "base/version.hpp"
#include "server/stats_sections.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace rc::server {

namespace {

// Values of `stats` must not contain a blank: scrapers split lines at them.
std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

std::uint64_t less(std::uint64_t whole, std::uint64_t part) {
  return whole - std::min(whole, part);
}

// What the connections cost: sessions and buffers that hold nothing, about.
std::uint64_t connection_bytes(const stats::Snapshot& totals) {
  constexpr std::uint64_t bytes_each = 320;
  const std::uint64_t opened = totals[stats::Metric::total_connections];
  return less(opened, totals[stats::Metric::closed_connections]) * bytes_each;
}

// A worker's receive buffers are used one after the other, so they have as much memory as was ever
// read, up to their size.
std::uint64_t buffer_bytes(const Node& node, const stats::Snapshot& totals) {
  const std::uint64_t most = node.worker_count() * mib;
  return std::min(totals[stats::Metric::bytes_read], most);
}

// Where the resident memory is: the lines memory_in_* add up to it. `other` is code, stacks, rings
// and what the program keeps for itself, as much as there was before the first request;
// `unaccounted` is what is missing, so that nobody has to add up to see it.
void write_whereabouts(StatWriter& writer, const Node& node, const store::Figures& figures) {
  const std::uint64_t resident = resident_bytes();
  const stats::Snapshot totals = node.totals();
  const std::uint64_t in_chunks =
      figures.item_bytes + figures.draft_bytes + figures.limbo_bytes + figures.pinned_dead_bytes;
  const std::pair<std::string_view, std::uint64_t> parts[] = {
      {"items", figures.item_bytes},
      {"drafts", figures.draft_bytes},
      {"limbo", figures.limbo_bytes},
      {"pinned_dead", figures.pinned_dead_bytes},
      {"holes", less(figures.arena_used_bytes, in_chunks)},
      {"free_pages", less(figures.arena_resident_bytes, figures.arena_used_bytes)},
      {"index", figures.index_bytes},
      {"descriptors", figures.descriptor_bytes},
      {"connections", connection_bytes(totals)},
      {"buffers", buffer_bytes(node, totals)},
      {"other", node.base_bytes() + resident_file_bytes()},
  };
  writer.line("memory_resident_bytes", resident);
  std::uint64_t sum = 0;
  for (const auto& [name, bytes] : parts) {
    writer.line("memory_in_" + std::string(name) + "_bytes", bytes);
    sum += bytes;
  }
  writer.line("memory_unaccounted_bytes", less(resident, sum));
}

void write_memory(StatWriter& writer, const store::Figures& figures) {
  writer.line("memory_limit_bytes", figures.limit_bytes);
  writer.line("memory_buffer_bytes", figures.buffer_bytes);
  writer.line("memory_index_bytes", figures.index_bytes);
  writer.line("memory_descriptor_bytes", figures.descriptor_bytes);
  writer.line("memory_arena_bytes", figures.arena_bytes);
  writer.line("memory_arena_resident_bytes", figures.arena_resident_bytes);
  writer.line("memory_arena_used_bytes", figures.arena_used_bytes);
  writer.line("memory_chunk_bytes", figures.chunk_bytes);
  writer.line("memory_item_bytes", figures.item_bytes);
  writer.line("memory_draft_bytes", figures.draft_bytes);
  writer.line("memory_limbo_bytes", figures.limbo_bytes);
  writer.line("memory_pinned_dead_bytes", figures.pinned_dead_bytes);
}

void write_index_load(StatWriter& writer, const store::IndexFigures& figures) {
  writer.line("index_splits", figures.splits);
  writer.line("index_splits_helped", figures.splits_helped);
  writer.line("index_displacements", figures.displacements);
  writer.line("index_sampled_buckets", figures.buckets);
  writer.line("index_sampled_overflowing", figures.homes_overflowing);
  for (std::size_t i = 0; i < figures.buckets_by_items.size(); ++i) {
    writer.line("index_sampled_buckets_of_" + std::to_string(i), figures.buckets_by_items[i]);
  }
  for (std::size_t i = 0; i < figures.items_at_distance.size(); ++i) {
    writer.line("index_sampled_items_at_" + std::to_string(i), figures.items_at_distance[i]);
  }
}

void write_index(StatWriter& writer, const store::Figures& figures) {
  const std::uint64_t slots = std::max<std::uint64_t>(figures.index_slots, 1);
  writer.line("index_slots", figures.index_slots);
  writer.line("index_items", figures.curr_items);
  writer.line("index_load_percent", figures.curr_items * 100 / slots);
  writer.line("index_probation_items", figures.probation_items);
  writer.line("flush_generation", figures.flush_generation);
}

}  // namespace

void write_own_stats(StatWriter& writer, const Node& node) {
  writer.line("version", version);
  writer.line("allocator", first_word(allocator_name()));
  const store::Figures figures = node.store().figures();
  write_whereabouts(writer, node, figures);
  write_memory(writer, figures);
  write_index(writer, figures);
  write_index_load(writer, node.store().index_figures());
  const stats::Snapshot counted = node.since_reset();
  for (std::size_t i = 0; i < stats::metric_count; ++i) {
    writer.line(stats::metrics[i].name, counted[static_cast<stats::Metric>(i)]);
  }
}

}  // namespace rc::server
