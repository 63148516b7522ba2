#include "ringbench/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdarg>
#include <cstdio>

namespace rc::bench {

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || !(number >= 0) || number > 1e9) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  double unit_ns = 0;
  if (unit == "us") unit_ns = 1e3;
  if (unit == "ms") unit_ns = 1e6;
  if (unit == "s" || unit.empty()) unit_ns = 1e9;
  if (unit == "m") unit_ns = 60e9;
  if (unit_ns == 0) return std::nullopt;
  return static_cast<std::uint64_t>(number * unit_ns + 0.5);
}

std::string format_duration(std::uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (value >= 1e9) return formatted("%.3g s", value / 1e9);
  if (value >= 1e6) return formatted("%.3g ms", value / 1e6);
  return formatted("%.3g us", value / 1e3);
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string counted(std::uint64_t number, const char* one) {
  return grouped(number) + " " + one + (number == 1 ? "" : "s");
}

std::string formatted(const char* format, ...) {
  std::array<char, 1024> text;
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  if (size <= 0) return {};
  return {text.data(), std::min(static_cast<std::size_t>(size), text.size() - 1)};
}

}  // namespace rc::bench
