// What goes over all items, a line each or a count: `lru_crawler metadump` and `mgdump`, `stats
// cachedump` and `stats sizes`; over as many turns as it takes. Nothing is copied and nobody waits:
// a step takes what lies in a part of the index, and the session goes on with the next when its
// share of a turn and its output allow it.
//
// The two kinds of `stats` look at dump_items_max items at most. The index is in the order of a
// hash, so these are a fair sample of a larger cache: sizes are scaled up from it, and a cachedump
// ends there, as it does with the 2 MiB that memcached allows it.
// Thread: the owning worker, inside a turn.
#pragma once

#include "base/bytes.hpp"
#include "net/sink.hpp"
#include "proto/request.hpp"
#include "proto/texts.hpp"
#include "server/context.hpp"
#include "store/size_class.hpp"

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace rc::server {

enum class DumpKind : std::uint8_t {
  meta,       // key=<uri> exp=<unix or -1> la=<unix> cas=<n> fetch=<yes or no> cls=<n> size=<n>
              // flags=<n>
  keys,       // mg <key>, or mg <base64> b for a key that no text line can carry
  cachedump,  // ITEM <key> [<bytes> b; <unix or 0> s]; without keys that no text line can carry
  sizes,      // STAT <upper bound, a multiple of 32> <items>
};

inline constexpr std::uint64_t dump_items_max = 4 * 1024 * 1024;
inline constexpr std::uint64_t cachedump_bytes_max = 2 * mib;

// What is to be dumped: a kind, and the size classes that are wanted.
struct DumpOrder {
  DumpKind kind = DumpKind::meta;
  std::bitset<store::class_count + 1> classes{};
  std::uint64_t lines_max = UINT64_MAX;  // cachedump
  proto::Echo echo{};                    // sizes: who asks
};

// The order that a tune or stats request is; nothing if it is another. In `refusal` what to answer
// instead, Text::none if the order is good.
[[nodiscard]] std::optional<DumpOrder> read_dump_order(
    const proto::Request& request, const Node& node, proto::Text& refusal
);
// "lru_crawler metadump all" and its like alone.
[[nodiscard]] std::optional<DumpOrder> read_crawler_order(
    std::string_view line, proto::Text& refusal
);
// "cachedump 1 100", what stands behind `stats`, alone.
[[nodiscard]] std::optional<DumpOrder> read_cachedump_order(
    std::string_view arguments, proto::Text& refusal
);

class Dump {
 public:
  // Writes what comes before the first item.
  Dump(const DumpOrder& order, net::Output& out);

  // Writes the next part; false when that was all, and the last line is written.
  [[nodiscard]] bool step(Context& context, net::Output& out);

 private:
  // The largest items of a bucket have its number of bytes.
  static constexpr std::uint64_t bucket_bytes = 32;

  [[nodiscard]] bool is_enough() const;
  void take(const store::Item& item, Context& context, net::Output& out);
  void write_line(
      const store::Item& item, std::uint32_t class_number, UnixSeconds now, net::Output& out
  );
  void write_sizes(const Node& node, bool complete, net::Output& out) const;

  DumpOrder order_;
  store::Walk walk_;
  std::uint64_t seen_ = 0;   // items that the walk has met
  std::uint64_t lines_ = 0;  // and those of them that were written
  std::uint64_t bytes_ = 0;
  std::map<std::uint64_t, std::uint64_t> sizes_;  // bucket to items, for the kind of that name
};

}  // namespace rc::server
