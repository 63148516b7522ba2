// Numbers appended to requests.
//
// Thread: any.
#pragma once

#include "base/numbers.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace rc::bench {

inline void append_number(std::string& out, std::uint64_t number) {
  std::array<char, number_text_max> text;
  out.append(text.data(), write_number(text.data(), number));
}

}  // namespace rc::bench
