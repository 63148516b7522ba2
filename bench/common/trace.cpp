#include "common/trace.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>

namespace rc::bench {
namespace {

constexpr std::size_t word_size = 8;
constexpr std::array<unsigned char, 6> xz_magic = {0xfd, '7', 'z', 'X', 'Z', 0};

using Block = std::array<unsigned char, word_size * 8192>;

std::uint32_t half_word(const unsigned char* bytes) {
  std::uint32_t half = 0;
  for (unsigned at = 0; at < 4; ++at) half |= std::uint32_t{bytes[at]} << (8 * at);
  return half;
}

bool is_compressed(std::span<const unsigned char> block) {
  return block.size() >= xz_magic.size() &&
         std::equal(xz_magic.begin(), xz_magic.end(), block.begin());
}

void append(Trace& trace, std::span<const unsigned char> words, std::size_t requests_max) {
  for (std::size_t at = 0; at < words.size() && trace.size() < requests_max; at += word_size) {
    const unsigned char* word = words.data() + at;
    trace.push_back({.object = half_word(word), .size_bytes = half_word(word + 4)});
  }
}

}  // namespace

Result<Trace> read_trace(std::FILE* file, std::size_t requests_max) {
  Trace trace;
  auto block = std::make_unique<Block>();
  std::size_t got = block->size();
  while (got == block->size() && trace.size() < requests_max) {
    got = std::fread(block->data(), 1, block->size(), file);
    if (std::ferror(file) != 0) return system_error(errno, "cannot be read");
    const std::span<const unsigned char> bytes(block->data(), got);
    if (trace.empty() && is_compressed(bytes)) {
      return Error{.message = "is compressed; unpack it with \"xz -dc\" first"};
    }
    append(trace, bytes.first(got - got % word_size), requests_max);
  }
  if (got % word_size != 0) return Error{.message = "ends inside a 64-bit word"};
  if (trace.empty()) return Error{.message = "holds no request"};
  return trace;
}

Result<Trace> read_trace(const std::string& path, std::size_t requests_max) {
  if (path == "-") return read_trace(stdin, requests_max);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return system_error(errno, "cannot be opened");
  Result<Trace> trace = read_trace(file, requests_max);
  std::fclose(file);
  return trace;
}

}  // namespace rc::bench
