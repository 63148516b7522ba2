#include "shift/phases.hpp"

#include "common/keys.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace rc::bench {
namespace {

constexpr std::size_t key_bytes = key_digits + 1;

// Uniform in [0, 1), and the same for the same number: the finalizer of splitmix64.
double unit_random(std::uint64_t number) {
  std::uint64_t bits = number * 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<double>((bits ^ (bits >> 31)) >> 11) * 0x1.0p-53;
}

}  // namespace

std::optional<Phase> parse_phase(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto low = parse_number<std::size_t>(text.substr(0, dash));
  const auto high =
      dash == std::string_view::npos ? low : parse_number<std::size_t>(text.substr(dash + 1));
  if (!low || !high || *low == 0 || *high < *low) return std::nullopt;
  return Phase{.name = std::string(text), .size_min_bytes = *low, .size_max_bytes = *high};
}

std::size_t size_of(const Phase& phase, std::uint64_t number) {
  if (phase.size_min_bytes == phase.size_max_bytes) return phase.size_min_bytes;
  const auto low = static_cast<double>(phase.size_min_bytes);
  const auto high = static_cast<double>(phase.size_max_bytes);
  return static_cast<std::size_t>(low * std::pow(high / low, unit_random(number)));
}

std::size_t bytes_of(const Phase& phase, std::uint64_t number) {
  return key_bytes + size_of(phase, number);
}

std::vector<std::uint64_t> newest(
    const Phase& phase, std::uint64_t count, std::uint64_t bytes, std::size_t objects_max
) {
  std::uint64_t first = count;
  for (std::uint64_t sum = 0; first > 0 && sum < bytes;) sum += bytes_of(phase, --first);
  const std::uint64_t distance =
      std::max<std::uint64_t>((count - first + objects_max - 1) / objects_max, 1);
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t back = 1; back <= count - first; back += distance) {
    numbers.push_back(count - back);
  }
  return numbers;
}

}  // namespace rc::bench
