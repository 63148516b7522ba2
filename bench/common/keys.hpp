// The keys of benchmarks: a prefix and fifteen digits, so that every request of a load weighs the
// same. With a prefix of one letter that is 16 bytes.
//
// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rc::bench {

constexpr std::size_t key_digits = 15;

// Writes `number` in decimal, with leading zeros, to the `key_digits` bytes at `digits`.
inline void write_key_digits(char* digits, std::uint64_t number) {
  for (std::size_t left = key_digits; left > 0; number /= 10) {
    digits[--left] = static_cast<char>('0' + number % 10);
  }
}

inline void append_key(std::string& out, std::string_view prefix, std::uint64_t number) {
  out += prefix;
  out.append(key_digits, '0');
  write_key_digits(out.data() + out.size() - key_digits, number);
}

}  // namespace rc::bench
