// The parser of the meta commands: mg, ms, md, ma, me and mn with their one-letter flags.
//
// As pure as parse_text(), which calls it, and with the same promises about framing: a refused ms
// whose length is readable takes its value along. Flags that another meta command knows are
// accepted and ignored, as memcached does it; their order is kept in Echo::flags, because replies
// follow it.
// Thread: any.
#pragma once

#include "proto/parsed.hpp"
#include "proto/request.hpp"

#include <cstddef>
#include <string_view>

namespace rc::proto {

// Tokens of a line, with the command and the key.
inline constexpr std::size_t meta_tokens_max = 20;
// Of an opaque token, with its letter.
inline constexpr std::size_t meta_opaque_max = 32;

// Whether a word of two letters is a meta command.
[[nodiscard]] constexpr bool is_meta(std::string_view word) {
  return word[0] == 'm' && std::string_view("gsdaen").find(word[1]) != std::string_view::npos;
}

// Requires: the bytes begin with a meta command and a separator.
[[nodiscard]] Parsed parse_meta(std::string_view bytes, Request& request);

}  // namespace rc::proto
