// The fixed reply lines by name; texts.def is the one table of them.
// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::proto {

enum class Text : std::uint8_t {
  none,  // say nothing: the peer asked for silence
#define TEXT(name, line) name,
#include "proto/texts.def"
#undef TEXT
};

// Not inside line_of: there it would be built anew at every call.
inline constexpr std::string_view text_lines[] = {
    "",
#define TEXT(name, line) line "\r\n",
#include "proto/texts.def"
#undef TEXT
};

// The line with its end; empty for Text::none.
[[nodiscard]] constexpr std::string_view line_of(Text text) {
  return text_lines[static_cast<std::size_t>(text)];
}

}  // namespace rc::proto
