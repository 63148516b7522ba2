// Which keys input is about, guessed before it is parsed: worth a prefetch, and nothing else.
//
// Nothing is checked. What is no request gives an empty key or any part of it.
// Thread: any.
#pragma once

#include "base/numbers.hpp"
#include "proto/binary_parse.hpp"
#include "proto/request.hpp"
#include "proto/scan.hpp"
#include "proto/text_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::proto {

class KeyGuess {
 public:
  explicit KeyGuess(std::string_view input) : rest_(input) {}

  // The key of the next request; empty if it has none or there is none. Behind a text request
  // without a value the guessing ends: retrievals are looked up together when they are parsed.
  [[nodiscard]] std::string_view next() {
    if (rest_.empty()) return {};
    const bool binary = static_cast<std::uint8_t>(rest_.front()) == binary_request_magic;
    return binary ? next_binary() : next_line();
  }

  // What the next guess is about.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  // What stands before the length of a value is not longer.
  static constexpr std::size_t line_head_max = 2 * key_bytes_max;

  [[nodiscard]] std::string_view next_line() {
    TokenCursor cursor(rest_.substr(0, line_head_max));
    const std::string_view verb = cursor.next();
    const std::string_view key = without_return(cursor.next());
    if (verb == "ms") {
      skip_value(cursor);
    } else if (verb == "set" || verb == "add" || verb == "cas") {
      static_cast<void>(cursor.next());
      static_cast<void>(cursor.next());
      skip_value(cursor);
    } else {
      rest_ = {};
    }
    return key.substr(0, key_bytes_max);
  }

  // To behind the value whose length is the next token.
  void skip_value(TokenCursor& cursor) {
    const auto value_bytes = parse_number<std::uint32_t>(without_return(cursor.next()));
    const auto head = static_cast<std::size_t>(cursor.position() - rest_.data());
    const std::size_t line_end = rest_.find('\n', head);
    if (!value_bytes || line_end == std::string_view::npos) return skip(rest_.size());
    skip(line_end + 1 + *value_bytes + 2);
  }

  [[nodiscard]] std::string_view next_binary() {
    if (rest_.size() < binary_header_bytes) {
      rest_ = {};
      return {};
    }
    const auto number = [&](std::size_t at, std::size_t bytes) {
      std::size_t value = 0;
      for (; bytes != 0; ++at, --bytes) value = value << 8U | static_cast<std::uint8_t>(rest_[at]);
      return value;
    };
    const std::size_t key_bytes = std::min(number(2, 2), key_bytes_max);
    const std::size_t key_at = std::min(binary_header_bytes + number(4, 1), rest_.size());
    const std::string_view key = rest_.substr(key_at, key_bytes);
    skip(binary_header_bytes + number(8, 4));
    return key;
  }

  void skip(std::size_t bytes) { rest_.remove_prefix(std::min(bytes, rest_.size())); }

  std::string_view rest_;
};

}  // namespace rc::proto
