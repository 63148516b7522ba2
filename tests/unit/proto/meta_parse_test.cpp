#include "proto/meta_parse.hpp"

#include "proto/classic_parse.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using rc::proto::Bits;
using rc::proto::Dialect;
using rc::proto::Mode;
using rc::proto::Op;
using rc::proto::parse_text;
using rc::proto::Parsed;
using rc::proto::Request;
using rc::proto::Return;
using rc::proto::Text;
using rc::proto::Verdict;
using rc::proto::With;

// Through the door that a session uses.
struct Seen {
  explicit Seen(const std::string& line) : text(line) { parsed = parse_text(text, request); }
  std::string text;
  Request request;
  Parsed parsed;
};

}  // namespace

TEST_SUITE("proto/meta_parse") {
  TEST_CASE("each command is an operation") {
    const std::pair<std::string, Op> rows[] = {
        {"mg a\r\n", Op::get},
        {"mg a v\n", Op::get},
        {"mg a v f c s t k q O1 b\r\n", Op::get},
        {"ms a 2 T0\r\n", Op::store},
        {"md a\r\n", Op::erase},
        {"ma a\r\n", Op::arithmetic},
        {"me a\r\n", Op::inspect},
        {"mn\r\n", Op::noop},
        {"mn whatever it is\r\n", Op::noop},
    };
    for (const auto& row : rows) {
      const auto& line = row.first;
      const auto& op = row.second;
      CAPTURE(line);
      // A key that is base64, where the flags say so.
      std::string text = line;
      if (text.find(" b") != std::string::npos) text.replace(3, 1, "YQ==");
      const Seen seen(text);
      CHECK(seen.parsed.verdict == Verdict::request);
      CHECK(seen.parsed.line_bytes == text.size());
      CHECK(seen.request.op == op);
      CHECK(seen.request.echo.dialect == Dialect::meta);
    }
  }

  TEST_CASE("a get that changes something, or asks how it was, is a fetch") {
    for (const std::string flag : {"T30", "N30", "R30", "u", "h", "l"}) {
      CAPTURE(flag);
      CHECK(Seen("mg a " + flag + "\r\n").request.op == Op::fetch);
    }
  }

  TEST_CASE("every flag with an argument fills its field") {
    const Seen seen("mg a T-1 N2 R3 C4 E5 J6 D7 F8 MX O9\r\n");
    REQUIRE(seen.parsed.verdict == Verdict::request);
    const Request& request = seen.request;
    CHECK(request.exptime == -1);
    CHECK(request.vivify_exptime == 2);
    CHECK(request.recache_ttl == 3);
    CHECK(request.cas == 4);
    CHECK(request.new_cas == 5);
    CHECK(request.initial == 6);
    CHECK(request.delta == 7);
    CHECK(request.client_flags == 8);
    for (const With bit :
         {With::touch, With::vivify, With::recache, With::compare_cas, With::new_cas}) {
      CHECK(request.with.has(bit));
    }
    CHECK(request.returns == Bits<Return>().add(Return::opaque));
    CHECK(request.echo.flags == "T-1 N2 R3 C4 E5 J6 D7 F8 MX O9");
  }

  TEST_CASE("what is not given has its default, whatever came before") {
    Request request;
    const std::string full = "ma a N1 J9 D8 MD q v b k\r\n";
    const std::string bare = "ma a\r\n";
    static_cast<void>(parse_text(full, request));
    REQUIRE(parse_text(bare, request).verdict == Verdict::request);
    CHECK(request.delta == 1);
    CHECK(request.initial == 0);
    CHECK_FALSE(request.with.has(With::decrement));
    CHECK_FALSE(request.with.has(With::vivify));
    CHECK_FALSE(request.echo.quiet);
    CHECK_FALSE(request.echo.base64_key);
    CHECK(request.returns == Bits<Return>());
    CHECK(request.echo.flags.empty());
  }

  TEST_CASE("the modes of ms and ma are capitals or signs, of a word the first") {
    const std::pair<std::string, Mode> rows[] = {
        {"E", Mode::add},
        {"A", Mode::append},
        {"P", Mode::prepend},
        {"R", Mode::replace},
        {"S", Mode::set},
        {"APPEND", Mode::append},
    };
    for (const auto& [letter, mode] : rows) {
      CHECK(Seen("ms a 2 M" + letter + "\r\n").request.mode == mode);
    }
    for (const std::string letter : {"D", "-"}) {
      CHECK(Seen("ma a M" + letter + "\r\n").request.with.has(With::decrement));
    }
    for (const std::string letter : {"I", "+", "INCR"}) {
      const Seen seen("ma a M" + letter + "\r\n");
      CHECK(seen.parsed.verdict == Verdict::request);
      CHECK_FALSE(seen.request.with.has(With::decrement));
    }
  }

  TEST_CASE("a base64 key is decoded, and echoed as it came") {
    const Seen seen("mg Zm9vYmFy b k v\r\n");
    REQUIRE(seen.parsed.verdict == Verdict::request);
    CHECK(seen.request.key == "foobar");
    CHECK(seen.request.echo.key == "Zm9vYmFy");
    CHECK(seen.request.echo.base64_key);
  }

  TEST_CASE("each mistake has its line, and takes the value of an ms along") {
    struct Row {
      std::string line;
      Text reply;
      std::uint32_t swallow_bytes = 0;
    };
    const std::string long_key(251, 'k');
    const std::string many = " a a a a a a a a a a a a a a a a a a a";
    const Row rows[] = {
        {"mg\r\n", Text::bad_line},
        {"mg " + long_key + "\r\n", Text::bad_line},
        {"mg a v v\r\n", Text::meta_duplicate},
        {"mg a O1 \x8fS\r\n", Text::meta_flag},
        {"mg a a\r\n", Text::meta_flag},
        {"mg a 1\r\n", Text::meta_flag},
        {"mg a \x80\r\n", Text::meta_flag},
        {"mg a S1\r\n", Text::meta_flag},
        {"mg a T\r\n", Text::meta_token},
        {"mg a Tx\r\n", Text::meta_token},
        {"mg a T99999999999\r\n", Text::meta_token},
        {"mg a N1x\r\n", Text::meta_token},
        {"mg a R-\r\n", Text::meta_token},
        {"mg a C-1\r\n", Text::meta_token},
        {"mg a E18446744073709551616\r\n", Text::meta_token},
        {"mg a Jx\r\n", Text::meta_initial},
        {"mg a D\r\n", Text::meta_delta},
        {"mg a F4294967296\r\n", Text::bad_line},
        {"ma a M\r\n", Text::meta_number_mode},
        {"ms a 2 M\r\n", Text::meta_store_mode, 4},
        {"mg a O" + std::string(32, 'x') + "\r\n", Text::meta_opaque},
        {"mg a b\r\n", Text::meta_base64},
        {"mg a" + many + "\r\n", Text::meta_too_many},
        {"me\r\n", Text::bad_line},
        {"md\n", Text::bad_line},
        {"ma\r\n", Text::bad_line},
        {"ma a Tx\r\n", Text::meta_number},
        {"ma a O" + std::string(32, 'x') + "\r\n", Text::meta_opaque},
        {"ma a v v\r\n", Text::meta_number},
        {"ma " + long_key + "\r\n", Text::meta_number},
        {"ma a MX\r\n", Text::meta_number_mode},
        {"ms\r\n", Text::bad_line},
        {"ms a\r\n", Text::bad_line},
        {"ms a S2\r\n", Text::bad_line},
        {"ms a -1\r\n", Text::bad_line},
        {"ms a 2147483646\r\n", Text::bad_line},
        {"ms a 99999999999999\r\n", Text::bad_line},
        {"ms a 2 MX\r\n", Text::meta_store_mode, 4},
        {"ms a 2 Ms\r\n", Text::meta_store_mode, 4},
        {"ms a 2 Tx\r\n", Text::meta_token, 4},
        {"ms a 9 z\r\n", Text::meta_flag, 11},
        {"ms a 2 b\r\n", Text::meta_base64, 4},
        {"ms a 0 q q\r\n", Text::meta_duplicate, 2},
        {"ms a 2" + many + "\r\n", Text::meta_too_many, 4},
        {"ms " + long_key + " 5\r\n", Text::bad_line, 7},
    };
    for (const Row& row : rows) {
      CAPTURE(row.line);
      const Seen seen(row.line);
      CHECK(seen.parsed.verdict == Verdict::refused);
      CHECK(seen.parsed.reply == row.reply);
      CHECK(seen.parsed.swallow_bytes == row.swallow_bytes);
      CHECK(seen.parsed.line_bytes == row.line.size());
    }
  }

  TEST_CASE("twenty tokens and an opaque of 32 bytes are allowed") {
    const std::string opaque = " O" + std::string(31, 'x');
    const Seen seen("ms YQ== 2 v s t c f h l k q" + opaque + " P1 L1 b T1 N1 R1 u\r\n");
    CHECK(seen.parsed.verdict == Verdict::request);
    CHECK(seen.request.value_bytes == 2);
  }

  TEST_CASE("a line without its end is waited for, and no longer than a line may be") {
    Request request;
    const std::string line = "ms a 2 T0 c\r\n";
    for (std::size_t cut = 0; cut < line.size(); ++cut) {
      CHECK(parse_text(line.substr(0, cut), request).verdict == Verdict::incomplete);
    }
    const std::string endless = "mg " + std::string(2100, 'k');
    CHECK(parse_text(endless, request).verdict == Verdict::close);
    CHECK(parse_text(endless + "\r\n", request).verdict == Verdict::close);
  }

  TEST_CASE("other words that begin with an m are unknown") {
    for (const std::string line : {"mx a\r\n", "mgx a\r\n", "MG a\r\n", "m a\r\n", "mG a\r\n"}) {
      CAPTURE(line);
      CHECK(Seen(line).parsed.reply == Text::error);
    }
  }
}
