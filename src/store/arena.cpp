#include "store/arena.hpp"

#include "base/cacheline.hpp"
#include "store/poison.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace rc::store {

namespace {

// The processor follows longer writes by itself.
constexpr std::uint64_t hole_prefetch_max_bytes = 4 * cache_line_bytes;

constexpr std::size_t sets = class_count + PageSupply::set_count;

// How the tables beside the pages share one region. Each part costs memory only for the pages that
// have been in use, which are the lowest ones.
struct TableLayout {
  std::uint64_t more_bits = 0;
  std::uint64_t sets = 0;
  std::uint64_t bytes = 0;

  TableLayout(std::uint64_t pages, std::uint32_t words_elsewhere)
      : more_bits(round_up(pages * sizeof(PageDescriptor), cache_line_bytes)),
        sets(round_up(more_bits + pages * words_elsewhere * 8, cache_line_bytes)),
        bytes(
            sets + (pages / PageSet::pages_per_line + 1) * rc::store::sets *
                       std::uint64_t{cache_line_bytes}
        ) {}
};

void fill_bits(std::uint32_t chunks, std::uint32_t word, std::atomic<std::uint64_t>& bits) {
  const std::uint32_t left = chunks - std::min(chunks, word * 64);
  const std::uint64_t all = ~std::uint64_t{0};
  // Relaxed: the page is the caller's alone; handing it on publishes them.
  bits.store(left >= 64 ? all : (std::uint64_t{1} << left) - 1, std::memory_order_relaxed);
}

}  // namespace

std::uint64_t Arena::overhead_bytes(std::uint32_t pages) {
  // Each of the three parts may begin and end within a page of the system's.
  return TableLayout{pages, words_elsewhere}.bytes + 3 * 4 * kib;
}

Result<std::unique_ptr<Arena>> Arena::create(const ArenaOptions& options) {
  std::unique_ptr<Arena> arena{new Arena};
  PageSupply& supply = arena->supply_;
  auto reserved = supply.reserve(std::max(options.pages, options.pages_max), options.huge_pages);
  if (!reserved) return reserved.error();
  const TableLayout layout{
      std::uint64_t{supply.pages_max()} + supply.block_pages(), words_elsewhere};
  auto tables = Region::reserve(layout.bytes, false);
  if (!tables) return tables.error();

  arena->start_ = supply.data();
  arena->tables_ = std::move(tables).value();
  // Zeroed memory is a valid array of all of these, and stays untouched until it is used.
  std::byte* start = arena->tables_.data();
  arena->table_ = reinterpret_cast<PageDescriptor*>(start);
  arena->more_bits_ = reinterpret_cast<std::atomic<std::uint64_t>*>(start + layout.more_bits);
  auto place_set = [&, next = start + layout.sets](PageSet& set) mutable {
    set.place(
        reinterpret_cast<std::atomic<std::uint64_t>*>(next),
        sets * PageSet::words_per_line,
        supply.extent()
    );
    next += cache_line_bytes;
  };
  for (PageSet& set : arena->available_) place_set(set);
  supply.place_sets(place_set);
  supply.set_quota(options.pages);
  return arena;
}

// The sanitizer remembers addresses: whoever gets these next must be able to use them.
Arena::~Arena() {
  if (start_ != nullptr) unpoison(start_, (page_count() + std::uint64_t{1}) * page_bytes);
}

PageId Arena::take_page() {
  const PageId page = supply_.take();
  if (page != PageId::none) {
    RC_DEBUG_ASSERT(descriptor(page).kind.load(std::memory_order_relaxed) == PageKind::free);
    unpoison(page_start(page), page_bytes);
  }
  return page;
}

void Arena::give_page(PageId page) {
  PageDescriptor& d = descriptor(page);
  const PageKind kind = d.kind.load(std::memory_order_relaxed);
  RC_ASSERT(kind != PageKind::free);
  if (kind != PageKind::chain) {
    RC_ASSERT(d.use.load(std::memory_order_relaxed) == 0);
    class_pages_[index(d.size_class.load(std::memory_order_relaxed))].fetch_sub(
        1, std::memory_order_relaxed
    );
  }
  d.expiry_min.store(expiry_none, std::memory_order_relaxed);
  d.kind.store(PageKind::free, std::memory_order_relaxed);
  supply_.give(page);
}

// The caller owns the page: nobody else writes to it or reads more than its kind.
void Arena::cut(PageId page, ClassId c, std::uint8_t generation) {
  const SizeClass& size = size_class(c);
  PageDescriptor& d = descriptor(page);
  for (std::uint32_t word = 0; word < size.bitmap_words(); ++word) {
    fill_bits(size.chunks, word, free_word(page, word));
  }
  d.size_class.store(c, std::memory_order_relaxed);
  d.generation.store(generation, std::memory_order_relaxed);
  class_pages_[index(c)].fetch_add(1, std::memory_order_relaxed);
  // Release: a walker that sees a page of chunks sees its class and bits. Partner: the acquire in
  // is_cut.
  d.kind.store(PageKind::chunks, std::memory_order_release);
}

bool Arena::is_used_chunk(Chunk chunk) const {
  const PageId page = page_of(chunk);
  if (page == PageId::none || index(page) > page_count() || !is_cut(page)) return false;
  const SizeClass& c = size_class(class_of(chunk));
  const auto offset = static_cast<std::uint32_t>(at(chunk) - page_start(page));
  const std::uint32_t i = c.chunk_at(offset);
  if (i >= c.chunks || offset != i * c.chunk_bytes) return false;
  // As in for_each_used.
  const std::uint64_t free = free_word(page, i / 64).load(std::memory_order_seq_cst);
  return (free >> (i % 64) & 1U) == 0;
}

void Arena::check_invariants() const {
  std::array<std::uint32_t, class_count> pages{};
  for (std::uint32_t i = 1; i <= page_count(); ++i) {
    const PageDescriptor& d = table_[i];
    if (!is_cut(PageId{i})) continue;
    const ClassId c = d.size_class.load(std::memory_order_relaxed);
    ++pages[index(c)];
    std::uint32_t used = 0;
    for_each_used(PageId{i}, [&](Chunk) { ++used; });
    const std::uint32_t use = d.use.load(std::memory_order_relaxed);
    RC_ASSERT((use & PageDescriptor::owned) != 0 || use == used);
  }
  for (std::size_t c = 0; c < class_count; ++c) {
    RC_ASSERT(pages[c] == class_pages_[c].load(std::memory_order_relaxed));
  }
}

ArenaCache::~ArenaCache() {
  // The owner releases its pages before, because emptied ones need a grace period.
  for (const Current& current : current_) RC_ASSERT(current.page == PageId::none);
}

Chunk ArenaCache::claim_bit(Current& current, const SizeClass& c, std::uint32_t word) {
  auto& bits = arena_.free_word(current.page, word);
  // Acquire: all that was done with the chunk before it was freed lies behind us. Partner: the
  // release in free().
  const std::uint64_t free = bits.load(std::memory_order_acquire);
  if (free == 0) return Chunk::none;
  const auto bit = static_cast<std::uint32_t>(std::countr_zero(free));
  std::byte* at = arena_.page_start(current.page) + std::uint64_t{word * 64 + bit} * c.chunk_bytes;
  unpoison(at, c.chunk_bytes);
  marks_at(at).store(0, std::memory_order_relaxed);
  // Release: a walker that sees the chunk in use must see its marks reset. Partner:
  // Arena::for_each_used. Sequentially consistent: it comes before the mark that Worker::show
  // stores. Only the owner clears bits, so the bit is still set.
  bits.fetch_and(~(std::uint64_t{1} << bit), std::memory_order_seq_cst);
  current.word = word;
  prefetch_hole(current, c, free & (free - 1));
  if (++current.allocated == c.chunks) {
    // Chunks freed and taken again under one owner: settle before more are freed than the excess
    // allows for. Relaxed: a count of our own.
    arena_.descriptor(current.page)
        .use.fetch_add(std::exchange(current.allocated, 0), std::memory_order_relaxed);
  }
  return arena_.chunk_of(at);
}

// Holes are cold: fetches the one that comes next while the last one is being filled. `free` are
// those left in the current word.
void ArenaCache::prefetch_hole(const Current& current, const SizeClass& c, std::uint64_t free) {
  std::uint32_t word = current.word;
  while (free == 0 && ++word < c.bitmap_words()) {
    // Relaxed: advice.
    free = arena_.free_word(current.page, word).load(std::memory_order_relaxed);
  }
  if (free == 0) return;
  const auto hole = word * 64 + static_cast<std::uint32_t>(std::countr_zero(free));
  const std::byte* at = arena_.page_start(current.page) + std::uint64_t{hole} * c.chunk_bytes;
  const std::uint64_t bytes = std::min<std::uint64_t>(c.chunk_bytes, hole_prefetch_max_bytes);
  for (std::uint64_t line = 0; line < bytes; line += cache_line_bytes)
    prefetch_for_writing(at + line);
}

Chunk ArenaCache::allocate_from(Current& current, const SizeClass& c) {
  for (std::uint32_t word = current.word; word < c.bitmap_words(); ++word) {
    const Chunk chunk = claim_bit(current, c, word);
    if (chunk != Chunk::none) return chunk;
  }
  return Chunk::none;
}

Chunk ArenaCache::allocate(ClassId c) {
  Current& current = current_[index(c)];
  for (;;) {
    if (current.page != PageId::none) {
      const Chunk chunk = allocate_from(current, size_class(c));
      if (chunk != Chunk::none) {
        count_used(c, 1);
        return chunk;
      }
      // Full when we looked; what others freed since then puts it back into the set.
      const PageId emptied = disown(current, c);
      if (emptied != PageId::none) arena_.available(c).add(emptied);
    }
    const PageId page = arena_.available(c).take_next(hands_[index(c)]);
    if (page == PageId::none) return Chunk::none;
    own(page, c);
  }
}

bool ArenaCache::open_page(ClassId c, std::uint8_t generation) {
  RC_ASSERT(current_[index(c)].page == PageId::none);
  const PageId page = arena_.take_page();
  if (page == PageId::none) return false;
  arena_.cut(page, c, generation);
  own(page, c);
  return true;
}

// The page is in no set and has no owner, so it is ours to own. While owned its count is too high
// by the capacity: see PageDescriptor::use.
void ArenaCache::own(PageId page, ClassId c) {
  if (owned_count_ == owned_max_) let_go_of_oldest();
  owned_[owned_count_++] = c;
  current_[index(c)] = {.page = page, .word = 0, .allocated = 0};
  arena_.descriptor(page).use.fetch_add(
      PageDescriptor::owned + size_class(c).chunks, std::memory_order_relaxed
  );
}

void ArenaCache::let_go_of_oldest() {
  const ClassId c = owned_[0];
  const PageId emptied = disown(current_[index(c)], c);
  // An empty page among the available ones is found by whoever needs one, or emptied as sparse.
  if (emptied != PageId::none) arena_.available(c).add(emptied);
}

PageId ArenaCache::disown(Current& current, ClassId c) {
  const auto end = owned_.begin() + owned_count_--;
  std::copy(std::find(owned_.begin(), end, c) + 1, end, std::find(owned_.begin(), end, c));
  const PageId page = std::exchange(current.page, PageId::none);
  const std::uint32_t excess =
      PageDescriptor::owned + size_class(c).chunks - std::exchange(current.allocated, 0);
  // Acquire and release: the next to own the page, or to find it empty, sees all we did and all
  // that was freed before. Partner: the subtraction in free().
  const std::uint32_t before =
      arena_.descriptor(page).use.fetch_sub(excess, std::memory_order_acq_rel);
  return settle(page, c, before - excess);
}

// A page that has just lost its owner, with `live` chunks in use at that moment.
PageId ArenaCache::settle(PageId page, ClassId c, std::uint32_t live) {
  const SizeClass& size = size_class(c);
  RC_ASSERT(live <= size.chunks);
  if (live == 0) return page;
  // With fewer holes the thread that frees the holes_min-th one adds it.
  if (size.chunks - live >= size.holes_min) arena_.available(c).add(page);
  return PageId::none;
}

PageId ArenaCache::free(Chunk chunk) {
  const PageId page = Arena::page_of(chunk);
  PageDescriptor& d = arena_.descriptor(page);
  const ClassId c = d.size_class.load(std::memory_order_relaxed);
  const SizeClass& size = size_class(c);
  std::byte* at = arena_.at(chunk);
  const auto offset = static_cast<std::uint32_t>(at - arena_.page_start(page));
  const std::uint32_t i = size.chunk_at(offset);
  RC_DEBUG_ASSERT(offset == i * size.chunk_bytes && i < size.chunks);
  RC_ASSERT(marks_at(at).load(std::memory_order_relaxed) == 0);
  poison(at + sizeof(ItemHeader), size.chunk_bytes - sizeof(ItemHeader));
  count_used(c, -1);

  const std::uint64_t bit = std::uint64_t{1} << (i % 64);
  // Release: partner of claim_bit. A bit that was set already is a chunk freed twice.
  const std::uint64_t bits =
      arena_.free_word(page, i / 64).fetch_or(bit, std::memory_order_release);
  RC_ASSERT((bits & bit) == 0);

  // Last, because it may hand the page to somebody else. Acquire and release: see disown.
  const std::uint32_t before = d.use.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & PageDescriptor::owned) != 0) return PageId::none;
  const std::uint32_t live = before - 1;
  if (d.kind.load(std::memory_order_relaxed) == PageKind::draining) {
    return live == 0 ? page : PageId::none;
  }
  if (size.chunks - live == size.holes_min) arena_.available(c).add(page);
  // Whoever takes the empty page out of the set has it alone: perhaps an allocating thread.
  return live == 0 && arena_.available(c).take(page) ? page : PageId::none;
}

bool ArenaCache::seize(PageId page, ClassId c) {
  if (!arena_.available(c).take(page)) return false;
  arena_.descriptor(page).use.fetch_add(
      PageDescriptor::owned + size_class(c).chunks, std::memory_order_relaxed
  );
  return true;
}

bool ArenaCache::seize_any(PageId page) {
  PageDescriptor& d = arena_.descriptor(page);
  // Acquire: partner of cut(). Draining pages come back by themselves.
  if (d.kind.load(std::memory_order_acquire) != PageKind::chunks) return false;
  const ClassId c = d.size_class.load(std::memory_order_relaxed);
  if (seize(page, c)) return true;
  const SizeClass& size = size_class(c);
  std::uint32_t use = d.use.load(std::memory_order_relaxed);
  // A page without an owner and with fewer than holes_min holes is in no set, and gets into one
  // only by a subtraction from this word: if the exchange succeeds, there was none. Counts of a
  // page without an owner only fall, so none came and went.
  if ((use & PageDescriptor::owned) != 0 || use > size.chunks ||
      size.chunks - use >= size.holes_min) {
    return false;
  }
  // Acquire: all that was done with the page before. Partner: disown, free.
  return d.use.compare_exchange_strong(
      use,
      use + PageDescriptor::owned + size.chunks,
      std::memory_order_acquire,
      std::memory_order_relaxed
  );
}

PageId ArenaCache::let_go(PageId page, bool drain) {
  PageDescriptor& d = arena_.descriptor(page);
  const ClassId c = d.size_class.load(std::memory_order_relaxed);
  // Relaxed: published by the subtraction, which the last free() comes after.
  if (drain) d.kind.store(PageKind::draining, std::memory_order_relaxed);
  const std::uint32_t excess = PageDescriptor::owned + size_class(c).chunks;
  const std::uint32_t live = d.use.fetch_sub(excess, std::memory_order_acq_rel) - excess;
  if (drain) return live == 0 ? page : PageId::none;
  return settle(page, c, live);
}

}  // namespace rc::store
