#include "proto/base64.hpp"

#include <array>
#include <random>
#include <string>

#include <doctest/doctest.h>

namespace {

using rc::proto::base64_bytes;
using rc::proto::decode_base64;
using rc::proto::encode_base64;

std::optional<std::string> decoded(std::string_view text) {
  std::string room(text.size(), '\0');
  const auto bytes = decode_base64(text, room);
  return bytes ? std::optional(std::string(*bytes)) : std::nullopt;
}

std::string encoded(std::string_view bytes) {
  std::string text(base64_bytes(bytes.size()), '\0');
  CHECK(encode_base64(text.data(), bytes) == text.data() + text.size());
  return text;
}

}  // namespace

TEST_SUITE("proto/base64") {
  TEST_CASE("the examples of RFC 4648") {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& row : rows) {
      const auto& bytes = row.first;
      const auto& text = row.second;
      CAPTURE(bytes);
      CHECK(encoded(bytes) == text);
      CHECK(decoded(text) == bytes);
    }
  }

  TEST_CASE("any bytes come back") {
    std::mt19937 random(7);
    for (std::size_t size = 1; size < 188; ++size) {
      std::string bytes(size, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      CHECK(decoded(encoded(bytes)) == bytes);
    }
  }

  TEST_CASE("what is not base64 is nothing") {
    for (const std::string_view text :
         {"",
          "Y",
          "YQ",
          "YQ=",
          "YQ===",
          "====",
          "Y===",
          "***=",
          "Y Q=",
          "YQ=x",
          "YQ==YQ==",
          "Zm9\n",
          "Zm9\xff",
          "Zm-_"}) {
      CAPTURE(text);
      CHECK_FALSE(decoded(text));
    }
  }
}
