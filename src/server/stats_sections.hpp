// The sections of `stats`, one file each; stats_text.hpp is the way in.
// Thread: any.
#pragma once

#include "base/clock.hpp"
#include "base/numbers.hpp"
#include "server/node.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace rc::server {

// Appends "STAT <name> <value>\r\n" lines to a text.
class StatWriter {
 public:
  explicit StatWriter(std::string& text) : text_(text) {}

  void line(std::string_view name, std::string_view value) { line({}, name, value); }
  void line(std::string_view name, std::integral auto number) { line({}, name, number); }

  // The name is that of one of many: "<prefix><name>".
  void line(std::string_view prefix, std::string_view name, std::string_view value) {
    text_ += "STAT ";
    text_ += prefix;
    text_ += name;
    text_ += ' ';
    text_ += value;
    text_ += "\r\n";
  }
  void line(std::string_view prefix, std::string_view name, std::integral auto number) {
    std::array<char, number_text_max> digits;
    const char* const end = write_number(digits.data(), number);
    line(prefix, name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

 private:
  std::string& text_;
};

void write_general_stats(StatWriter& writer, const Node& node, UnixSeconds now);
void write_settings_stats(StatWriter& writer, const Node& node);
void write_items_stats(StatWriter& writer, const Node& node);
void write_slabs_stats(StatWriter& writer, const Node& node);
void write_conns_stats(StatWriter& writer, const Node& node, UnixSeconds now);
// Everything of our own: all counters of stats/metrics.def and all figures of the store.
void write_own_stats(StatWriter& writer, const Node& node);

}  // namespace rc::server
