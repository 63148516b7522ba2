#include "common/reply.hpp"

#include <string>

#include <doctest/doctest.h>

using rc::bench::next_reply;
using rc::bench::Reply;
using rc::bench::ReplyKind;

TEST_SUITE("bench/reply") {
  TEST_CASE("a value is framed by its length, whatever bytes it holds") {
    const std::string input = "VALUE object:7 0 9\r\nab\r\nEND\r\n\r\nEND\r\n";
    const Reply value = next_reply(input);
    CHECK(value.kind == ReplyKind::value);
    CHECK(value.key == "object:7");
    CHECK(value.value == "ab\r\nEND\r\n");
    const Reply end = next_reply(std::string_view(input).substr(value.size));
    CHECK(end.kind == ReplyKind::end);
    CHECK(value.size + end.size == input.size());
  }

  TEST_CASE("a cas number after the length is passed over") {
    const Reply value = next_reply("VALUE k 5 1 77\r\nx\r\n");
    CHECK(value.kind == ReplyKind::value);
    CHECK(value.value == "x");
  }

  TEST_CASE("a reply may arrive in any pieces") {
    const std::string input = "VALUE k 0 3\r\nabc\r\n";
    for (std::size_t cut = 0; cut < input.size(); ++cut) {
      CAPTURE(cut);
      const Reply reply = next_reply(std::string_view(input).substr(0, cut));
      CHECK(reply.kind == ReplyKind::incomplete);
      CHECK(reply.size == 0);
    }
    CHECK(next_reply(input).kind == ReplyKind::value);
  }

  TEST_CASE("the single lines are told apart") {
    CHECK(next_reply("STORED\r\n").kind == ReplyKind::stored);
    CHECK(next_reply("EXISTS\r\n").kind == ReplyKind::exists);
    CHECK(next_reply("NOT_FOUND\r\n").kind == ReplyKind::not_found);
    CHECK(next_reply("END\r\n").kind == ReplyKind::end);
    CHECK(next_reply("VERSION 1.6.45\r\n").kind == ReplyKind::version);
    CHECK(next_reply("SERVER_ERROR out of memory storing object\r\n").kind == ReplyKind::refused);
    CHECK(next_reply("NOT_STORED\r\n").kind == ReplyKind::unexpected);
    CHECK(next_reply("ERROR\r\n").kind == ReplyKind::unexpected);
  }

  TEST_CASE("what breaks the framing is unexpected, never a value") {
    for (const char* input : {
             "VALUE k 0 3\r\nabcd\r\n",  // Longer than promised.
             "VALUE k 0 x\r\nabc\r\n",   // The length is no number.
             "VALUE k 0 -1\r\n\r\n",
             "VALUE k 0\r\n\r\n",
             "VALUE \r\n",
             "STOREDx\n",  // The carriage return is missing.
             "\r\n",
         }) {
      CAPTURE(input);
      CHECK(next_reply(input).kind == ReplyKind::unexpected);
    }
  }

  TEST_CASE("a line without end is not waited for for ever") {
    CHECK(next_reply(std::string(2000, 'a')).kind == ReplyKind::incomplete);
    CHECK(next_reply(std::string(3000, 'a')).kind == ReplyKind::unexpected);
  }
}
