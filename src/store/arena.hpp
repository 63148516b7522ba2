// The arena: one reserved region of 64 KiB pages that holds all items.
//
// A page is free, or cut into chunks of one size class, or carries a slice of a large value. Only
// the thread that owns a page allocates from it; any thread frees any chunk by setting its bit.
// Pages that have room and no owner are in the available set of their class, free pages with the
// supply, which also keeps the quota. Nothing here evicts or waits: a call that finds no room says
// so, and the caller (store/memory) makes some.
//
// A page changes its class only after every thread that might be walking its chunks has ended its
// turn: a page that becomes empty is reported to the caller, who gives it back with give_page
// after a grace period. That makes walks over chunks safe with no lock: see store/background.
// Thread: Arena any; ArenaCache its owner.
#pragma once

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/memory.hpp"
#include "base/result.hpp"
#include "store/item.hpp"
#include "store/page.hpp"
#include "store/page_supply.hpp"
#include "store/size_class.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace rc::store {

struct ArenaOptions {
  std::uint32_t pages = 0;      // the quota, at first
  std::uint32_t pages_max = 0;  // the largest quota there can be; 0: `pages`
  bool huge_pages = false;
};

class Arena {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Arena>> create(const ArenaOptions& options);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Memory beside the pages that an arena of this many pages costs at most.
  [[nodiscard]] static std::uint64_t overhead_bytes(std::uint32_t pages);

  [[nodiscard]] std::byte* at(Chunk chunk) const {
    return start_ + static_cast<std::uint64_t>(chunk) * chunk_unit_bytes;
  }
  [[nodiscard]] Chunk chunk_of(const void* address) const {
    const auto offset = static_cast<const std::byte*>(address) - start_;
    return Chunk{static_cast<std::uint64_t>(offset) / chunk_unit_bytes};
  }
  [[nodiscard]] Item item(Chunk chunk) const {
    return {*this, *reinterpret_cast<ItemHeader*>(at(chunk))};
  }
  [[nodiscard]] static PageId page_of(Chunk chunk) {
    return PageId{static_cast<std::uint32_t>(
        static_cast<std::uint64_t>(chunk) / (page_bytes / chunk_unit_bytes)
    )};
  }
  [[nodiscard]] std::byte* page_start(PageId page) const {
    return start_ + std::uint64_t{index(page)} * page_bytes;
  }
  [[nodiscard]] PageDescriptor& descriptor(PageId page) const { return table_[index(page)]; }
  [[nodiscard]] std::atomic<std::uint64_t>& free_word(PageId page, std::uint32_t word) const {
    if (word < PageDescriptor::words_here) return descriptor(page).free_bits[word];
    return more_bits_
        [std::uint64_t{index(page)} * words_elsewhere + (word - PageDescriptor::words_here)];
  }
  [[nodiscard]] ClassId class_of(Chunk chunk) const {
    // Relaxed: the chunk is the caller's, so its page does not change.
    return descriptor(page_of(chunk)).size_class.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t chunk_bytes(Chunk chunk) const {
    return size_class(class_of(chunk)).chunk_bytes;
  }

  // Pages 1 .. page_count() have been in use.
  [[nodiscard]] std::uint32_t page_count() const {
    return supply_.extent().load(std::memory_order_relaxed) - 1;
  }
  [[nodiscard]] std::uint32_t pages_of(ClassId c) const {
    return class_pages_[index(c)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] PageSupply& supply() { return supply_; }
  [[nodiscard]] const PageSupply& supply() const { return supply_; }
  // Pages that take_page can give.
  [[nodiscard]] std::uint32_t free_pages() const { return supply_.available(); }

  // A free page, of kind `free` until the caller says otherwise; none if there is none.
  [[nodiscard]] PageId take_page();
  // Takes a page back. Requires: nobody can be looking at it any more.
  void give_page(PageId page);

  // Memory of the descriptors that have been in use.
  [[nodiscard]] std::uint64_t table_bytes() const { return tables_.resident_bytes(); }

  // True if a chunk begins here and is in use, in a page that is cut.
  [[nodiscard]] bool is_used_chunk(Chunk chunk) const;

  // The link from a page of a chain back towards its head: the head's chunk with the mark for the
  // first page, for the others the page before. Zero: not known yet.
  static constexpr std::uint64_t chain_head_mark = std::uint64_t{1} << 63U;
  [[nodiscard]] std::atomic<std::uint64_t>& chain_back(PageId page) const {
    return descriptor(page).free_bits[0];
  }

  [[nodiscard]] PageSet& available(ClassId c) { return available_[index(c)]; }

  // True while the page is cut into chunks, which for_each_used may then walk.
  [[nodiscard]] bool is_cut(PageId page) const {
    // Acquire: partner of the release in cut().
    const PageKind kind = descriptor(page).kind.load(std::memory_order_acquire);
    return kind == PageKind::chunks || kind == PageKind::draining;
  }

  // Chunks of the page in use. Exact only while nobody owns the page.
  [[nodiscard]] static std::uint32_t live_chunks(const PageDescriptor& page) {
    return page.use.load(std::memory_order_relaxed) & ~PageDescriptor::owned;
  }

  // Calls use(Chunk) for every chunk of the page whose bit says it is in use, among them chunks
  // that are being built and such that were freed a moment ago: their marks tell.
  template <class Use>
  void for_each_used(PageId page, Use&& use) const;

  // Aborts on contradictions. Requires: no thread is using the arena.
  void check_invariants() const;

 private:
  friend class ArenaCache;
  Arena() = default;

  static constexpr std::uint32_t words_elsewhere =
      (chunks_per_page_max + 63) / 64 - PageDescriptor::words_here;

  void cut(PageId page, ClassId c, std::uint8_t generation);

  PageSupply supply_;
  Region tables_;
  std::byte* start_ = nullptr;
  PageDescriptor* table_ = nullptr;
  std::atomic<std::uint64_t>* more_bits_ = nullptr;
  std::array<PageSet, class_count> available_;
  // Relaxed counters of pages per class, for figures and for choosing what to reclaim.
  std::array<std::atomic<std::uint32_t>, class_count> class_pages_{};
};

// The marks of a chunk, be it the head of an item or a tail.
[[nodiscard]] inline std::atomic<std::uint8_t>& marks_at(std::byte* chunk) {
  return reinterpret_cast<ItemHeader*>(chunk)->marks;
}
static_assert(offsetof(ItemHeader, marks) == offsetof(PartHeader, marks));

template <class Use>
void Arena::for_each_used(PageId page, Use&& use) const {
  // Relaxed: the caller is in a turn, so a page that is cut stays cut in this way meanwhile.
  const SizeClass& c = size_class(descriptor(page).size_class.load(std::memory_order_relaxed));
  const auto first = std::uint64_t{index(page)} * (page_bytes / chunk_unit_bytes);
  const std::uint32_t units = c.chunk_bytes / chunk_unit_bytes;
  for (std::uint32_t word = 0; word < c.bitmap_words(); ++word) {
    // Acquire: whoever cleared the bit has reset the chunk's marks before. Partner:
    // ArenaCache::claim_bit. Sequentially consistent for the sake of Worker::walk_page.
    std::uint64_t used = ~free_word(page, word).load(std::memory_order_seq_cst);
    for (; used != 0; used &= used - 1) {
      const std::uint32_t i = word * 64 + static_cast<std::uint32_t>(std::countr_zero(used));
      if (i >= c.chunks) return;
      use(Chunk{first + std::uint64_t{i} * units});
    }
  }
}

// A thread's share of the counts; only the sum over all threads means something, since one thread
// may free what another allocated. Thread: one writer, any reader.
struct alignas(cache_line_bytes) ThreadCounts {
  std::array<std::atomic<std::int64_t>, class_count> used_chunks{};
  std::array<std::atomic<std::int64_t>, class_count> evicted{};
  std::atomic<std::int64_t> item_bytes{0};

  // Relaxed, load and store: the thread is the only writer, and a count orders nothing.
  static void add(std::atomic<std::int64_t>& count, std::int64_t n) {
    count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

// A thread's own pages: one per size class, but not more than a share of the arena, because a page
// that is owned helps no other thread and cannot be emptied. Beyond that the one taken first is
// let go.
class ArenaCache {
 public:
  ArenaCache(Arena& arena, ThreadCounts& counts, std::uint32_t owned_max = class_count)
      : arena_(arena), counts_(counts), owned_max_(owned_max) {
    RC_ASSERT(owned_max_ >= 1 && owned_max_ <= class_count);
  }
  ~ArenaCache();
  ArenaCache(const ArenaCache&) = delete;
  ArenaCache& operator=(const ArenaCache&) = delete;

  // A chunk from this thread's page or from an available one; none if the class has no room. Its
  // marks are 0.
  [[nodiscard]] Chunk allocate(ClassId c);
  // Makes a free page this thread's page of the class, for items of this flush generation or later
  // ones; false if there is no free page. Requires: allocate(c) has just failed.
  [[nodiscard]] bool open_page(ClassId c, std::uint8_t generation);

  // Frees a chunk, of any thread's. If that leaves a page empty and unowned, the page comes back:
  // it must be given to give_page after a grace period. Requires: marks are 0.
  [[nodiscard]] PageId free(Chunk chunk);

  // Takes the page out of the available set and owns it, for emptying; false if it is not there
  // any more.
  [[nodiscard]] bool seize(PageId page, ClassId c);
  // The same for any page that is cut: also a full one, which is in no set. False if it has an
  // owner, is draining or changes hands just now.
  [[nodiscard]] bool seize_any(PageId page);
  // Ends the ownership that seize began. With `drain` the page is for nobody and comes back
  // through free() with its last chunk, or here if it is empty already.
  [[nodiscard]] PageId let_go(PageId page, bool drain);

  // Lets go of every page, so that others may use or reclaim them. Calls emptied(PageId).
  template <class Emptied>
  void release_pages(Emptied&& emptied) {
    release_pages_if([](PageId) { return true; }, std::forward<Emptied>(emptied));
  }
  // The same for those pages for which which(PageId) holds.
  template <class Which, class Emptied>
  void release_pages_if(Which&& which, Emptied&& emptied);

 private:
  struct Current {
    PageId page = PageId::none;
    std::uint32_t word = 0;       // where to look for a free bit first
    std::uint32_t allocated = 0;  // by this thread, and not in the descriptor's count yet
  };

  [[nodiscard]] Chunk allocate_from(Current& current, const SizeClass& c);
  [[nodiscard]] Chunk claim_bit(Current& current, const SizeClass& c, std::uint32_t word);
  void prefetch_hole(const Current& current, const SizeClass& c, std::uint64_t free);
  void own(PageId page, ClassId c);
  void let_go_of_oldest();
  [[nodiscard]] PageId disown(Current& current, ClassId c);
  [[nodiscard]] PageId settle(PageId page, ClassId c, std::uint32_t live);
  void count_used(ClassId c, std::int64_t n) {
    ThreadCounts::add(counts_.used_chunks[index(c)], n);
  }

  Arena& arena_;
  ThreadCounts& counts_;
  std::uint32_t owned_max_;
  // The classes with a page, in the order in which they got it.
  std::uint32_t owned_count_ = 0;
  std::array<ClassId, class_count> owned_{};
  std::array<Current, class_count> current_{};
  std::array<std::uint32_t, class_count> hands_{};
};

template <class Which, class Emptied>
void ArenaCache::release_pages_if(Which&& which, Emptied&& emptied) {
  for (std::size_t c = 0; c < class_count; ++c) {
    if (current_[c].page == PageId::none || !which(current_[c].page)) continue;
    const PageId page = disown(current_[c], ClassId{static_cast<std::uint8_t>(c)});
    if (page != PageId::none) emptied(page);
  }
}

}  // namespace rc::store
