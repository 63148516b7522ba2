#include "proto/classic_parse.hpp"

#include "proto/scan.hpp"
#include "proto/text_line.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::proto::Mode;
using rc::proto::Op;
using rc::proto::parse_text;
using rc::proto::Parsed;
using rc::proto::Request;
using rc::proto::Return;
using rc::proto::Text;
using rc::proto::Verdict;
using rc::proto::With;

struct Seen {
  Parsed parsed;
  Request request;
};

Seen parse(std::string_view bytes) {
  Seen seen;
  seen.parsed = parse_text(bytes, seen.request);
  return seen;
}

struct Refusal {
  std::string line;
  Text reply;
  std::uint32_t swallow_bytes = 0;
};

void check_refused(const Refusal& expected) {
  CAPTURE(expected.line);
  const Seen seen = parse(expected.line + "\r\nmore");
  CHECK(seen.parsed.verdict == Verdict::refused);
  CHECK(line_of(seen.parsed.reply) == line_of(expected.reply));
  CHECK(seen.parsed.line_bytes == expected.line.size() + 2);
  CHECK(seen.parsed.swallow_bytes == expected.swallow_bytes);
}

const std::string longest_key(rc::proto::key_bytes_max, 'k');
const std::string bad_key(rc::proto::key_bytes_max + 1, 'k');

}  // namespace

TEST_SUITE("proto/classic_parse") {
  TEST_CASE("a retrieval has a key, the rest of its line, and what to return") {
    const Seen get = parse("get one two  three \r\nget four\r\n");
    REQUIRE(get.parsed.verdict == Verdict::request);
    CHECK(get.parsed.line_bytes == 21);
    CHECK(get.request.op == Op::get);
    CHECK(get.request.key == "one");
    CHECK(get.request.rest == " two  three ");
    CHECK_FALSE(get.request.returns.has(Return::cas));
    CHECK_FALSE(get.request.with.has(With::touch));
    CHECK(parse("gets one\r\n").request.returns.has(Return::cas));

    const Seen gat = parse("gat -1 one two\r\n");
    CHECK(gat.request.with.has(With::touch));
    CHECK(gat.request.exptime == -1);
    CHECK(gat.request.key == "one");
    CHECK(parse("gats 10 one\r\n").request.returns.has(Return::cas));
  }

  TEST_CASE("a newline alone ends a line and a blank before the end does not matter") {
    for (const char* line : {"get a\n", "get a\r\n", "get a \n", "get a \r\n", "get  a\n"}) {
      CAPTURE(line);
      const Seen seen = parse(line);
      REQUIRE(seen.parsed.verdict == Verdict::request);
      CHECK(seen.request.key == "a");
      CHECK(seen.parsed.line_bytes == std::string_view(line).size());
    }
    const Seen set = parse("set a 16 10 1 \r\n");
    REQUIRE(set.parsed.verdict == Verdict::request);
    CHECK(set.request.value_bytes == 1);
    CHECK(parse("delete x \r\n").parsed.verdict == Verdict::request);
    CHECK(parse("stats \n").parsed.verdict == Verdict::request);
    CHECK(parse("flush_all \r\n").parsed.verdict == Verdict::request);
  }

  TEST_CASE("any byte but space and newline may stand in a key") {
    const std::string key("\x01\t\x7f\0\xc3\xa9\rx", 8);
    CHECK(parse("get " + key + "\r\n").request.key == key);
  }

  TEST_CASE("a store line announces its value") {
    const Seen seen = parse("set key 5 60 10 noreply\r\n0123456789\r\n");
    REQUIRE(seen.parsed.verdict == Verdict::request);
    CHECK(seen.parsed.line_bytes == 25);
    CHECK(seen.request.op == Op::store);
    CHECK(seen.request.mode == Mode::set);
    CHECK(seen.request.key == "key");
    CHECK(seen.request.client_flags == 5);
    CHECK(seen.request.exptime == 60);
    CHECK(seen.request.value_bytes == 10);
    CHECK(seen.request.echo.quiet);
    CHECK_FALSE(seen.request.with.has(With::compare_cas));

    CHECK(parse("add k 0 0 0\r\n").request.mode == Mode::add);
    CHECK(parse("replace k 0 0 0\r\n").request.mode == Mode::replace);
    CHECK(parse("append k 0 0 0\r\n").request.mode == Mode::append);
    CHECK(parse("prepend k 0 0 0\r\n").request.mode == Mode::prepend);
    const Seen cas = parse("cas k 1 2 3 18446744073709551615\r\n");
    CHECK(cas.request.mode == Mode::set);
    CHECK(cas.request.with.has(With::compare_cas));
    CHECK(cas.request.cas == 18446744073709551615ULL);
    CHECK(parse("set " + longest_key + " 0 0 2147483645\r\n").request.value_bytes == 2147483645U);
  }

  TEST_CASE("noreply counts as the last token only") {
    struct Row {
      const char* line;
      bool quiet;
    };
    for (const Row& row : std::vector<Row>{
             {"set a 0 0 1\r\n", false},
             {"set a 0 0 1 noreply\r\n", true},
             {"set a 0 0 1 foo\r\n", false},
             {"set a 0 0 1 noreply foo\r\n", false},
             {"set a 0 0 1 foo noreply\r\n", true},
             {"cas a 0 0 1 9 noreply\r\n", true},
             {"cas a 0 0 1 9\r\n", false},
             {"incr a 1 noreply\r\n", true},
             {"decr a 1 x noreply\r\n", true},
             {"incr a 1 noreply x\r\n", false},
             {"touch a 1 noreply\r\n", true},
             {"delete a noreply\r\n", true},
             {"delete a 0 noreply\r\n", true},
             {"delete noreply\r\n", false},
             {"flush_all noreply\r\n", true},
             {"flush_all 0 noreply\r\n", true},
             {"flush_all 0\r\n", false},
             {"verbosity 1 noreply\r\n", true},
             {"verbosity 1\r\n", false},
             {"get a noreply\r\n", false},
         }) {
      CAPTURE(row.line);
      const Seen seen = parse(row.line);
      REQUIRE(seen.parsed.verdict == Verdict::request);
      CHECK(seen.request.echo.quiet == row.quiet);
    }
  }

  TEST_CASE("the other commands carry their arguments") {
    const Seen incr = parse("incr a 18446744073709551615 junk\r\n");
    CHECK(incr.request.op == Op::arithmetic);
    CHECK(incr.request.delta == 18446744073709551615ULL);
    CHECK_FALSE(incr.request.with.has(With::decrement));
    CHECK(parse("decr a 1\r\n").request.with.has(With::decrement));
    CHECK(parse("touch a 2678400\r\n").request.exptime == 2678400);
    CHECK(parse("delete a\r\n").request.op == Op::erase);
    CHECK(parse("delete a 0\r\n").request.key == "a");
    CHECK(parse("flush_all\r\n").request.exptime == 0);
    CHECK(parse("flush_all -1\r\n").request.exptime == -1);
    CHECK(parse("flush_all 10\r\n").request.exptime == 10);
    CHECK(parse("verbosity 2\r\n").request.op == Op::verbosity);
    CHECK(parse("cache_memlimit 64\r\n").request.op == Op::memory_limit);
    CHECK(parse("cache_memlimit 64\r\n").request.delta == 64);
    CHECK(parse("version\r\n").request.op == Op::version);
    CHECK(parse("quit now please\r\n").request.op == Op::quit);
    CHECK(parse("shutdown\r\n").request.op == Op::shutdown);
    const Seen stats = parse("stats  slabs \r\n");
    CHECK(stats.request.op == Op::stats);
    CHECK(rc::proto::TokenCursor(stats.request.rest).next() == "slabs");
  }

  TEST_CASE("bad lines are refused with memcached's words") {
    for (const Refusal& refusal : std::vector<Refusal>{
             {"", Text::bad_line},
             {"x", Text::bad_line},
             {"get", Text::bad_line},
             {"get ", Text::bad_line},
             {"gets", Text::bad_line},
             {"gat", Text::bad_line},
             {"gat 10", Text::bad_line},
             {"gat x", Text::bad_line},
             {"gat x a", Text::bad_exptime},
             {"get " + bad_key, Text::bad_line},
             {"get a " + bad_key, Text::bad_line},
             {"get a b " + bad_key + " c", Text::bad_line},
             {"gat 0 a " + bad_key, Text::bad_line},
             {"incr", Text::bad_line},
             {"incr a", Text::bad_line},
             {"incr a x", Text::bad_delta},
             {"incr a -1", Text::bad_delta},
             {"decr a 18446744073709551616", Text::bad_delta},
             {"incr " + bad_key + " 1", Text::bad_line},
             {"touch a", Text::bad_line},
             {"touch a x", Text::bad_exptime},
             {"touch " + bad_key + " 0", Text::bad_line},
             {"delete", Text::bad_line},
             {"delete " + bad_key, Text::bad_line},
             {"delete a 1", Text::delete_usage},
             {"delete a b c d e", Text::delete_usage},
             {"delete a 0 0", Text::delete_usage},
             {"flush_all x", Text::bad_exptime},
             {"verbosity", Text::bad_line},
             {"verbosity x", Text::bad_line},
             {"cache_memlimit x", Text::error},
             {"frobnicate", Text::error},
             {"GET a", Text::error},
             {" get a", Text::error},
             {"get\ta", Text::error},
             {"    ", Text::error},
             {"lrux mode", Text::error},
         }) {
      check_refused(refusal);
    }
  }

  TEST_CASE("a refused store swallows its value where the length can be trusted") {
    for (const Refusal& refusal : std::vector<Refusal>{
             {"set", Text::bad_line},
             {"set a 0 0", Text::bad_line},
             {"set a 0 0 -1", Text::bad_line},
             {"set a 0 0 x", Text::bad_line},
             {"set a 0 0 1abc", Text::bad_line},
             {"set a 0 0 2147483646", Text::bad_line},
             {"set a 0 0 2147483647", Text::bad_line},
             {"set a 0 0 4294967295", Text::bad_line},
             {"set " + bad_key + " 0 0 5", Text::bad_line, 7},
             {"set a -1 0 5", Text::bad_line, 7},
             {"set a 4294967296 0 5", Text::bad_line, 7},
             {"set a 1abc 0 5", Text::bad_line, 7},
             {"set a 0 x 5", Text::bad_line, 7},
             {"set a 0 4294967296 5", Text::bad_line, 7},
             {"set a 0 2147483648 5", Text::bad_line, 7},
             {"cas a 0 0 5", Text::bad_line, 7},
             {"cas a 0 0 5 x", Text::bad_line, 7},
             {"cas a 0 0 5 -1", Text::bad_line, 7},
             {"add a x 0 0", Text::bad_line, 2},
             {"set a x 0 2147483645", Text::bad_line, 2147483647U},
         }) {
      check_refused(refusal);
    }
  }

  TEST_CASE("noreply silences a refusal too, but not an unknown command") {
    for (const Refusal& refusal : std::vector<Refusal>{
             {"set a 0 noreply", Text::none},
             {"set a 0 0 noreply", Text::none},
             {"set a 0 0 x noreply", Text::none},
             {"set a x 0 5 noreply", Text::none, 7},
             {"set " + bad_key + " 0 0 5 noreply", Text::none, 7},
             {"cas a 0 0 5 noreply", Text::none, 7},
             {"incr a noreply", Text::none},
             {"incr a x noreply", Text::none},
             {"touch a x noreply", Text::none},
             {"delete a 10 noreply", Text::none},
             {"delete a b c d noreply", Text::none},
             {"flush_all x noreply", Text::none},
             {"verbosity noreply", Text::none},
             {"cache_memlimit x noreply", Text::none},
             {"frobnicate noreply", Text::error},
         }) {
      check_refused(refusal);
    }
  }

  TEST_CASE("a web browser is turned away without a word") {
    CHECK(parse("GET / HTTP/1.1\r\n").parsed.verdict == Verdict::close);
    CHECK(parse("POST /x HTTP/1.0\n").parsed.verdict == Verdict::close);
    CHECK(parse("PRI * HTTP/2.0\r\n").parsed.verdict == Verdict::close);
    CHECK(parse("get / HTTP/1.1\r\n").parsed.verdict == Verdict::request);
  }

  TEST_CASE("a line may be 2048 bytes long, a retrieval as long as it likes") {
    const std::string junk(rc::proto::line_bytes_max, 'x');
    CHECK(parse(junk).parsed.verdict == Verdict::incomplete);
    CHECK(parse(junk + "\n").parsed.verdict == Verdict::refused);
    CHECK(parse(junk + "x").parsed.verdict == Verdict::close);
    CHECK(parse(junk + "x\n").parsed.verdict == Verdict::close);
    CHECK(parse("set " + junk + " 0 0 1").parsed.verdict == Verdict::close);
    CHECK(parse("set " + junk + " 0 0 1\r\n").parsed.verdict == Verdict::close);
    CHECK(parse("getx " + junk).parsed.verdict == Verdict::close);

    std::string keys = "get";
    for (int i = 0; i < 2000; ++i) keys += " key:" + std::to_string(i);
    CHECK(parse(keys).parsed.verdict == Verdict::incomplete);
    CHECK(parse(keys + "\r\n").parsed.line_bytes == keys.size() + 2);
    CHECK(parse(keys + "\r\n").parsed.verdict == Verdict::request);
    CHECK(parse("gat 0" + keys.substr(3)).parsed.verdict == Verdict::incomplete);
    CHECK(parse("gat 0" + keys.substr(3) + "\r\n").parsed.verdict == Verdict::request);
  }

  TEST_CASE("a line in pieces is incomplete until its newline, and then what the whole line is") {
    for (const std::string line :
         {"get a\r\n",
          "gets a b c\r\n",
          "gat 1 a\r\n",
          "set a 0 0 1 noreply\r\n",
          "incr a 1\r\n",
          "delete a 0\r\n",
          "stats items\r\n",
          "bogus x\r\n",
          "\r\n",
          "quit\r\n"}) {
      CAPTURE(line);
      const Seen whole = parse(line);
      for (std::size_t cut = 0; cut < line.size(); ++cut) {
        CAPTURE(cut);
        Request request;
        CHECK(parse_text(line.substr(0, cut), request).verdict == Verdict::incomplete);
        const Parsed resumed = parse_text(line, request, cut);
        CHECK(resumed.verdict == whole.parsed.verdict);
        CHECK(resumed.line_bytes == whole.parsed.line_bytes);
      }
    }
  }

  TEST_CASE("random bytes never claim more than they are") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::string words[] = {
        "get",
        "gats",
        "set",
        "cas",
        "incr",
        "delete",
        "flush_all",
        "stats",
        "noreply",
        "0",
        "-1",
        "7",
        "key",
        "\r",
        "\t",
        bad_key};
    for (int round = 0; round < 20000; ++round) {
      std::string bytes;
      for (auto n = random() % 9; n != 0; --n) {
        bytes += words[random() % std::size(words)];
        bytes += "  \n"[random() % 3];
      }
      CAPTURE(bytes);
      const Seen seen = parse(bytes);
      const bool whole = bytes.find('\n') != std::string::npos;
      if (seen.parsed.verdict == Verdict::incomplete) REQUIRE_FALSE(whole);
      if (seen.parsed.verdict == Verdict::request || seen.parsed.verdict == Verdict::refused) {
        REQUIRE(seen.parsed.line_bytes == bytes.find('\n') + 1);
      }
      if (seen.parsed.verdict == Verdict::request && !seen.request.key.empty()) {
        REQUIRE(seen.request.key.size() <= rc::proto::key_bytes_max);
      }
    }
  }
}
