// What the text protocol costs by itself: nanoseconds per parsed line and per written reply,
// without store and sockets.
//
//   parser_micro [seconds per case]
#include "common/clock.hpp"

#include "proto/classic_parse.hpp"
#include "proto/classic_write.hpp"
#include "proto/scan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int key_count = 1000;
constexpr int keys_per_multiget = 100;
constexpr std::size_t value_bytes = 100;

// Keeps the compiler from dropping work whose result nobody reads.
void keep(std::uint64_t value) {
  asm volatile("" : : "r"(value) : "memory");
}

// 16 bytes, and not all alike in their digits.
std::string key_of(int i) {
  const std::string digits = std::to_string(i * 7919 % 1000003);
  return "key:" + std::string(12 - digits.size(), '0') + digits;
}

struct Inputs {
  std::vector<std::string> names;
  std::string gets;
  std::string sets;
  std::string multigets;
  std::string bare_lines;
};

Inputs make_inputs() {
  Inputs inputs;
  for (int i = 0; i < key_count; ++i) {
    const std::string key = key_of(i);
    const int place = i % keys_per_multiget;
    inputs.names.push_back(key);
    inputs.gets += "get " + key + "\r\n";
    inputs.sets += "set " + key + " 0 0 100\r\n" + std::string(value_bytes, 'v') + "\r\n";
    inputs.multigets += (place == 0 ? "get " : " ") + key;
    if (place == keys_per_multiget - 1) inputs.multigets += "\r\n";
    inputs.bare_lines += key + "\n";
  }
  return inputs;
}

// Parses all lines of `text`, skipping values; returns how many.
std::uint64_t parse_lines(std::string_view text) {
  std::uint64_t lines = 0;
  rc::proto::Request request;
  while (!text.empty()) {
    const rc::proto::Parsed parsed = rc::proto::parse_text(text, request);
    const bool store = request.op == rc::proto::Op::store;
    text.remove_prefix(parsed.line_bytes + (store ? request.value_bytes + 2 : 0));
    ++lines;
  }
  return lines;
}

// A session reads the keys a second time, into its batch: that belongs to the price.
std::uint64_t parse_multigets(std::string_view text) {
  std::uint64_t keys = 0;
  rc::proto::Request request;
  while (!text.empty()) {
    const rc::proto::Parsed parsed = rc::proto::parse_text(text, request);
    text.remove_prefix(parsed.line_bytes);
    ++keys;
    for (rc::proto::TokenCursor cursor(request.rest); cursor.more(); ++keys) {
      keep(cursor.next().size());
    }
  }
  return keys;
}

std::uint64_t write_values(const std::vector<std::string>& names, std::vector<char>& out) {
  const std::string value(value_bytes, 'v');
  for (const std::string& name : names) {
    char* at = rc::proto::write_value_header(
        out.data(), {.key = name, .client_flags = 0, .value_bytes = value_bytes}
    );
    at = rc::proto::write_bytes(at, value);
    at = rc::proto::write_bytes(at, rc::proto::line_end);
    at = rc::proto::write_text(at, rc::proto::Text::end);
    keep(static_cast<std::uint64_t>(at - out.data()));
  }
  return names.size();
}

// Walks over lines with find(at, end), which returns where the next one ends.
template <class Find>
std::uint64_t walk_lines(std::string_view text, Find&& find) {
  std::uint64_t lines = 0;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++lines) at = find(at, end) + 1;
  return lines;
}

const char* find_newline(const char* at, const char* end) {
  const void* const found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  return static_cast<const char*>(found);
}

// Runs `once`, which returns how many units it did, for about `seconds`; prints the best round.
template <class Once>
void measure(const char* name, double seconds, Once&& once) {
  const std::uint64_t end = rc::bench::now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
  double best_ns = 1e9;
  while (rc::bench::now_ns() < end) {
    const std::uint64_t begin = rc::bench::now_ns();
    std::uint64_t units = 0;
    for (int i = 0; i < 20; ++i) units += once();
    const auto spent = static_cast<double>(rc::bench::now_ns() - begin);
    best_ns = std::min(best_ns, spent / static_cast<double>(units));
  }
  std::printf("%-34s %7.1f ns\n", name, best_ns);
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::strtod(arguments[1], nullptr) : 0.3;
  const Inputs inputs = make_inputs();
  std::vector<char> out(8192);
  const std::string_view bare = inputs.bare_lines;

  measure("get line", seconds, [&] { return parse_lines(inputs.gets); });
  measure("set line", seconds, [&] { return parse_lines(inputs.sets); });
  measure("multiget of 100, per key", seconds, [&] { return parse_multigets(inputs.multigets); });
  measure("VALUE reply of 100 B", seconds, [&] { return write_values(inputs.names, out); });
  measure("line of 16 B, find_separator", seconds, [&] {
    return walk_lines(bare, rc::proto::find_separator);
  });
  measure("line of 16 B, plain loop", seconds, [&] {
    return walk_lines(bare, rc::proto::find_separator_plain);
  });
  measure("line of 16 B, memchr", seconds, [&] { return walk_lines(bare, find_newline); });
  return 0;
}
