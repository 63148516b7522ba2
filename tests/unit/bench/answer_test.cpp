#include "floor/answer.hpp"

#include "common/reply.hpp"
#include "common/stand_in.hpp"

#include <string>

#include <doctest/doctest.h>

using rc::bench::Answerer;
using rc::bench::next_reply;
using rc::bench::Reply;
using rc::bench::ReplyKind;

TEST_SUITE("bench/answer") {
  TEST_CASE("a get is answered with the value that the key's number stands for") {
    Answerer answerer;
    std::string output;
    const std::string input = "set k07 0 0 5\r\n\r\n\r\n.\r\nget k12 k0\r\n";
    CHECK(answerer.answer(input, output) == input.size());
    std::string_view rest = output;
    CHECK(next_reply(rest).kind == ReplyKind::stored);
    rest.remove_prefix(next_reply(rest).size);
    for (const std::uint64_t number : {12U, 0U}) {
      CAPTURE(number);
      const Reply reply = next_reply(rest);
      REQUIRE(reply.kind == ReplyKind::value);
      CHECK(reply.value.size() == 5);
      CHECK(rc::bench::is_value_of(reply.value, number));
      rest.remove_prefix(reply.size);
    }
    CHECK(rest == "END\r\n");
  }

  TEST_CASE("a request is answered once it is whole") {
    const std::string input = "set k1 0 0 3\r\nabc\r\n";
    for (std::size_t cut = 0; cut < input.size(); ++cut) {
      CAPTURE(cut);
      Answerer answerer;
      std::string output;
      CHECK(answerer.answer(std::string_view(input).substr(0, cut), output) == 0);
      CHECK(output.empty());
    }
  }
}
