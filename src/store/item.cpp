#include "store/item.hpp"

#include "base/assert.hpp"
#include "store/arena.hpp"

#include <algorithm>
#include <cstring>

namespace rc::store {

Chain& Item::chain() const {
  RC_DEBUG_ASSERT(has(shape_chained));
  return *reinterpret_cast<Chain*>(bytes() + sizeof(ItemHeader));
}

std::atomic<std::uint32_t>& Item::pins() const {
  RC_DEBUG_ASSERT(has(shape_pins));
  const std::size_t offset = sizeof(ItemHeader) + (has(shape_chained) ? sizeof(Chain) : 0);
  return *reinterpret_cast<std::atomic<std::uint32_t>*>(bytes() + offset);
}

std::uint32_t Item::client_flags() const {
  if (!has(shape_flags)) return 0;
  std::uint32_t flags = 0;
  std::memcpy(&flags, bytes() + key_offset() - sizeof(flags), sizeof(flags));
  return flags;
}

bool Item::fetched() const {
  // Relaxed: a hint for statistics and `mg h`.
  return (header_->marks.load(std::memory_order_relaxed) & mark_fetched) != 0;
}

std::uint32_t Item::idle_seconds(UnixSeconds now) const {
  const std::uint16_t last = header_->last_access.load(std::memory_order_relaxed);
  return static_cast<std::uint16_t>(count(now) - last);
}

ItemShape Item::shape() const {
  return {
      .key_bytes = header_->key_bytes,
      .value_bytes = header_->value_bytes,
      .client_flags = client_flags(),
  };
}

std::uint64_t Item::item_bytes() const {
  return key_offset() + header_->key_bytes + std::uint64_t{header_->value_bytes};
}

std::uint32_t Item::tail_count() const {
  const Chain& parts = chain();
  return (parts.tails[0] != Chunk::none ? 1U : 0U) + (parts.tails[1] != Chunk::none ? 1U : 0U);
}

std::uint32_t Item::piece_count() const {
  return has(shape_chained) ? chain().page_count + tail_count() : 1;
}

// Page number `i` of the chain: whole, but for a last page that ends the value.
std::string_view Item::page_piece(std::uint32_t page, std::uint32_t i) const {
  const std::uint32_t rest = header_->value_bytes - i * page_bytes;
  const auto* start = reinterpret_cast<const char*>(arena_->page_start(PageId{page}));
  return {start, std::min(rest, page_bytes)};
}

std::uint32_t Item::page_after(std::uint32_t page) const {
  // Acquire: a page that was moved since has its content. Partner: Worker::relink.
  return arena_->descriptor(PageId{page}).chain_next.load(std::memory_order_acquire);
}

std::string_view Item::tail_piece(std::uint32_t tail) const {
  const Chain& parts = chain();
  const auto* start = reinterpret_cast<const char*>(arena_->at(parts.tails[tail]));
  return {start + sizeof(PartHeader), ChainPlan::of(header_->value_bytes).tails[tail]};
}

std::string_view Item::piece(std::uint32_t i) const {
  if (!has(shape_chained)) {
    RC_DEBUG_ASSERT(i == 0);
    return {bytes() + key_offset() + header_->key_bytes, header_->value_bytes};
  }
  const Chain& parts = chain();
  if (i >= parts.page_count) return tail_piece(i - parts.page_count);
  std::uint32_t page = parts.first_page;
  for (std::uint32_t before = 0; before < i; ++before) page = page_after(page);
  return page_piece(page, i);
}

}  // namespace rc::store
