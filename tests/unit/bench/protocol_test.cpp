#include "ringbench/protocol.hpp"

#include "common/stand_in.hpp"

#include <deque>
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

// The answer that `words` is as a whole; at any cut it must be incomplete.
Answer only(const Protocol& protocol, const std::string& words, const Awaited& awaited) {
  static std::deque<std::string> kept;  // Answers point into what was parsed.
  const std::string& text = kept.emplace_back(words);
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

  TEST_CASE("meta requests") {
    const auto protocol = speak("meta");
    CHECK(get_of(*protocol, one) == "mg k000000000000007 v\r\n");
    CHECK(
        get_of(*protocol, two) == "mg k000000000000007 k v q\r\nmg k000000000000008 k v q\r\nmn\r\n"
    );
    const std::string value = "\r\n" + value_of(7, 10) + "\r\n";
    CHECK(set_of(*protocol, one[0]) == "ms k000000000000007 10" + value);
    CHECK(set_of(*speak("meta", 60), one[0]) == "ms k000000000000007 10 T60" + value);
  }

  TEST_CASE("meta answers") {
    const auto protocol = speak("meta");
    const Answer single = only(*protocol, "VA 3\r\na\r\n\r\n", get_one);
    CHECK(single.kind == AnswerKind::value);
    CHECK(single.value == "a\r\n");
    CHECK(single.key.empty());
    CHECK(single.completes);
    const Answer quiet = only(*protocol, "VA 1 kk000000000000008\r\nx\r\n", get_two);
    CHECK(quiet.kind == AnswerKind::value);
    CHECK(quiet.key == "k000000000000008");
    CHECK(!quiet.completes);
    CHECK(only(*protocol, "EN\r\n", get_one).kind == AnswerKind::miss);
    CHECK(only(*protocol, "MN\r\n", get_two).kind == AnswerKind::rest);
    CHECK(only(*protocol, "MN\r\n", get_two).completes);
    CHECK(only(*protocol, "HD\r\n", set_one).kind == AnswerKind::stored);
    CHECK(only(*protocol, "NS\r\n", set_one).kind == AnswerKind::wrong);
    CHECK(only(*protocol, "SERVER_ERROR no\r\n", set_one).kind == AnswerKind::refused);
    CHECK(only(*protocol, "VA x\r\n", get_one).kind == AnswerKind::wrong);
    CHECK(protocol->parse("VA 1\r\nxyz", get_one).kind == AnswerKind::wrong);
  }

  TEST_CASE("binary requests") {
    using namespace std::string_literals;
    const std::string zeros(12, '\0');
    const std::string key = "k000000000000007";
    const auto protocol = speak("binary", 258);
    CHECK(
        get_of(*protocol, one) == "\x80\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x10"s + zeros + key
    );
    CHECK(
        get_of(*protocol, two) == "\x80\x0d\x00\x10\x00\x00\x00\x00\x00\x00\x00\x10"s + zeros +
                                      key + "\x80\x0d\x00\x10\x00\x00\x00\x00\x00\x00\x00\x10"s +
                                      zeros + "k000000000000008" + "\x80\x0a"s +
                                      std::string(22, '\0')
    );
    CHECK(
        set_of(*protocol, one[0]) == "\x80\x01\x00\x10\x08\x00\x00\x00\x00\x00\x00\x22"s + zeros +
                                         "\x00\x00\x00\x00\x00\x00\x01\x02"s + key + value_of(7, 10)
    );
  }

  TEST_CASE("binary answers") {
    using namespace std::string_literals;
    const auto frame = [](char opcode,
                          char status,
                          const std::string& extra,
                          const std::string& key,
                          const std::string& value) {
      std::string text(24, '\0');
      text[0] = '\x81';
      text[1] = opcode;
      text[3] = static_cast<char>(key.size());
      text[4] = static_cast<char>(extra.size());
      text[7] = status;
      text[11] = static_cast<char>(extra.size() + key.size() + value.size());
      return text + extra + key + value;
    };
    const auto protocol = speak("binary");
    const Answer single = only(*protocol, frame(0, 0, "abcd", "", "value"), get_one);
    CHECK(single.kind == AnswerKind::value);
    CHECK(single.value == "value");
    CHECK(single.completes);
    const Answer quiet = only(*protocol, frame(0x0d, 0, "abcd", "k1", "value"), get_two);
    CHECK(quiet.key == "k1");
    CHECK(quiet.value == "value");
    CHECK(!quiet.completes);
    const Answer end = only(*protocol, frame(0x0a, 0, "", "", ""), get_two);
    CHECK(end.kind == AnswerKind::rest);
    CHECK(end.completes);
    CHECK(only(*protocol, frame(0, 1, "", "", "Not found"), get_one).kind == AnswerKind::miss);
    CHECK(only(*protocol, frame(1, 0, "", "", ""), set_one).kind == AnswerKind::stored);
    CHECK(only(*protocol, frame(1, 3, "", "", "big"), set_one).kind == AnswerKind::refused);
    CHECK(only(*protocol, frame(1, '\x82', "", "", ""), set_one).kind == AnswerKind::refused);
    CHECK(only(*protocol, frame(1, 4, "", "", ""), set_one).kind == AnswerKind::wrong);
    CHECK(only(*protocol, frame(0, 0, "", "", ""), set_one).kind == AnswerKind::wrong);
    CHECK(protocol->parse("ERROR\r\n", get_one).kind == AnswerKind::wrong);
    std::string lying = frame(0, 0, "abcd", "", "v");
    lying[4] = 9;
    CHECK(protocol->parse(lying, get_two).kind == AnswerKind::wrong);
    CHECK(protocol->parse(lying, get_two).completes);
    CHECK(protocol->version_in(frame(0x0b, 0, "", "", "1.6.45")) == "1.6.45");
    CHECK(!protocol->version_in(""));
  }

  TEST_CASE("resp requests") {
    const auto protocol = speak("resp");
    CHECK(get_of(*protocol, one) == "*2\r\n$3\r\nGET\r\n$16\r\nk000000000000007\r\n");
    CHECK(
        get_of(*protocol, two) ==
        "*3\r\n$4\r\nMGET\r\n$16\r\nk000000000000007\r\n$16\r\nk000000000000008\r\n"
    );
    const std::string words =
        "$3\r\nSET\r\n$16\r\nk000000000000007\r\n$10\r\n" + value_of(7, 10) + "\r\n";
    CHECK(set_of(*protocol, one[0]) == "*3\r\n" + words);
    CHECK(set_of(*speak("resp", 60), one[0]) == "*5\r\n" + words + "$2\r\nEX\r\n$2\r\n60\r\n");
  }

  TEST_CASE("resp answers") {
    const auto protocol = speak("resp");
    const Answer single = only(*protocol, "$3\r\na\r\n\r\n", get_one);
    CHECK(single.kind == AnswerKind::value);
    CHECK(single.value == "a\r\n");
    CHECK(single.completes);
    CHECK(only(*protocol, "$-1\r\n", get_one).kind == AnswerKind::miss);
    CHECK(only(*protocol, "*2\r\n", get_two).kind == AnswerKind::frame);
    CHECK(only(*protocol, "*3\r\n", get_two).kind == AnswerKind::wrong);
    CHECK(!only(*protocol, "$1\r\nx\r\n", get_two).completes);
    Awaited last = get_two;
    last.keys_left = 1;
    CHECK(only(*protocol, "$-1\r\n", last).completes);
    CHECK(only(*protocol, "+OK\r\n", set_one).kind == AnswerKind::stored);
    CHECK(only(*protocol, "-OOM command not allowed\r\n", set_one).kind == AnswerKind::refused);
    CHECK(only(*protocol, "-ERR no\r\n", set_one).kind == AnswerKind::wrong);
    CHECK(
        protocol->version_in("$44\r\nredis_version:7.2.4\r\nvalkey_version:9.1.2\r\nx\r\n\r\n") ==
        "9.1.2"
    );
    CHECK(protocol->version_in("$1\r\nx\r\n") == "unknown");
    CHECK(protocol->version_in("-ERR unknown\r\n") == "");
  }
}
