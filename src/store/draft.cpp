// Building items: the chunks and pages they take, and the value as it arrives.
#include "base/assert.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rc::store {

Draft::Draft(Draft&& other) noexcept
    : worker_(std::exchange(other.worker_, nullptr)),
      item_(other.item_),
      remaining_(other.remaining_),
      cursor_(other.cursor_),
      room_(other.room_),
      next_piece_(other.next_piece_),
      next_page_(other.next_page_),
      counted_bytes_(std::exchange(other.counted_bytes_, 0)) {}

Draft& Draft::operator=(Draft&& other) noexcept {
  if (this == &other) return *this;
  if (worker_ != nullptr) worker_->discard(*this);
  worker_ = std::exchange(other.worker_, nullptr);
  item_ = other.item_;
  remaining_ = other.remaining_;
  cursor_ = other.cursor_;
  room_ = other.room_;
  next_piece_ = other.next_piece_;
  next_page_ = other.next_page_;
  counted_bytes_ = std::exchange(other.counted_bytes_, 0);
  return *this;
}

Draft::~Draft() {
  if (worker_ != nullptr) worker_->discard(*this);
}

std::size_t Draft::append(std::span<const char> bytes) {
  RC_ASSERT(worker_ != nullptr);
  const std::size_t wanted = std::min<std::size_t>(bytes.size(), remaining_);
  std::size_t done = 0;
  while (done < wanted) {
    if (room_ == 0) worker_->next_run(*this);
    const std::size_t n = std::min<std::size_t>(room_, wanted - done);
    std::memcpy(cursor_, bytes.data() + done, n);
    cursor_ += n;
    room_ -= static_cast<std::uint32_t>(n);
    done += n;
  }
  remaining_ -= static_cast<std::uint32_t>(done);
  return done;
}

// Makes the draft lack its whole value.
void Worker::start_filling(Draft& draft) const {
  draft.remaining_ = draft.item_.value_bytes();
  draft.room_ = 0;
  draft.next_piece_ = 0;
  draft.next_page_ = draft.item_.chained() ? draft.item_.chain().first_page : 0;
}

// Moves the cursor to the next contiguous run of the value.
void Worker::next_run(Draft& draft) const {
  const Item& item = draft.item_;
  std::string_view run;
  if (item.chained() && draft.next_piece_ < item.chain().page_count) {
    const PageId page{draft.next_page_};
    // Relaxed: only we know the chain, and nobody moves pages of an item that is being built.
    draft.next_page_ = arena_.descriptor(page).chain_next.load(std::memory_order_relaxed);
    run = {reinterpret_cast<const char*>(arena_.page_start(page)), page_bytes};
  } else {
    run = item.piece(draft.next_piece_);
  }
  ++draft.next_piece_;
  // The item is ours alone and under construction, so its bytes may be written.
  draft.cursor_ = const_cast<char*>(run.data());
  draft.room_ = static_cast<std::uint32_t>(run.size());
}

void Worker::append_value(Draft& draft, const Item& source) const {
  source.for_each_piece([&](std::string_view piece) { draft.append(piece); });
}

void Worker::discard(Draft& draft) {
  uncount(draft);
  discard(draft.item_);
}

// The value is complete, or never will be.
void Worker::uncount(Draft& draft) {
  count_drafts(-static_cast<std::int64_t>(std::exchange(draft.counted_bytes_, 0)));
}

void Worker::count_drafts(std::int64_t bytes) {
  unreported_drafts_ += bytes;
  if (unreported_drafts_ > -budget_.report_bytes() && unreported_drafts_ < budget_.report_bytes())
    return;
  budget_.report_drafts(std::exchange(unreported_drafts_, 0));
}

void Worker::discard(const Item& item) {
  charge(-static_cast<std::int64_t>(footprint(item, extent_of(item))));
  free_item(item);
}

// Header, optional fields and key. Field by field, because walks may be reading the marks.
Item Worker::begin_item(Chunk chunk, std::string_view key, const Blueprint& blueprint) {
  const ItemShape& shape = blueprint.shape;
  std::byte* at = arena_.at(chunk);
  auto& header = *reinterpret_cast<ItemHeader*>(at);
  // Relaxed: it only tells walks to leave the chunk alone.
  header.marks.store(mark_building, std::memory_order_relaxed);
  header.cas = 0;
  header.exptime = blueprint.expiry;
  header.value_bytes = shape.value_bytes;
  header.key_bytes = static_cast<std::uint8_t>(shape.key_bytes);
  header.flush_generation = 0;
  header.shape = static_cast<std::uint8_t>(
      (shape.has_flags() ? shape_flags : 0) | (shape.has_pins() ? shape_pins : 0) |
      (shape.chained() ? shape_chained : 0)
  );
  header.last_access.store(0, std::memory_order_relaxed);
  header.feature = 0;
  const Item item{arena_, header};
  if (shape.chained()) item.chain() = {};
  // Relaxed: not published yet.
  if (shape.has_pins()) item.pins().store(0, std::memory_order_relaxed);
  char* at_key = const_cast<char*>(item.key().data());
  if (shape.has_flags()) {
    std::memcpy(
        at_key - sizeof(shape.client_flags), &shape.client_flags, sizeof(shape.client_flags)
    );
  }
  std::memcpy(at_key, key.data(), key.size());
  return item;
}

// The pages and tails of a chained item, as far as memory goes; what was taken is in the chain in
// any case.
bool Worker::add_parts(const Item& item) {
  const ChainPlan plan = ChainPlan::of(item.value_bytes());
  Chain& chain = item.chain();
  pages_short_ = plan.pages;
  std::uint32_t last = 0;
  for (; chain.page_count < plan.pages; ++chain.page_count) {
    const PageId page = take_page();
    if (page == PageId::none) return false;
    // Relaxed: see begin_item. The first page learns its head in own_parts.
    arena_.chain_back(page).store(last, std::memory_order_relaxed);
    arena_.descriptor(page).chain_next.store(0, std::memory_order_relaxed);
    if (last == 0) {
      chain.first_page = index(page);
    } else {
      arena_.descriptor(PageId{last}).chain_next.store(index(page), std::memory_order_relaxed);
    }
    last = index(page);
  }
  for (std::size_t i = 0; i < 2 && plan.tails[i] != 0; ++i) {
    chain.tails[i] = take_chunk(plan.tails[i] + static_cast<std::uint32_t>(sizeof(PartHeader)));
    if (chain.tails[i] == Chunk::none) return false;
    // Relaxed: see begin_item.
    part_at(chain.tails[i]).marks.store(mark_building, std::memory_order_relaxed);
  }
  return true;
}

// An empty draft if there is no memory. May refresh the turn.
Draft Worker::allocate(std::string_view key, const Blueprint& blueprint) {
  Draft draft;
  const Chunk chunk = take_chunk(blueprint.shape.head_bytes());
  if (chunk == Chunk::none) return draft;
  draft.item_ = begin_item(chunk, key, blueprint);
  draft.worker_ = this;
  if (blueprint.shape.chained() && !add_parts(draft.item_)) return {};
  start_filling(draft);
  return draft;
}

Reservation Worker::reserve(
    std::string_view key, std::uint32_t client_flags, Expiry expiry, std::uint32_t value_bytes
) {
  RC_ASSERT(!key.empty() && key.size() <= key_max_bytes);
  const Blueprint blueprint{
      .shape =
          {
              .key_bytes = static_cast<std::uint32_t>(key.size()),
              .value_bytes = value_bytes,
              .client_flags = client_flags,
          },
      .expiry = expiry,
  };
  if (value_bytes > value_max_bytes || blueprint.shape.item_bytes() > budget_.item_bytes_max()) {
    return {.outcome = Outcome::too_large, .draft = {}};
  }
  // What other peers are still filling cannot be evicted, so it must not be nearly everything.
  const std::uint64_t bytes = blueprint.shape.item_bytes();
  if (budget_.too_many_drafts(bytes)) return {};
  // The slot will be looked for when the value is complete: by then its line is here.
  index_.prefetch(core_.hash(key));
  keep_pace();
  Draft draft = allocate(key, blueprint);
  if (!draft) return {};
  draft.counted_bytes_ = bytes;
  count_drafts(static_cast<std::int64_t>(bytes));
  return {.outcome = Outcome::stored, .draft = std::move(draft)};
}

}  // namespace rc::store
