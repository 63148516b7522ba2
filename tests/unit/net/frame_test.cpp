#include "net/frame.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

std::string framed(std::initializer_list<int> frame, const std::string& payload) {
  std::string datagram;
  for (const int byte : frame) datagram += static_cast<char>(byte);
  return datagram + payload;
}

TEST_SUITE("net/frame") {
  TEST_CASE("a request of one datagram is read, whatever its sequence and reserved fields say") {
    const std::string datagram = framed({0x12, 0x34, 0, 7, 0, 1, 9, 9}, "version\r\n");
    const auto frame = read_frame(datagram);
    REQUIRE(frame);
    CHECK(frame->request_id == 0x1234);
    CHECK(frame->payload == "version\r\n");
  }

  TEST_CASE("a datagram too short for a request, or a part of several, is none") {
    const std::string whole = framed({0, 1, 0, 0, 0, 1, 0, 0}, "x");
    CHECK(read_frame(whole));
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
      CHECK_FALSE(read_frame(std::string_view(whole).substr(0, bytes)));
    }
    CHECK_FALSE(read_frame(framed({0, 1, 0, 0, 0, 0, 0, 0}, "x")));
    CHECK_FALSE(read_frame(framed({0, 1, 0, 0, 0, 2, 0, 0}, "x")));
    CHECK_FALSE(read_frame(framed({0, 1, 0, 0, 1, 0, 0, 0}, "x")));
  }

  TEST_CASE("what is written is in network order") {
    std::array<char, frame_bytes> frame{};
    write_frame(frame.data(), 0xABCD, 0x0102, 0x0304);
    CHECK(std::string(frame.data(), frame.size()) == framed({0xAB, 0xCD, 1, 2, 3, 4, 0, 0}, ""));
  }

  TEST_CASE("a reply takes as many datagrams as its bytes need") {
    CHECK(datagram_count(0) == 0);
    CHECK(datagram_count(1) == 1);
    CHECK(datagram_count(payload_bytes_max) == 1);
    CHECK(datagram_count(payload_bytes_max + 1) == 2);
  }
}

}  // namespace
}  // namespace rc::net
