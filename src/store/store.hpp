// The store: all items of a node, shared by its workers.
//
// Each worker reads and writes through an Access of its own (store/access.hpp); this class is what
// they share and what an operator may ask about. It keeps the promise of the memory limit: index,
// page descriptors, items, items waiting to be freed and pinned items fit in the limit less the
// share set aside for network buffers. The limit can be changed at any time.
// Thread: any, except where said.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace rc::store {

struct Options {
  std::uint64_t limit_bytes = 64 * mib;
  // The highest limit that set_limit may be asked for; address space is reserved for it. Where the
  // system grants that much only for limit_bytes, the limit can be lowered but not raised. 0 means
  // limit_bytes.
  std::uint64_t limit_max_bytes = 0;
  std::uint64_t item_size_max_bytes = mib;
  // How many Access objects may exist.
  std::uint32_t workers_max = 1;
  // What network buffers may hold. What of it exceeds 2 % of the limit and 2 MiB is taken from the
  // limit, but never more than an eighth of it: a small cache would have no room for items.
  std::uint64_t buffer_bytes = 0;
  // Ask for transparent huge pages, for limits from which on their size is no great part.
  bool huge_pages = true;
  std::uint64_t huge_pages_min_bytes = 256 * mib;
  // False: a store that finds no room fails instead of evicting (memcached's -M).
  bool evict = true;

  // For tests and benches: slots of the index (0: from the limit), chunk bytes that live items may
  // hold where that is less than what fits (0: what fits), hash seed (0: random), bits of the hash
  // that count (fewer make keys collide).
  std::uint64_t slots = 0;
  std::uint64_t live_bytes_max = 0;
  std::uint64_t hash_seed = 0;
  std::uint64_t hash_mask = ~std::uint64_t{0};
};

// What the store holds at one moment; each value is exact, together they are a snapshot only of a
// quiet store.
struct Figures {
  std::uint64_t limit_bytes = 0;
  std::uint64_t buffer_bytes = 0;
  std::uint64_t index_bytes = 0;
  std::uint64_t index_slots = 0;
  std::uint64_t descriptor_bytes = 0;
  std::uint64_t arena_bytes = 0;           // what is left of the limit for pages
  std::uint64_t arena_resident_bytes = 0;  // pages with memory
  std::uint64_t arena_used_bytes = 0;      // pages that hold something
  std::uint64_t curr_items = 0;
  std::uint64_t item_bytes = 0;   // headers, keys and values of live items: memcached's `bytes`
  std::uint64_t chunk_bytes = 0;  // the chunks of items live, dying, pinned or arriving
  std::uint64_t draft_bytes = 0;  // the part of it that is arriving
  std::uint64_t limbo_bytes = 0;  // unlinked, waiting for every worker to end its turn
  std::uint64_t pinned_dead_bytes = 0;  // unlinked, waiting for a send
  std::uint64_t probation_items = 0;
  std::uint64_t flush_generation = 0;
};

// How well the index is filled, from a sample of its buckets; and how it got there.
struct IndexFigures {
  std::uint64_t buckets = 0;  // looked at; what follows is about them
  std::uint64_t homes_overflowing = 0;
  std::array<std::uint64_t, 16> items_at_distance{};
  std::array<std::uint64_t, 8> buckets_by_items{};
  // Of the whole index, since the start.
  std::uint64_t splits = 0;
  std::uint64_t splits_helped = 0;
  std::uint64_t displacements = 0;  // evictions because a window was full
};

// One size class, for `stats slabs` and `stats items`.
struct ClassFigures {
  std::uint32_t chunk_bytes = 0;
  std::uint32_t chunks_per_page = 0;
  std::uint64_t pages = 0;
  std::uint64_t used_chunks = 0;
  std::uint64_t evicted = 0;
};

class Core;

class Store {
 public:
  // Reserves address space and builds an empty store. Fails if the limit is too small to hold
  // anything. One that cannot hold two items of the maximal size lowers that size.
  [[nodiscard]] static Result<std::unique_ptr<Store>> create(const Options& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] const Options& options() const;

  // Another memory limit, now. A higher one can be used at once; to a lower one the workers come
  // down in steps of their Access::background_step, evicting what must go and giving the memory
  // back to the system. False, and nothing changed, if it is too small to hold anything or higher
  // than there is address space for.
  [[nodiscard]] bool set_limit(std::uint64_t limit_bytes);
  [[nodiscard]] std::uint64_t limit_bytes() const;
  [[nodiscard]] std::uint64_t limit_max_bytes() const;

  [[nodiscard]] Figures figures() const;
  [[nodiscard]] IndexFigures index_figures() const;
  // Whether index and arena lie in huge pages: the limit is large enough and the system gives them.
  [[nodiscard]] bool uses_huge_pages() const;
  // One row per size class, in ascending order of chunk_bytes; also those without pages.
  [[nodiscard]] std::vector<ClassFigures> class_figures() const;

  // True while pinned items that are no longer in the table hold more than a tenth of the arena:
  // the server should close clients that do not read.
  [[nodiscard]] bool wants_slow_readers_closed() const;

  // Aborts if the store contradicts itself. Thread: any, while no Access is in use.
  void check_invariants() const;

  [[nodiscard]] Core& core() const { return *core_; }

 private:
  explicit Store(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace rc::store
