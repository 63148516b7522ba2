#include "proto/binary_write.hpp"

#include "binary_frame.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using rc::proto::Echo;
using rc::proto::Status;
using rc::proto_test::big_endian;
using rc::proto_test::Frame;

Echo echo_of(std::uint8_t opcode) {
  Echo echo{.opcode = opcode};
  std::memcpy(&echo.opaque, "\x01\x02\x03\x04", 4);
  return echo;
}

}  // namespace

TEST_SUITE("proto/binary_write") {
  TEST_CASE("a value's header has flags, key and version") {
    std::string room(rc::proto::binary_value_header_max, '\0');
    const char* const end = rc::proto::write_binary_value_header(
        room.data(), echo_of(0x0c), 0xDEADBEEF, "key", 70'000, 0x0102030405060708
    );
    room.resize(static_cast<std::size_t>(end - room.data()));
    const Frame frame{
        .opcode = 0x0c, .cas = 0x0102030405060708, .opaque = 0x01020304, .magic = 0x81};
    CHECK(room == frame.header(3, 4, 70'007) + big_endian(0xDEADBEEF, 4) + "key");
  }

  TEST_CASE("every status has its words, which fit") {
    const std::pair<Status, std::string> rows[] = {
        {Status::ok, ""},
        {Status::not_found, "Not found"},
        {Status::exists, "Data exists for key."},
        {Status::too_large, "Too large."},
        {Status::invalid, "Invalid arguments"},
        {Status::not_stored, "Not stored."},
        {Status::non_numeric, "Non-numeric server-side value for incr or decr"},
        {Status::auth_failure, "Auth failure."},
        {Status::unknown_command, "Unknown command"},
        {Status::out_of_memory, "Out of memory"},
    };
    for (const auto& row : rows) {
      const auto& status = row.first;
      const auto& words = row.second;
      CAPTURE(words);
      std::string room(rc::proto::binary_status_max, '\0');
      const char* const end = rc::proto::write_binary_status(room.data(), echo_of(0x11), status, 9);
      room.resize(static_cast<std::size_t>(end - room.data()));
      const Frame frame{
          .opcode = 0x11,
          .value = words,
          .cas = 9,
          .opaque = 0x01020304,
          .status = static_cast<std::uint16_t>(status),
          .magic = 0x81};
      CHECK(room == frame.bytes());
    }
  }
}
