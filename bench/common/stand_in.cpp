#include "common/stand_in.hpp"

#include <cstring>

namespace rc::bench {
namespace {

constexpr std::size_t word_size = sizeof(std::uint64_t);

// The finalizer of splitmix64: neighbouring objects and sizes get unrelated seeds.
std::uint64_t seed_of(std::uint64_t object, std::size_t size) {
  std::uint64_t bits = object + 0x9e3779b97f4a7c15ULL * (std::uint64_t{size} + 1);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

// A sequence by addition of an odd constant: no two words of a value are equal, and the compiler
// can compute several at once.
constexpr std::uint64_t stride = 0xd1342543de82ef95ULL;

}  // namespace

void append_value(std::string& out, std::uint64_t object, std::size_t size) {
  const std::size_t start = out.size();
  out.resize(start + size);
  char* target = out.data() + start;
  std::uint64_t word = seed_of(object, size);
  std::size_t done = 0;
  for (; done + word_size <= size; done += word_size, word += stride) {
    std::memcpy(target + done, &word, word_size);
  }
  std::memcpy(target + done, &word, size - done);
}

bool is_value_of(std::string_view value, std::uint64_t object) {
  const std::size_t size = value.size();
  std::uint64_t word = seed_of(object, size);
  std::uint64_t differences = 0;
  std::size_t done = 0;
  // Whole words first and without a branch: the compiler takes several at once.
  for (; done + word_size <= size; done += word_size, word += stride) {
    std::uint64_t found = 0;
    std::memcpy(&found, value.data() + done, word_size);
    differences |= found ^ word;
  }
  return differences == 0 && std::memcmp(value.data() + done, &word, size - done) == 0;
}

}  // namespace rc::bench
