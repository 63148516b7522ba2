#include "base/bytes.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace rc {

namespace {

struct Suffix {
  std::string_view text;
  std::uint64_t unit;
};

constexpr std::array<Suffix, 13> suffixes{{
    {"b", 1},
    {"k", kib},
    {"kb", kib},
    {"kib", kib},
    {"m", mib},
    {"mb", mib},
    {"mib", mib},
    {"g", gib},
    {"gb", gib},
    {"gib", gib},
    {"t", 1024 * gib},
    {"tb", 1024 * gib},
    {"tib", 1024 * gib},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::uint64_t> unit_of(std::string_view suffix) {
  const std::string wanted = lower(suffix);
  for (const Suffix& known : suffixes) {
    if (known.text == wanted) return known.unit;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text, std::uint64_t plain_unit) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;

  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  const std::optional<std::uint64_t> unit = suffix.empty() ? plain_unit : unit_of(suffix);
  std::uint64_t bytes = 0;
  if (!unit || __builtin_mul_overflow(number, *unit, &bytes)) return std::nullopt;
  return bytes;
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  const bool whole = value == static_cast<double>(static_cast<std::uint64_t>(value));
  std::snprintf(text.data(), text.size(), whole ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

}  // namespace rc
