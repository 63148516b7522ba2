#include "ringbench/protocol.hpp"

#include "common/stand_in.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;

namespace {

const std::vector<Item> one = {{.object = 7, .size_bytes = 10}};
const std::vector<Item> two = {{.object = 7, .size_bytes = 10}, {.object = 8, .size_bytes = 10}};

constexpr Awaited get_one{.verb = Verb::get, .keys = 1, .keys_left = 1};
constexpr Awaited get_two{.verb = Verb::get, .keys = 2, .keys_left = 2};
constexpr Awaited set_one{.verb = Verb::set, .keys = 1, .keys_left = 1};

std::unique_ptr<Protocol> speak(const char* name, std::uint32_t ttl_s = 0) {
  auto protocol = make_protocol(name, "k", ttl_s);
  REQUIRE(protocol != nullptr);
  return protocol;
}

std::string get_of(const Protocol& protocol, const std::vector<Item>& items) {
  std::string out;
  protocol.write_get(out, items);
  return out;
}

std::string set_of(const Protocol& protocol, const Item& item) {
  std::string out;
  protocol.write_set(out, item);
  return out;
}

std::string value_of(std::uint64_t object, std::size_t size) {
  std::string value;
  append_value(value, object, size);
  return value;
}

// The answer at the front of `text`, which must be the same whatever follows, and incomplete at
// any cut.
Answer only(const Protocol& protocol, const std::string& text, const Awaited& awaited) {
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    CAPTURE(cut);
    CHECK(protocol.parse(text.substr(0, cut), awaited).kind == AnswerKind::incomplete);
  }
  const Answer answer = protocol.parse(text, awaited);
  CHECK(answer.size == text.size());
  return answer;
}

}  // namespace

TEST_SUITE("bench/protocol") {
  TEST_CASE("keys are told from others") {
    const auto protocol = speak("classic");
    CHECK(protocol->object_of("k000000000000123") == 123);
    for (const char* other : {"", "k", "k12", "x000000000000123", "k00000000000012x"}) {
      CHECK(!protocol->object_of(other));
    }
    CHECK(make_protocol("telnet", "k", 0) == nullptr);
  }

  TEST_CASE("classic requests") {
    const auto protocol = speak("classic", 60);
    CHECK(get_of(*protocol, one) == "get k000000000000007\r\n");
    CHECK(get_of(*protocol, two) == "get k000000000000007 k000000000000008\r\n");
    CHECK(
        set_of(*protocol, one[0]) == "set k000000000000007 0 60 10\r\n" + value_of(7, 10) + "\r\n"
    );
  }

  TEST_CASE("classic answers") {
    const auto protocol = speak("classic");
    const std::string text = "VALUE k000000000000007 0 3\r\na\r\n\r\n";
    const Answer value = only(*protocol, text, get_one);
    CHECK(value.kind == AnswerKind::value);
    CHECK(value.key == "k000000000000007");
    CHECK(value.value == "a\r\n");
    CHECK(!value.completes);

    const Answer end = only(*protocol, "END\r\n", get_two);
    CHECK(end.kind == AnswerKind::rest);
    CHECK(end.completes);
    CHECK(only(*protocol, "END\r\n", set_one).kind == AnswerKind::wrong);
    CHECK(only(*protocol, "STORED\r\n", set_one).kind == AnswerKind::stored);
    CHECK(only(*protocol, "STORED\r\n", get_one).kind == AnswerKind::wrong);
    CHECK(only(*protocol, "SERVER_ERROR no\r\n", set_one).kind == AnswerKind::refused);
    CHECK(only(*protocol, "ERROR\r\n", get_one).kind == AnswerKind::wrong);
    CHECK(only(*protocol, "ERROR\r\n", get_one).completes);
    CHECK(protocol->version_in("VERSION 1.6.45\r\n") == "1.6.45");
    CHECK(!protocol->version_in("VERSION 1.6"));
    CHECK(protocol->version_in("ERROR\r\n") == "");
  }
}
