// What the workers share: the parts of a Store, wired together. Private to this room.
// Thread: any; each member says for itself.
#pragma once

#include "base/cacheline.hpp"
#include "base/hash.hpp"
#include "store/arena.hpp"
#include "store/budget.hpp"
#include "store/store.hpp"
#include "table/epoch.hpp"
#include "table/table.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace rc::store {

// A chunk that is the head of an item is the table's handle for it.
[[nodiscard]] constexpr table::Handle handle_of(Chunk chunk) {
  return table::Handle{static_cast<std::uint64_t>(chunk)};
}
[[nodiscard]] constexpr Chunk chunk_of(table::Handle handle) {
  return Chunk{static_cast<std::uint64_t>(handle)};
}

// What the table asks of items.
class TableItems {
 public:
  explicit TableItems(const Arena& arena) : arena_(arena) {}

  [[nodiscard]] bool key_equals(table::Handle handle, std::string_view key) const {
    return arena_.item(chunk_of(handle)).key() == key;
  }
  [[nodiscard]] std::string_view key_of(table::Handle handle) const {
    return arena_.item(chunk_of(handle)).key();
  }
  [[nodiscard]] std::uint64_t bytes_of(table::Handle handle) const {
    return arena_.item(chunk_of(handle)).item_bytes();
  }
  // Two lines: the header with the key, and where a small value begins.
  void prefetch(table::Handle handle) const {
    const std::byte* at = arena_.at(chunk_of(handle));
    rc::prefetch(at);
    rc::prefetch(at + cache_line_bytes);
  }

 private:
  const Arena& arena_;
};

using Index = table::Table<TableItems>;

// How far the background walk over the pages has come: one revolution begins per second, unless
// the last one still goes on. Packed into one word, so that workers share it by one CAS.
class WalkHand {
 public:
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
  };

  // Up to `count` pages that nobody else will visit in this revolution; empty if it is over.
  [[nodiscard]] Range claim(std::uint32_t count, std::uint32_t pages, UnixSeconds now);

 private:
  std::atomic<std::uint64_t> state_{0};  // second of the beginning << 32 | pages left
};

// How far the pages have been looked after for the sake of flushes. Each flush adds one part of 64,
// the next one, so that every page has its turn once in so many flushes.
class FlushHand {
 public:
  static constexpr std::uint32_t parts = 64;

  // Pages first, first + parts, .. below end.
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
  };

  // Some pages of the oldest flush that has any left, when there have been `flushes`, which nobody
  // else will look at; empty if there are none.
  [[nodiscard]] Range claim(std::uint32_t wanted, std::uint32_t pages, std::uint32_t flushes);
  // How many flushes have pages left that nobody has claimed.
  [[nodiscard]] std::uint32_t behind(std::uint32_t flushes) const;

 private:
  std::atomic<std::uint64_t> state_{0};  // flushes done << 32 | pages claimed for the next
};

// A block of pages on its way back to the system: who works on it, and how far it is.
struct Vacancy {
  // Taken by the one worker that does a step; the others go on without waiting.
  std::atomic<bool> busy{false};
  // The rest belongs to whoever is busy. Pages of the block that we own, one bit each.
  std::uint32_t seized = 0;
  std::uint32_t waits = 0;
  std::uint32_t sample_hand = 0;
  // The block that could not be vacated last time.
  PageId failed = PageId::none;
};

class Core {
 public:
  Core(const Options& options, const Division& division, std::unique_ptr<Arena> arena);

  // Builds the index; separate from the constructor because it can fail.
  [[nodiscard]] Result<Done> make_index(std::uint64_t slots_max);

  [[nodiscard]] Hash hash(std::string_view key) const {
    return Hash{hasher(key).value & options.hash_mask};
  }
  // What items that are stored now are marked with; see `flushes`.
  [[nodiscard]] std::uint8_t flush_generation() const {
    // Acquire: who sees the new generation also sees that the flush was asked for; partner of the
    // exchange in begin_generation.
    return static_cast<std::uint8_t>(flush_count());
  }
  // Before an item gets into the table: it belongs to a generation that has items now.
  void note_stored() {
    // Relaxed: the bit and the generation are one word, and who links the item comes after us.
    if ((flushes.load(std::memory_order_relaxed) & stored_bit) != 0) return;
    flushes.fetch_or(stored_bit, std::memory_order_relaxed);
  }
  // Makes all items old. Not if there are none, so that a client that flushes again and again does
  // not use up the generations.
  void begin_generation();
  // How many times that has happened.
  [[nodiscard]] std::uint32_t flush_count() const {
    return flushes.load(std::memory_order_acquire) >> 1U;
  }
  // How many pages one worker may have for itself: all workers together a 32nd of the arena.
  [[nodiscard]] std::uint32_t owned_pages_max() const {
    return std::clamp(division.pages / 32 / options.workers_max, 2U, std::uint32_t{class_count});
  }
  // Divides the limit anew, after one of limit_bytes and index_bytes has changed.
  void divide();
  // Sets aside `bytes` for the index, if that is not done yet: the arena gets so much less, and
  // comes down to it as it does to a lower limit. False: not yet, it is still coming down.
  [[nodiscard]] bool pay_for_index(std::uint64_t bytes);
  // Sums over all threads.
  [[nodiscard]] std::int64_t used_chunks(ClassId c) const;
  [[nodiscard]] std::int64_t evicted(ClassId c) const;
  [[nodiscard]] std::uint64_t item_bytes() const;

  const Options options;
  const Division division;
  const Hasher hasher;
  const std::unique_ptr<Arena> arena;
  const TableItems items;
  std::unique_ptr<Index> index;
  table::Epochs epochs;
  Budget budget;

  // One per possible worker; `busy` says which are taken.
  struct Seat {
    std::atomic<bool> busy{false};
    ThreadCounts counts;
  };
  const std::unique_ptr<Seat[]> seats;

  // Set while the store is made.
  std::uint64_t limit_max_bytes;
  std::atomic<std::uint64_t> limit_bytes;
  // What of it is set aside for the index.
  std::atomic<std::uint64_t> index_bytes{0};

  // cas values are handed out to workers in blocks of this size.
  static constexpr std::uint64_t cas_lease = std::uint64_t{1} << 20U;
  alignas(cache_line_bytes) std::atomic<std::uint64_t> next_cas{1};

  // Read by every operation, written by flush_all and the first store after it. Bit 0: something
  // was stored since the last flush; above: how many there were.
  static constexpr std::uint32_t stored_bit = 1;
  alignas(cache_line_bytes) std::atomic<std::uint32_t> flushes{0};
  // When a flush that was asked for in advance is due; 0: none.
  std::atomic<std::uint32_t> flush_due{0};

  alignas(cache_line_bytes) WalkHand walk;
  FlushHand flush_walk;

  // The work on the block that is being vacated; see store/shrink.cpp.
  Vacancy vacancy;
};

}  // namespace rc::store
