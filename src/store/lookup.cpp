// Reading: one key, or many with their memory latencies overlapped.
#include "store/worker.hpp"

#include <algorithm>
#include <array>

namespace rc::store {

using stats::Metric;

// What a hit leaves behind in the item: coarse facts, written only when they change, so that a hot
// item's line is not written by every reader.
void Worker::note_access(const Item& item) const {
  ItemHeader& header = item.header();
  // Relaxed throughout: hints for statistics and dumps.
  const auto second = static_cast<std::uint16_t>(count(now_));
  if (header.last_access.load(std::memory_order_relaxed) != second) {
    header.last_access.store(second, std::memory_order_relaxed);
  }
  if ((header.marks.load(std::memory_order_relaxed) & mark_fetched) == 0) {
    header.marks.fetch_or(mark_fetched, std::memory_order_relaxed);
  }
}

// The item, if it is alive, which is a use of it; otherwise the entry is removed.
Item Worker::admit(Entry& entry) {
  if (entry.live()) {
    note_access(entry.item);
    return entry.item;
  }
  dismiss(entry);
  return {};
}

// Removes the entry that a look-up found dead, if there is one.
void Worker::dismiss(Entry& entry) {
  if (entry.state == State::absent) return;
  counters_.add(entry.state == State::expired ? Metric::get_expired : Metric::get_flushed);
  // Failure means that somebody else removed or replaced it just now; it was dead when we looked.
  static_cast<void>(remove_dead(entry));
}

Item Worker::find(std::string_view key) {
  Entry entry = classify(index_.find(key, core_.hash(key)));
  return admit(entry);
}

Item Worker::glance(std::string_view key) {
  const Entry entry = peek(key, core_.hash(key));
  return entry.live() ? entry.item : Item{};
}

void Worker::look_ahead(std::span<const std::string_view> keys) const {
  RC_DEBUG_ASSERT(keys.size() <= Access::batch_max);
  std::array<Hash, Access::batch_max> hashes;
  for (std::size_t i = 0; i < keys.size(); ++i) hashes[i] = core_.hash(keys[i]);
  index_.look_ahead(std::span(hashes).first(keys.size()));
}

// The items are cold by nature: their headers are fetched all at once, and looked at after.
table::Walk::Step Worker::gather(table::Walk& walk, std::vector<Item>& items) {
  items.clear();
  const table::Walk::Step step = index_.gather(walk, gathered_);
  for (const table::Handle handle : gathered_) rc::prefetch(&item_of(handle).header());
  const std::uint8_t generation = core_.flush_generation();
  for (const table::Handle handle : gathered_) {
    const Item item = item_of(handle);
    if (state_of(item, generation) == State::live) items.push_back(item);
  }
  gathered_.clear();
  return step;
}

void Worker::find_many(std::span<Access::Lookup> lookups) {
  std::array<table::Lookup, Access::batch_max> batch;
  while (!lookups.empty()) {
    const std::size_t n = std::min(lookups.size(), batch.size());
    for (std::size_t i = 0; i < n; ++i) {
      batch[i] = {.key = lookups[i].key, .hash = core_.hash(lookups[i].key)};
    }
    index_.find_many(std::span(batch).first(n));
    for (std::size_t i = 0; i < n; ++i) {
      Entry entry = classify(batch[i].found);
      lookups[i].item = admit(entry);
    }
    lookups = lookups.subspan(n);
  }
}

}  // namespace rc::store
