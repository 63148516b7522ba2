// Writing the replies of the meta commands: a code, then the flags that were asked for in the order
// in which they were. Each function appends at `out` and returns the end; the caller has made room
// for meta_line_max bytes.
// Thread: any; pure functions.
#pragma once

#include "proto/request.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rc::proto {

// Two letters, a length, at most one of each flag with the longest key, opaque and numbers.
inline constexpr std::size_t meta_line_max = 640;

// What a reply may have to tell of an item.
struct MetaFacts {
  std::uint32_t value_bytes = 0;
  std::uint32_t client_flags = 0;
  std::uint64_t cas = 0;
  // Seconds left, -1 for ever: when the request began, and what its T and its N make of it. Flags
  // act in their order, so a `t` in front of them is about before. Of a new item before is for
  // ever.
  std::int64_t ttl_before_s = -1;
  std::int64_t ttl_touched_s = -1;
  std::optional<std::int64_t> ttl_vivified_s{};  // of an item that N made
  std::uint32_t idle_s = 0;
  bool was_fetched = false;
  bool won = false;
  bool was_won = false;
  bool stale = false;
};

// What each command answers; flags that it does not know it ignores.
inline constexpr auto meta_echoes = Bits<Return>().add(Return::key).add(Return::opaque);
inline constexpr auto meta_store_answers =
    Bits<Return>(meta_echoes).add(Return::cas).add(Return::size);
inline constexpr auto meta_number_answers =
    Bits<Return>(meta_echoes).add(Return::cas).add(Return::ttl);
inline constexpr auto meta_get_answers = Bits<Return>(meta_echoes)
                                             .add(Return::cas)
                                             .add(Return::ttl)
                                             .add(Return::size)
                                             .add(Return::client_flags)
                                             .add(Return::fetched)
                                             .add(Return::last_access);

// "<code>[ <flag>]*\r\n"
char* write_meta_line(
    char* out,
    std::string_view code,
    const Echo& echo,
    Bits<Return> answers,
    const MetaFacts& facts = {}
);

// The line of a value that follows, "VA <bytes>[ <flag>]*\r\n"; of a counter, too.
char* write_meta_value_line(
    char* out,
    std::uint32_t value_bytes,
    const Echo& echo,
    Bits<Return> answers,
    const MetaFacts& facts
);

}  // namespace rc::proto
