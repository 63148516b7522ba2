#include "floor/answer.hpp"

#include "common/stand_in.hpp"

#include "base/numbers.hpp"

#include <cstdint>

namespace rc::bench {

std::size_t Answerer::answer(std::string_view input, std::string& output) {
  std::size_t done = 0;
  while (true) {
    const std::size_t end = input.find("\r\n", done);
    if (end == std::string_view::npos) return done;
    const std::size_t next = end + 2;
    const std::size_t data =
        answer_line(input.substr(done, end - done), input.substr(next), output);
    if (data == std::string_view::npos) return done;
    done = next + data;
  }
}

// Returns the bytes of `rest` that belong to the request; npos if they are not there yet.
std::size_t Answerer::answer_line(
    std::string_view line, std::string_view rest, std::string& output
) {
  if (line.starts_with("get ")) {
    answer_get(line.substr(4), output);
  } else if (line.starts_with("set ")) {
    const auto size = parse_number<std::size_t>(line.substr(line.rfind(' ') + 1));
    if (rest.size() < size.value_or(0) + 2) return std::string_view::npos;
    value_size_bytes_ = size.value_or(0);
    output += "STORED\r\n";
    return value_size_bytes_ + 2;
  } else {
    output += line == "version" ? "VERSION 0\r\n" : "ERROR\r\n";
  }
  return 0;
}

void Answerer::answer_get(std::string_view keys, std::string& output) const {
  while (!keys.empty()) {
    const std::string_view key = keys.substr(0, keys.find(' '));
    keys.remove_prefix(std::min(key.size() + 1, keys.size()));
    char size[number_text_max];
    output += "VALUE ";
    output += key;
    output += " 0 ";
    output.append(size, write_number(size, value_size_bytes_));
    output += "\r\n";
    // Past the prefix, which is not a digit.
    const std::size_t digits = key.find_first_of("0123456789");
    const auto number = parse_number<std::uint64_t>(key.substr(std::min(digits, key.size())));
    append_value(output, number.value_or(0), value_size_bytes_);
    output += "\r\n";
  }
  output += "END\r\n";
}

}  // namespace rc::bench
