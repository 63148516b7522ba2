// Finding the bytes that structure a text line. The separators of the classic protocol are the
// space and the newline and nothing else: a tab or a NUL is part of a token.
// Thread: any; pure functions.
#pragma once

#include <bit>
#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rc::proto {

[[nodiscard]] inline bool is_separator(char c) {
  return c == ' ' || c == '\n';
}

// The first space or newline in [at, end), or end.
[[nodiscard]] inline const char* find_separator(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i newline = _mm_set1_epi8('\n');
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(block, space), _mm_cmpeq_epi8(block, newline));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at != end && !is_separator(*at)) ++at;
  return at;
}

// The same without vectors: what the tests compare with, and what other CPUs run.
[[nodiscard]] inline const char* find_separator_plain(const char* at, const char* end) {
  while (at != end && !is_separator(*at)) ++at;
  return at;
}

// Reads the tokens of a text that contains no newline, one after the other.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  // The next token, empty when there is none. Runs of spaces separate once.
  [[nodiscard]] std::string_view next() {
    while (at_ != end_ && *at_ == ' ') ++at_;
    const char* begin = at_;
    at_ = find_separator(at_, end_);
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  // Whether another token follows.
  [[nodiscard]] bool more() {
    while (at_ != end_ && *at_ == ' ') ++at_;
    return at_ != end_;
  }

  // Where the cursor stands.
  [[nodiscard]] const char* position() const { return at_; }
  [[nodiscard]] std::string_view rest() const {
    return {at_, static_cast<std::size_t>(end_ - at_)};
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace rc::proto
