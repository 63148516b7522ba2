// Text in JSON, written front to back.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rc::bench {

class Json {
 public:
  // Members of an object have a name, elements of an array an empty one.
  void begin_object(std::string_view name = {}) { open(name, '{'); }
  void end_object() { close('}'); }
  void begin_array(std::string_view name = {}) { open(name, '['); }
  void end_array() { close(']'); }

  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, const char* text) { add(name, std::string_view(text)); }
  void add(std::string_view name, std::uint64_t number);
  // What is no finite number is written as null, as JSON has none.
  void add(std::string_view name, double number);
  void add(std::string_view name, bool is_true);
  void add_null(std::string_view name);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void open(std::string_view name, char mark);
  void close(char mark);
  void begin_value(std::string_view name);
  void quote(std::string_view text);

  std::string text_;
  bool is_first_ = true;  // In the innermost object or array.
};

}  // namespace rc::bench
