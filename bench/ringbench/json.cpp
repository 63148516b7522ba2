#include "ringbench/json.hpp"

#include "ringbench/units.hpp"

#include <cmath>

namespace rc::bench {

void Json::add(std::string_view name, std::string_view text) {
  begin_value(name);
  quote(text);
}

void Json::add(std::string_view name, std::uint64_t number) {
  begin_value(name);
  text_ += std::to_string(number);
}

void Json::add(std::string_view name, double number) {
  if (!std::isfinite(number)) return add_null(name);
  begin_value(name);
  text_ += formatted("%.10g", number);
}

void Json::add(std::string_view name, bool is_true) {
  begin_value(name);
  text_ += is_true ? "true" : "false";
}

void Json::add_null(std::string_view name) {
  begin_value(name);
  text_ += "null";
}

void Json::open(std::string_view name, char mark) {
  begin_value(name);
  text_ += mark;
  is_first_ = true;
}

void Json::close(char mark) {
  text_ += mark;
  is_first_ = false;
}

void Json::begin_value(std::string_view name) {
  if (!is_first_) text_ += ", ";
  is_first_ = false;
  if (name.empty()) return;
  quote(name);
  text_ += ": ";
}

// "<" is written as an escape, so that the text can stand in an HTML page and not end it.
void Json::quote(std::string_view text) {
  text_ += '"';
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      text_ += '\\';
      text_ += byte;
    } else if (code < 0x20 || byte == '<') {
      text_ += formatted("\\u%04x", static_cast<unsigned>(code));
    } else {
      text_ += byte;
    }
  }
  text_ += '"';
}

}  // namespace rc::bench
