// An item as it lies in the arena, and the reference through which everybody else reads it.
//
//   contiguous, up to 16 KiB in all                        chained, above
//   +0   cas                u64                            the same 24 bytes
//   +8   exptime            u32
//   +12  value length       u32, up to 1 GiB
//   +16  key length         u8
//   +17  marks              u8, atomic: linked, fetched, part
//   +18  flush generation   u8
//   +19  shape              u8: which of the following are there; stale, won
//   +20  last access        u16, atomic: seconds, modulo 2^16
//   +22  feature            u16: reserved for insight
//   +24  [pins u32] [client flags u32] key value           [chain 24 B] [pins] [flags] key
//                                                           value: full pages, then up to two
//                                                           tail chunks with a PartHeader each
//
// Items are immutable: a change is a new item and one CAS of its slot in the table. Only marks,
// last access and pins change in place, and only as atomics. So whoever holds an Item inside a
// turn may read all of it without a lock, whatever other threads do to the key meanwhile.
//
// An item's chunk is not freed before every thread that may have seen it has ended its turn
// (table/epoch), nor while it is pinned. Pins exist only for values above pin_value_min_bytes,
// which are sent from where they lie; smaller ones are copied into the reply.
// Thread: any, inside a turn of the calling thread's Access.
#pragma once

#include "base/clock.hpp"
#include "store/expiry.hpp"
#include "store/size_class.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::store {

class Arena;

// A chunk of the arena, by its distance from the arena's start in 16-byte units: 38 bits, so the
// arena may have 4 TiB. The chunk of an item's head is also its table handle. 0 is no chunk.
enum class Chunk : std::uint64_t { none = 0 };

inline constexpr std::uint32_t key_max_bytes = 250;
inline constexpr std::uint32_t value_max_bytes = 1U << 30U;
inline constexpr std::uint32_t pin_value_min_bytes = 4096;

// Bits of ItemHeader::marks.
inline constexpr std::uint8_t mark_linked = 1;    // the head of an item in the table, or nearly
inline constexpr std::uint8_t mark_fetched = 2;   // somebody has read it
inline constexpr std::uint8_t mark_part = 4;      // not a head: a tail chunk of a chained item
inline constexpr std::uint8_t mark_building = 8;  // a head or tail that is being written

// Bits of ItemHeader::shape.
inline constexpr std::uint8_t shape_flags = 1;
inline constexpr std::uint8_t shape_pins = 2;
inline constexpr std::uint8_t shape_chained = 4;
// The rest of the byte is state, immutable like all else: to change it is to make another item.
inline constexpr std::uint8_t shape_stale = 8;  // somebody said that the value is out of date
inline constexpr std::uint8_t shape_won = 16;   // one reader was told to make it anew
inline constexpr std::uint8_t shape_state = shape_stale | shape_won;

struct ItemHeader {
  std::uint64_t cas = 0;
  Expiry exptime = Expiry::never;
  std::uint32_t value_bytes = 0;
  std::uint8_t key_bytes = 0;
  std::atomic<std::uint8_t> marks{0};
  std::uint8_t flush_generation = 0;
  std::uint8_t shape = 0;
  std::atomic<std::uint16_t> last_access{0};
  std::uint16_t feature = 0;
};
static_assert(sizeof(ItemHeader) == 24 && alignof(ItemHeader) == 8);

// Where the value of a chained item lies.
struct Chain {
  std::uint32_t first_page = 0;  // linked through the page descriptors
  std::uint32_t page_count = 0;
  Chunk tails[2] = {Chunk::none, Chunk::none};
};
static_assert(sizeof(Chain) == 24 && alignof(Chain) == 8);

// Opens a tail chunk. Its marks lie where an item's do: that is how a walk over a page's chunks
// tells heads from tails.
struct PartHeader {
  std::atomic<std::uint64_t> owner{0};  // Chunk of the head
  std::uint8_t padding[9] = {};
  std::atomic<std::uint8_t> marks{0};
  std::uint8_t padding_after[6] = {};
};
static_assert(sizeof(PartHeader) == 24);

// The pin word: a count, and facts that matter at the end of the item's life.
inline constexpr std::uint32_t pins_dead = 1U << 31U;   // free it with the last pin
inline constexpr std::uint32_t pins_moved = 1U << 30U;  // its chain belongs to a newer head
inline constexpr std::uint32_t pins_void = 1U << 29U;   // a copy that never got the chain
inline constexpr std::uint32_t pins_new = 1U << 28U;    // the chain's tails do not know it yet
inline constexpr std::uint32_t pins_count = pins_new - 1;

// What is known of an item before it exists; decides where its parts lie.
struct ItemShape {
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
  std::uint32_t client_flags = 0;

  [[nodiscard]] constexpr bool has_flags() const { return client_flags != 0; }
  [[nodiscard]] constexpr bool has_pins() const { return value_bytes > pin_value_min_bytes; }
  // Header, optional fields and key of an item in one chunk.
  [[nodiscard]] constexpr std::uint32_t prefix_bytes() const {
    return static_cast<std::uint32_t>(sizeof(ItemHeader)) + (has_pins() ? 4U : 0U) +
           (has_flags() ? 4U : 0U) + key_bytes;
  }
  [[nodiscard]] constexpr bool chained() const {
    return prefix_bytes() + std::uint64_t{value_bytes} > contiguous_max_bytes;
  }
  [[nodiscard]] constexpr std::uint32_t head_bytes() const {
    return chained() ? prefix_bytes() + static_cast<std::uint32_t>(sizeof(Chain))
                     : prefix_bytes() + value_bytes;
  }
  // What the item counts in `bytes` and against the item size limit.
  [[nodiscard]] constexpr std::uint64_t item_bytes() const {
    return prefix_bytes() + std::uint64_t{value_bytes} + (chained() ? sizeof(Chain) : 0);
  }

  friend constexpr bool operator==(const ItemShape&, const ItemShape&) = default;

  // Fewer than four chunks of a size in a page lie so far apart that a third of one may be wasted:
  // two tails waste less than one such chunk.
  static constexpr std::uint32_t contiguous_max_bytes = page_bytes / 4;
};

// The value of a chained item fills `pages` whole pages (the last perhaps not quite), then up to
// two tail chunks; the first tail is full if there is a second.
inline constexpr std::uint32_t tail_max_bytes = chunk_max_bytes - sizeof(PartHeader);

struct ChainPlan {
  std::uint32_t pages = 0;
  std::uint32_t tails[2] = {0, 0};  // bytes of value in each

  [[nodiscard]] static constexpr ChainPlan of(std::uint32_t value_bytes) {
    // A rest that takes more wastes less in a page than it costs to look after two tails.
    constexpr std::uint32_t worth_a_page = 60 * 1024;
    ChainPlan plan{.pages = value_bytes / page_bytes};
    const std::uint32_t rest = value_bytes % page_bytes;
    if (rest > worth_a_page) return {.pages = plan.pages + 1};
    plan.tails[0] = first_tail_bytes(rest);
    plan.tails[1] = rest - plan.tails[0];
    return plan;
  }

 private:
  // All of it where it nearly fills a chunk, else what fills the next smaller one.
  [[nodiscard]] static constexpr std::uint32_t first_tail_bytes(std::uint32_t rest) {
    constexpr std::uint32_t header = sizeof(PartHeader);
    constexpr std::uint32_t waste_parts = 16;
    if (rest >= tail_max_bytes) return tail_max_bytes;
    const ClassId c = class_for(rest + header);
    const std::uint32_t chunk = size_class(c).chunk_bytes;
    if (index(c) == 0 || chunk - (rest + header) <= chunk / waste_parts) return rest;
    return size_classes[index(c) - 1].chunk_bytes - header;
  }
};
static_assert(2 * tail_max_bytes > 60 * 1024);

// Reads an item in place. Cheap to copy; empty means "no such item".
class Item {
 public:
  Item() = default;
  Item(const Arena& arena, ItemHeader& header) : arena_(&arena), header_(&header) {}

  explicit operator bool() const { return header_ != nullptr; }
  friend bool operator==(const Item& a, const Item& b) { return a.header_ == b.header_; }

  // All below require: not empty, and the turn in which the item was found.
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::uint32_t client_flags() const;
  [[nodiscard]] std::uint64_t cas() const { return header_->cas; }
  [[nodiscard]] Expiry expiry() const { return header_->exptime; }
  [[nodiscard]] std::uint32_t value_bytes() const { return header_->value_bytes; }
  [[nodiscard]] std::uint16_t feature() const { return header_->feature; }
  [[nodiscard]] bool fetched() const;
  [[nodiscard]] bool stale() const { return has(shape_stale); }
  [[nodiscard]] bool won() const { return has(shape_won); }
  // Seconds since the last read or write; counts modulo 2^16, that is 18 hours.
  [[nodiscard]] std::uint32_t idle_seconds(UnixSeconds now) const;
  [[nodiscard]] std::uint64_t item_bytes() const;

  // A value above pin_value_min_bytes may be pinned (Access::pin) and sent from where it lies.
  [[nodiscard]] bool pinnable() const { return (header_->shape & shape_pins) != 0; }

  // The value is the concatenation of its pieces: one, possibly empty, for an item in one chunk.
  [[nodiscard]] std::uint32_t piece_count() const;
  [[nodiscard]] std::string_view piece(std::uint32_t i) const;
  // Calls use(std::string_view) for each piece in order; linear also for a thousand pieces.
  template <class Use>
  void for_each_piece(Use&& use) const;
  // The whole value. Requires: piece_count() == 1.
  [[nodiscard]] std::string_view value() const { return piece(0); }

  // For the store only.
  [[nodiscard]] ItemHeader& header() const { return *header_; }
  [[nodiscard]] ItemShape shape() const;
  [[nodiscard]] bool chained() const { return has(shape_chained); }
  [[nodiscard]] Chain& chain() const;
  [[nodiscard]] std::atomic<std::uint32_t>& pins() const;

 private:
  [[nodiscard]] bool has(std::uint8_t shape_bit) const { return (header_->shape & shape_bit) != 0; }
  [[nodiscard]] char* bytes() const { return reinterpret_cast<char*>(header_); }
  [[nodiscard]] std::uint32_t key_offset() const;
  [[nodiscard]] std::string_view page_piece(std::uint32_t page, std::uint32_t i) const;
  [[nodiscard]] std::uint32_t page_after(std::uint32_t page) const;
  [[nodiscard]] std::string_view tail_piece(std::uint32_t tail) const;
  [[nodiscard]] std::uint32_t tail_count() const;

  const Arena* arena_ = nullptr;
  ItemHeader* header_ = nullptr;
};

inline std::uint32_t Item::key_offset() const {
  return static_cast<std::uint32_t>(sizeof(ItemHeader)) +
         (has(shape_chained) ? static_cast<std::uint32_t>(sizeof(Chain)) : 0U) +
         (has(shape_pins) ? 4U : 0U) + (has(shape_flags) ? 4U : 0U);
}

inline std::string_view Item::key() const {
  return {bytes() + key_offset(), header_->key_bytes};
}

template <class Use>
void Item::for_each_piece(Use&& use) const {
  if (!has(shape_chained)) return use(piece(0));
  const Chain& parts = chain();
  std::uint32_t page = parts.first_page;
  for (std::uint32_t i = 0; i < parts.page_count; ++i, page = page_after(page)) {
    use(page_piece(page, i));
  }
  for (std::uint32_t i = 0; i < tail_count(); ++i) use(tail_piece(i));
}

}  // namespace rc::store
