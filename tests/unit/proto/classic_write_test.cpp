#include "proto/classic_write.hpp"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::proto::ValueHeader;

template <class Write>
std::string written(Write&& write) {
  std::vector<char> buffer(1024);
  const char* end = write(buffer.data());
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

TEST_SUITE("proto/classic_write") {
  TEST_CASE("a value header names key, flags and length, and the cas only where it was asked for") {
    const ValueHeader header{.key = "foo", .client_flags = 7, .value_bytes = 123};
    CHECK(written([&](char* out) {
            return write_value_header(out, header);
          }) == "VALUE foo 7 123\r\n");
    CHECK(written([&](char* out) {
            return write_value_header(out, header, 99);
          }) == "VALUE foo 7 123 99\r\n");
  }

  TEST_CASE("the longest value header fits value_header_max") {
    const std::string key(rc::proto::key_bytes_max, 'k');
    const ValueHeader header{.key = key, .client_flags = 4294967295U, .value_bytes = 2147483645U};
    const std::string text = written([&](char* out) {
      return write_value_header(out, header, std::numeric_limits<std::uint64_t>::max());
    });
    CHECK(text == "VALUE " + key + " 4294967295 2147483645 18446744073709551615\r\n");
    CHECK(text.size() <= rc::proto::value_header_max);
  }

  TEST_CASE("a number line is the number and the line end") {
    CHECK(written([](char* out) { return rc::proto::write_number_line(out, 0); }) == "0\r\n");
    const std::string text = written([](char* out) {
      return rc::proto::write_number_line(out, std::numeric_limits<std::uint64_t>::max());
    });
    CHECK(text == "18446744073709551615\r\n");
    CHECK(text.size() <= rc::proto::number_line_max);
  }
}
