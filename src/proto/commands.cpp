#include "proto/commands.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace rc::proto {

namespace {

constexpr std::size_t packed_bytes = 8;

// The first eight bytes of a word as one number, so that a look-up compares numbers.
constexpr std::uint64_t pack(std::string_view word) {
  std::uint64_t packed = 0;
  for (const char c : word.substr(0, packed_bytes)) {
    packed = packed << 8 | static_cast<unsigned char>(c);
  }
  return packed;
}

constexpr auto packed_words = [] {
  std::array<std::uint64_t, std::size(commands)> words{};
  std::transform(
      std::begin(commands),
      std::end(commands),
      words.begin(),
      [](const Command& command) { return pack(command.word); }
  );
  return words;
}();

}  // namespace

const Command* find_command(std::string_view word) {
  const std::uint64_t packed = pack(word);
  for (std::size_t i = 0; i < packed_words.size(); ++i) {
    if (packed_words[i] != packed) continue;
    // NUL bytes and words longer than eight bytes can share a number: compare in full.
    return commands[i].word == word ? &commands[i] : nullptr;
  }
  return nullptr;
}

}  // namespace rc::proto
