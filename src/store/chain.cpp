// Moving pages of large values, so that the block they lie in can go back to the system.
//
// A page of a chain is found through no slot. Its item gets a new head, as when a tail moves; while
// the new head is in the table but may not be pinned yet, the links of the chain are turned to the
// copies. A reader that follows them meanwhile comes to old pages or to new ones, which hold the
// same and all stay until its turn ends. Nobody can be sending from the old pages: the old head was
// unpinned and could not be pinned any more.
#include "base/assert.hpp"
#include "store/worker.hpp"

#include <cstring>
#include <utility>

namespace rc::store {

// The head of the item whose value has this page, if that can be told: everything may be changing
// meanwhile. Within a turn pages keep the class they are cut in, so a chunk that is in use and
// marked is what it says.
std::optional<Item> Worker::head_of_chain(PageId page) const {
  constexpr std::uint32_t links_max = value_max_bytes / page_bytes + 1;
  for (std::uint32_t i = 0; i < links_max; ++i) {
    if (page == PageId::none || index(page) > arena_.page_count()) return std::nullopt;
    const PageDescriptor& d = arena_.descriptor(page);
    if (d.kind.load(std::memory_order_relaxed) != PageKind::chain) return std::nullopt;
    // Acquire: partner of own_parts.
    const std::uint64_t back = arena_.chain_back(page).load(std::memory_order_acquire);
    if ((back & Arena::chain_head_mark) == 0) {
      page = PageId{static_cast<std::uint32_t>(back)};
      continue;
    }
    const Chunk head{back & ~Arena::chain_head_mark};
    if (!arena_.is_used_chunk(head)) return std::nullopt;
    // Acquire: partner of the release in show().
    const std::uint8_t marks = marks_at(arena_.at(head)).load(std::memory_order_acquire);
    if ((marks & mark_linked) == 0) return std::nullopt;
    const Item item = arena_.item(head);
    if (!item.chained() || item.chain().first_page != index(page)) return std::nullopt;
    return item;
  }
  return std::nullopt;
}

// Copies of the item's pages in the block, as far as there are free pages elsewhere and a bound
// that keeps one step short.
Worker::PageMoves Worker::copy_pages(const Item& item, PageId block) {
  const PageSupply& supply = arena_.supply();
  PageMoves moved;
  PageId previous = PageId::none;
  PageId page{item.chain().first_page};
  for (std::uint32_t i = 0; i < item.chain().page_count; ++i) {
    if (supply.block_of(page) == block) {
      const PageId to = moved.count < moved.moves.size() ? arena_.take_page() : PageId::none;
      if (to == PageId::none) break;
      // Relaxed: as in take_page.
      arena_.descriptor(to).kind.store(PageKind::chain, std::memory_order_relaxed);
      std::memcpy(arena_.page_start(to), arena_.page_start(page), page_bytes);
      moved.moves[moved.count++] = {.from = page, .to = to, .previous = previous};
    }
    previous = page;
    // Acquire: partner of relink.
    page = PageId{arena_.descriptor(page).chain_next.load(std::memory_order_acquire)};
  }
  return moved;
}

// Turns the links of a chain to the copies. Only one thread at a time: the one whose new head it
// is.
void Worker::relink(std::span<const PageMove> moves) {
  // From the end, so that a copy takes over a link that has been turned already.
  for (std::size_t i = moves.size(); i-- != 0;) {
    const PageMove& move = moves[i];
    // Release, here and below: who comes to the copy finds its content. Partner: page_after.
    arena_.descriptor(move.to).chain_next.store(
        arena_.descriptor(move.from).chain_next.load(std::memory_order_relaxed),
        std::memory_order_release
    );
    if (move.previous == PageId::none) continue;
    arena_.descriptor(move.previous).chain_next.store(index(move.to), std::memory_order_release);
  }
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const PageMove& move = moves[i];
    if (move.previous != PageId::none) {
      const bool moved = i != 0 && moves[i - 1].from == move.previous;
      const PageId previous = moved ? moves[i - 1].to : move.previous;
      arena_.chain_back(move.to).store(index(previous), std::memory_order_release);
    }
    const PageId next{arena_.descriptor(move.to).chain_next.load(std::memory_order_relaxed)};
    if (next != PageId::none)
      arena_.chain_back(next).store(index(move.to), std::memory_order_release);
  }
}

// Moves pages of the item that has this one out of their block; without memory for copies the item
// goes, if that is allowed. True if anything came of it.
bool Worker::move_chain(PageId page, Loss loss) {
  const std::optional<Item> found = head_of_chain(page);
  if (!found || !head_is_movable(*found)) return false;
  const Item item = *found;
  const Chunk head = try_target(class_for(item.shape().head_bytes()), Into::pages);
  if (head != Chunk::none) charge(arena_.chunk_bytes(head));
  const PageMoves moved =
      head != Chunk::none ? copy_pages(item, arena_.supply().block_of(page)) : PageMoves{};
  if (moved.count == 0) {
    if (head != Chunk::none) {
      charge(-std::int64_t{arena_.chunk_bytes(head)});
      free_chunk(head);
    }
    return move_nowhere(item, {.loss = loss}) == Moved::gone;
  }
  Chain chain = item.chain();
  if (moved.moves[0].previous == PageId::none) chain.first_page = index(moved.moves[0].to);
  const Item copy = copy_head(item, head, unchanged(item));
  const Handover handover = hand_over(nullptr, item, copy, chain, moved.all());
  for (const PageMove& move : moved.all()) {
    if (handover != Handover::done) {
      arena_.give_page(move.to);
      continue;
    }
    charge(page_bytes);
    bury_page(move.from);
  }
  if (handover != Handover::done) return false;
  counters_.add(stats::Metric::relocations);
  return true;
}

}  // namespace rc::store
