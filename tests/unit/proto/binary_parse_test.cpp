#include "proto/binary_parse.hpp"

#include "binary_frame.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::proto::Dialect;
using rc::proto::Mode;
using rc::proto::Op;
using rc::proto::parse_binary;
using rc::proto::Parsed;
using rc::proto::Request;
using rc::proto::Return;
using rc::proto::Status;
using rc::proto::Verdict;
using rc::proto::With;
using rc::proto_test::big_endian;
using rc::proto_test::Frame;

using Opcodes = std::vector<std::uint8_t>;

struct Seen {
  explicit Seen(const Frame& frame) : Seen(frame.bytes()) {}
  explicit Seen(std::string given) : bytes(std::move(given)) {
    parsed = parse_binary(bytes, request);
  }
  std::string bytes;
  Request request;
  Parsed parsed;
};

std::string numbers(std::uint64_t delta, std::uint64_t initial, std::uint32_t exptime) {
  return big_endian(delta, 8) + big_endian(initial, 8) + big_endian(exptime, 4);
}

// Every opcode that there is, with a request that suits it.
std::vector<Frame> all_frames() {
  std::vector<Frame> frames;
  for (const std::uint8_t opcode : Opcodes{0x00, 0x09, 0x0c, 0x0d, 0x04, 0x14}) {
    frames.push_back({.opcode = opcode, .key = "key"});
  }
  for (const std::uint8_t opcode : Opcodes{0x01, 0x02, 0x03, 0x11, 0x12, 0x13}) {
    const std::string extras = big_endian(0xDEADBEEF, 4) + big_endian(60, 4);
    frames.push_back({.opcode = opcode, .extras = extras, .key = "key", .value = "value"});
  }
  for (const std::uint8_t opcode : Opcodes{0x0e, 0x0f, 0x19, 0x1a}) {
    frames.push_back({.opcode = opcode, .key = "key", .value = "value"});
  }
  for (const std::uint8_t opcode : Opcodes{0x05, 0x06, 0x15, 0x16}) {
    frames.push_back({.opcode = opcode, .extras = numbers(2, 13, 60), .key = "key"});
  }
  for (const std::uint8_t opcode : Opcodes{0x07, 0x17, 0x08, 0x18, 0x0a, 0x0b, 0x10}) {
    frames.push_back({.opcode = opcode});
  }
  for (const std::uint8_t opcode : Opcodes{0x1c, 0x1d, 0x1e, 0x23, 0x24}) {
    frames.push_back({.opcode = opcode, .extras = big_endian(60, 4), .key = "key"});
  }
  return frames;
}

}  // namespace

TEST_SUITE("proto/binary_parse") {
  TEST_CASE("every opcode is read, with its opaque as it came") {
    for (Frame frame : all_frames()) {
      CAPTURE(frame.opcode);
      frame.opaque = 0x01020304;
      const Seen seen(frame);
      REQUIRE(seen.parsed.verdict == Verdict::request);
      CHECK(seen.parsed.line_bytes == seen.bytes.size() - frame.value.size());
      CHECK(seen.request.key == frame.key);
      CHECK(seen.request.echo.dialect == Dialect::binary);
      CHECK(seen.request.echo.opcode == frame.opcode);
      std::string opaque(4, '\0');
      std::memcpy(opaque.data(), &seen.request.echo.opaque, 4);
      CHECK(opaque == "\x01\x02\x03\x04");
    }
  }

  TEST_CASE("a header that contradicts its opcode ends the connection") {
    for (const Frame& good : all_frames()) {
      CAPTURE(good.opcode);
      const auto is_refused = [](const Frame& frame) {
        const Seen seen(frame);
        return seen.parsed.verdict == Verdict::refused && seen.parsed.closes &&
               seen.parsed.status == Status::invalid;
      };
      Frame bad = good;
      bad.extras += "x";
      CHECK(is_refused(bad));
      if (!good.extras.empty()) {
        bad = good;
        bad.extras.pop_back();
        CHECK(is_refused(bad));
      }
      if (!good.key.empty()) {
        bad = good;
        bad.key.clear();
        CHECK(is_refused(bad));
      }
      if (good.key.empty() && good.opcode != 0x10) {
        bad = good;
        bad.key = "k";
        CHECK(is_refused(bad));
      }
      if (good.value.empty()) {
        bad = good;
        bad.value = "surplus";
        CHECK(is_refused(bad));
      }
    }
  }

  TEST_CASE("the lengths of a header are compared before they are used") {
    struct Row {
      std::uint16_t key_bytes;
      std::uint8_t extras_bytes;
      std::uint32_t body_bytes;
      Status status;
    };
    const Row rows[] = {
        {5, 0, 4, Status::unknown_command},
        {4, 8, 11, Status::unknown_command},
        {65535, 255, 65535, Status::unknown_command},
        {1, 8, (1U << 30U) + 1, Status::invalid},
        {1, 8, 0xFFFFFFFF, Status::invalid},
        {1, 8, 0x80000000, Status::invalid},
        {251, 8, 1000, Status::invalid},
        {65535, 8, 1U << 20U, Status::invalid},
    };
    for (const Row& row : rows) {
      for (const std::uint8_t opcode : Opcodes{0x00, 0x01, 0x0e, 0x05, 0x10, 0x21, 0x99}) {
        CAPTURE(row.body_bytes);
        CAPTURE(opcode);
        const Frame frame{.opcode = opcode};
        const Seen seen(frame.header(row.key_bytes, row.extras_bytes, row.body_bytes));
        CHECK(seen.parsed.verdict == Verdict::refused);
        CHECK(seen.parsed.status == row.status);
        CHECK(seen.parsed.closes);
      }
    }
  }

  TEST_CASE("an unknown opcode takes exactly its body along, and the connection goes on") {
    for (const std::uint8_t opcode :
         Opcodes{0x1b, 0x1f, 0x20, 0x21, 0x22, 0x25, 0x30, 0x3c, 0x60, 0xff}) {
      const Seen seen(Frame{.opcode = opcode, .extras = "ee", .key = "kkk", .value = "v"});
      CHECK(seen.parsed.verdict == Verdict::refused);
      CHECK(seen.parsed.status == Status::unknown_command);
      CHECK_FALSE(seen.parsed.closes);
      CHECK(seen.parsed.line_bytes == 24);
      CHECK(seen.parsed.swallow_bytes == 6);
    }
  }

  TEST_CASE("what is not a binary request closes without a word") {
    CHECK(Seen(std::string("get a\r\n")).parsed.verdict == Verdict::close);
    CHECK(Seen(std::string("\x81")).parsed.verdict == Verdict::close);
  }

  TEST_CASE("header, extras and key are waited for, the value is not") {
    const Frame frame{.opcode = 1, .extras = std::string(8, '\0'), .key = "key", .value = "value"};
    const std::string bytes = frame.bytes();
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      const Verdict verdict = Seen(bytes.substr(0, cut)).parsed.verdict;
      CHECK(verdict == (cut < 24 + 8 + 3 ? Verdict::incomplete : Verdict::request));
    }
  }

  TEST_CASE("a store has its flags, its time, and a value of what is left of the body") {
    const std::string extras = big_endian(0xDEADBEEF, 4) + big_endian(0xFFFFFFFF, 4);
    const Seen seen(Frame{.opcode = 2, .extras = extras, .key = "key", .value = "12345"});
    CHECK(seen.request.op == Op::store);
    CHECK(seen.request.mode == Mode::add);
    CHECK(seen.request.client_flags == 0xDEADBEEF);
    // No sign: a time after 2038, not one that is over.
    CHECK(seen.request.exptime == 0xFFFFFFFF);
    CHECK(seen.request.value_bytes == 5);
    const Seen append(Frame{.opcode = 0x0e, .key = "key", .value = "12345"});
    CHECK(append.request.client_flags == 0);
    CHECK(append.request.exptime == 0);
    CHECK(append.request.value_bytes == 5);
  }

  TEST_CASE("a version makes a store of any mode but append and prepend a cas") {
    const std::string extras(8, '\0');
    for (const std::uint8_t opcode : Opcodes{0x01, 0x02, 0x03, 0x11, 0x12, 0x13}) {
      const Seen seen(Frame{.opcode = opcode, .extras = extras, .key = "k", .cas = 77});
      CHECK(seen.request.with.has(With::compare_cas));
      CHECK(seen.request.cas == 77);
      CHECK(seen.request.mode != Mode::add);
    }
    const Seen seen(Frame{.opcode = 0x00, .key = "k", .cas = 77});
    CHECK_FALSE(seen.request.with.has(With::compare_cas));
  }

  TEST_CASE("a counter is made where it is missing, unless the time is all ones") {
    const Seen seen(Frame{.opcode = 0x06, .extras = numbers(7, 9, 60), .key = "n"});
    CHECK(seen.request.op == Op::arithmetic);
    CHECK(seen.request.with.has(With::decrement));
    CHECK(seen.request.with.has(With::vivify));
    CHECK(seen.request.delta == 7);
    CHECK(seen.request.initial == 9);
    CHECK(seen.request.vivify_exptime == 60);
    const Seen never(Frame{.opcode = 0x05, .extras = numbers(7, 9, 0xFFFFFFFF), .key = "n"});
    CHECK_FALSE(never.request.with.has(With::vivify));
    CHECK_FALSE(never.request.with.has(With::decrement));
  }

  TEST_CASE("quiet gets are silent about misses, the others about success") {
    CHECK(Seen(Frame{.opcode = 0x0d, .key = "k"}).request.with.has(With::silent_miss));
    CHECK_FALSE(Seen(Frame{.opcode = 0x0c, .key = "k"}).request.with.has(With::silent_miss));
    CHECK(Seen(Frame{.opcode = 0x14, .key = "k"}).request.echo.quiet);
    CHECK_FALSE(Seen(Frame{.opcode = 0x14, .key = "k"}).request.with.has(With::silent_miss));
    CHECK(Seen(Frame{.opcode = 0x0c, .key = "k"}).request.returns.has(Return::key));
    CHECK_FALSE(Seen(Frame{.opcode = 0x09, .key = "k"}).request.returns.has(Return::key));
  }

  TEST_CASE("a flush may come with a time and without") {
    CHECK(Seen(Frame{.opcode = 0x08}).request.exptime == 0);
    CHECK(Seen(Frame{.opcode = 0x18, .extras = big_endian(90, 4)}).request.exptime == 90);
  }
}
