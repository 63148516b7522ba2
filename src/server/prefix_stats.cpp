#include "server/prefix_stats.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace rc::server {

namespace {

// A key of the meta protocol may hold any bytes; these would end a word or a line.
bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
  });
}

void operator+=(PrefixCounts& sum, const PrefixCounts& more) {
  sum.gets += more.gets;
  sum.hits += more.hits;
  sum.sets += more.sets;
  sum.deletes += more.deletes;
}

bool counted(const PrefixCounts& counts) {
  return (counts.gets | counts.sets | counts.deletes) != 0;
}

void append_number(std::string& text, std::string_view name, std::uint64_t number) {
  std::array<char, number_text_max> digits;
  text += name;
  text.append(digits.data(), write_number(digits.data(), number));
}

void append_line(
    std::string& text, std::string_view before, std::string_view prefix, const PrefixCounts& counts
) {
  text += "PREFIX ";
  text += before;
  text += prefix;
  append_number(text, " get ", counts.gets);
  append_number(text, " hit ", counts.hits);
  append_number(text, " set ", counts.sets);
  append_number(text, " del ", counts.deletes);
  text += "\r\n";
}

}  // namespace

PrefixCounts PrefixTable::Row::read() const {
  // Relaxed: statistics order nothing.
  const auto at = [this](Event event) {
    return counts[static_cast<std::size_t>(event)].load(std::memory_order_relaxed);
  };
  return {
      .gets = at(Event::get),
      .hits = at(Event::hit),
      .sets = at(Event::set),
      .deletes = at(Event::erase)};
}

void PrefixTable::count(std::string_view prefix, Event event, std::uint64_t n) {
  const bool has_place = prefix.size() <= prefix_bytes_max && is_word(prefix);
  Row& row = has_place ? row_of(prefix) : others_;
  auto& value = row.counts[static_cast<std::size_t>(event)];
  // Relaxed: one writer makes load and store enough.
  value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

PrefixTable::Row& PrefixTable::row_of(std::string_view prefix) {
  std::size_t slot = hasher_(prefix).value % slot_count;
  for (; slots_[slot] != 0; slot = (slot + 1) % slot_count) {
    Row& row = rows_[slots_[slot] - 1U];
    if (std::string_view(row.prefix.data(), row.prefix_bytes) == prefix) return row;
  }
  // Relaxed: the owner alone writes it.
  const std::size_t rows = row_count_.load(std::memory_order_relaxed);
  if (rows == rows_max) return others_;
  Row& row = rows_[rows];
  std::copy(prefix.begin(), prefix.end(), row.prefix.begin());
  row.prefix_bytes = static_cast<std::uint8_t>(prefix.size());
  slots_[slot] = static_cast<std::uint16_t>(rows + 1);
  // Release: whoever sees the row finds its prefix; partner of the acquire in for_each.
  row_count_.store(rows + 1, std::memory_order_release);
  return row;
}

PrefixStats::PrefixStats(std::uint32_t workers, char delimiter, bool on)
    : delimiter_(delimiter), on_(on), shares_(workers) {}

bool PrefixStats::on() const {
  const std::lock_guard lock(mutex_);
  return on_;
}

void PrefixStats::switch_on(bool on) {
  const std::lock_guard lock(mutex_);
  on_ = on;
  note_change();
}

void PrefixStats::reset() {
  const std::lock_guard lock(mutex_);
  ++resets_;
  note_change();
}

PrefixTable* PrefixStats::table_for(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  Share& share = shares_[worker];
  // Readers hold the mutex as well, so nobody is looking at the old one.
  if (share.reset != resets_) share.table.reset();
  share.reset = resets_;
  if (!on_) return nullptr;
  if (share.table == nullptr) share.table = std::make_unique<PrefixTable>();
  return share.table.get();
}

std::string PrefixStats::text() const {
  // As many as memcached shows; what is beyond them joins the others.
  constexpr std::size_t shown_max = 1U << 16U;
  const std::lock_guard lock(mutex_);
  std::map<std::string, PrefixCounts, std::less<>> sums;
  PrefixCounts others;
  for (const Share& share : shares_) {
    if (share.table == nullptr || share.reset != resets_) continue;
    others += share.table->others();
    share.table->for_each([&](std::string_view prefix, const PrefixCounts& counts) {
      if (const auto found = sums.find(prefix); found != sums.end()) {
        found->second += counts;
      } else if (sums.size() < shown_max) {
        sums.emplace(prefix, counts);
      } else {
        others += counts;
      }
    });
  }
  std::string text;
  for (const auto& [prefix, counts] : sums) append_line(text, {}, prefix, counts);
  if (counted(others)) append_line(text, {&delimiter_, 1}, "others", others);
  return text + "END\r\n";
}

void PrefixCounter::count(std::string_view key, PrefixTable::Event event) {
  const std::size_t end = key.find(stats_.delimiter());
  if (end != std::string_view::npos) table_->count(key.substr(0, end), event);
}

}  // namespace rc::server
