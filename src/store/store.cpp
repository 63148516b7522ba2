#include "store/store.hpp"

#include "base/assert.hpp"
#include "store/core.hpp"

#include <algorithm>
#include <utility>

namespace rc::store {

namespace {

template <class Of>
std::int64_t sum_over_seats(const Core& core, Of&& of) {
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < core.options.workers_max; ++i) {
    // Relaxed: figures.
    sum += of(core.seats[i].counts).load(std::memory_order_relaxed);
  }
  return sum;
}

std::uint64_t not_negative(std::int64_t sum) {
  // A reader that adds up while others work may see a subtraction before its addition.
  return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

}  // namespace

Core::Core(const Options& with, const Division& parts, std::unique_ptr<Arena> pages)
    : options(with),
      division(parts),
      hasher(with.hash_seed != 0 ? Hasher(with.hash_seed) : Hasher::random()),
      arena(std::move(pages)),
      items(*arena),
      epochs(with.workers_max),
      budget(parts.pages, with.item_size_max_bytes, with.live_bytes_max),
      seats(std::make_unique<Seat[]>(with.workers_max)),
      limit_max_bytes(with.limit_bytes),
      limit_bytes(with.limit_bytes),
      index_bytes(parts.index_bytes) {}

void Core::divide() {
  for (;;) {
    // Sequentially consistent, with the changes of the two: of several threads that divide at a
    // time, the last to store its result reads what all of them have changed, or divides again.
    const std::uint64_t limit = limit_bytes.load();
    const std::uint64_t for_index = index_bytes.load();
    const std::uint64_t taken = for_index + buffer_share(options, limit);
    const std::uint32_t pages =
        std::min(pages_for(limit > taken ? limit - taken : 0), arena->supply().pages_max());
    arena->supply().set_quota(pages);
    budget.set_pages(arena->supply().quota());
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (limit_bytes.load() == limit && index_bytes.load() == for_index) return;
  }
}

Result<Done> Core::make_index(std::uint64_t slots_max) {
  auto made = Index::create(
      {
          .slots_min = division.index_slots,
          .slots_max = slots_max,
          .epochs = &epochs,
          .hash_mask = options.hash_mask,
          .huge_pages = division.huge_pages,
          .evict = options.evict,
      },
      items,
      hasher
  );
  if (!made) return made.error();
  index = std::move(made).value();
  return Done{};
}

void Core::begin_generation() {
  std::uint32_t before = flushes.load(std::memory_order_relaxed);
  do {
    if ((before & stored_bit) == 0) return;
    // Release: partner of flush_count.
  } while (!flushes.compare_exchange_weak(before, before + stored_bit, std::memory_order_acq_rel));
}

std::int64_t Core::used_chunks(ClassId c) const {
  return sum_over_seats(
      *this,
      [c](const ThreadCounts& counts) -> const auto& { return counts.used_chunks[store::index(c)]; }
  );
}

std::int64_t Core::evicted(ClassId c) const {
  return sum_over_seats(
      *this,
      [c](const ThreadCounts& counts) -> const auto& { return counts.evicted[store::index(c)]; }
  );
}

std::uint64_t Core::item_bytes() const {
  return not_negative(sum_over_seats(
      *this, [](const ThreadCounts& counts) -> const auto& { return counts.item_bytes; }
  ));
}

Result<std::unique_ptr<Store>> Store::create(const Options& options) {
  RC_ASSERT(options.workers_max > 0);
  auto division = Division::of(options);
  if (!division) return division.error();
  const Division& parts = division.value();
  ArenaOptions wanted{
      .pages = parts.pages, .pages_max = parts.pages_max, .huge_pages = parts.huge_pages};
  auto arena = Arena::create(wanted);
  if (!arena) {
    wanted.pages_max = parts.pages;
    arena = Arena::create(wanted);
  }
  if (!arena) return arena.error();
  auto core = std::make_unique<Core>(options, parts, std::move(arena).value());
  if (wanted.pages_max != parts.pages) core->limit_max_bytes = options.limit_max_bytes;
  auto index = core->make_index(parts.index_slots_max);
  // Where address space is scarce, there is room in the index for what the limit holds at first.
  if (!index) index = core->make_index(parts.index_slots);
  if (!index) return index.error();
  core->divide();
  return std::unique_ptr<Store>(new Store(std::move(core)));
}

Store::Store(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Store::~Store() = default;

const Options& Store::options() const {
  return core_->options;
}

bool Core::pay_for_index(std::uint64_t bytes) {
  std::uint64_t paid = index_bytes.load();
  do {
    if (bytes <= paid) return true;
    // The arena must have come down to the last payment before the next one.
    if (arena->supply().over_quota()) return false;
  } while (!index_bytes.compare_exchange_weak(paid, bytes));
  divide();
  return true;
}

bool Store::set_limit(std::uint64_t limit_bytes) {
  constexpr std::uint32_t pages_min = 8;
  const std::uint64_t taken = buffer_share(core_->options, limit_bytes) + core_->index_bytes.load();
  if (limit_bytes > limit_max_bytes() || limit_bytes < taken + pages_min * page_bytes) return false;
  core_->limit_bytes.store(limit_bytes);
  core_->divide();
  return true;
}

std::uint64_t Store::limit_bytes() const {
  // Relaxed: a figure.
  return core_->limit_bytes.load(std::memory_order_relaxed);
}

std::uint64_t Store::limit_max_bytes() const {
  return core_->limit_max_bytes;
}

Figures Store::figures() const {
  const Core& core = *core_;
  Figures f;
  f.limit_bytes = limit_bytes();
  f.buffer_bytes = buffer_share(core.options, f.limit_bytes);
  f.index_bytes = core.index->bytes();
  f.index_slots = core.index->slot_count();
  f.descriptor_bytes = core.arena->table_bytes();
  const PageSupply& supply = core.arena->supply();
  f.arena_bytes = core.budget.capacity_bytes();
  f.arena_resident_bytes = std::uint64_t{supply.resident()} * page_bytes;
  f.arena_used_bytes = f.arena_resident_bytes -
                       std::min(f.arena_resident_bytes, std::uint64_t{supply.idle()} * page_bytes);
  f.curr_items = core.index->item_count();
  f.item_bytes = core.item_bytes();
  f.draft_bytes = core.budget.draft_bytes();
  f.limbo_bytes = core.epochs.limbo_bytes();
  f.pinned_dead_bytes = core.budget.pinned_dead_bytes();
  f.chunk_bytes = core.budget.live_bytes() + f.limbo_bytes + f.pinned_dead_bytes;
  f.probation_items = core.index->probation_count();
  f.flush_generation = core.flush_count();
  return f;
}

IndexFigures Store::index_figures() const {
  constexpr std::size_t segments_sampled = 64;
  const table::LoadFigures load = core_->index->load(segments_sampled);
  const table::GrowthFigures growth = core_->index->growth();
  return {
      .buckets = load.buckets,
      .homes_overflowing = load.homes_overflowing,
      .items_at_distance = load.at_distance,
      .buckets_by_items = load.buckets_by_items,
      .splits = growth.splits,
      .splits_helped = growth.helped,
      .displacements = core_->index->count(table::Count::displacements),
  };
}

bool Store::uses_huge_pages() const {
  return core_->division.huge_pages;
}

std::vector<ClassFigures> Store::class_figures() const {
  std::vector<ClassFigures> rows;
  rows.reserve(class_count);
  for (std::size_t i = 0; i < class_count; ++i) {
    const ClassId c{static_cast<std::uint8_t>(i)};
    rows.push_back({
        .chunk_bytes = size_class(c).chunk_bytes,
        .chunks_per_page = size_class(c).chunks,
        .pages = core_->arena->pages_of(c),
        .used_chunks = not_negative(core_->used_chunks(c)),
        .evicted = not_negative(core_->evicted(c)),
    });
  }
  return rows;
}

bool Store::wants_slow_readers_closed() const {
  return core_->budget.too_much_pinned();
}

void Store::check_invariants() const {
  const Core& core = *core_;
  core.index->check_invariants();
  core.arena->check_invariants();
  std::uint64_t bytes = 0;
  core.index->for_each([&](table::Handle handle) {
    const Item item = core.arena->item(chunk_of(handle));
    RC_ASSERT((item.header().marks.load(std::memory_order_relaxed) & mark_linked) != 0);
    RC_ASSERT(core.arena->is_cut(Arena::page_of(chunk_of(handle))));
    bytes += item.item_bytes();
  });
  RC_ASSERT(bytes == core.item_bytes());
}

}  // namespace rc::store
