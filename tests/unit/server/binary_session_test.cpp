// Whole conversations in the binary protocol, over a real store.
#include "../proto/binary_frame.hpp"
#include "cuts.hpp"
#include "peer.hpp"

#include "server/session.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::proto_test::big_endian;
using rc::proto_test::Frame;
using rc::server_test::check_cuts;
using rc::server_test::Peer;
using rc::server_test::TestNode;
using rc::stats::Metric;
using Opcodes = std::vector<std::uint8_t>;

std::string store(
    std::uint8_t opcode, const std::string& key, const std::string& value, std::uint64_t cas = 0
) {
  const bool joins = opcode == 0x0e || opcode == 0x0f || opcode == 0x19 || opcode == 0x1a;
  const std::string extras = joins ? "" : big_endian(7, 4) + big_endian(0, 4);
  return Frame{.opcode = opcode, .extras = extras, .key = key, .value = value, .cas = cas}.bytes();
}

std::string ask(std::uint8_t opcode, const std::string& key = "", std::uint64_t cas = 0) {
  return Frame{.opcode = opcode, .key = key, .cas = cas}.bytes();
}

std::string count(
    std::uint8_t opcode,
    const std::string& key,
    std::uint64_t delta,
    std::uint64_t initial = 0,
    std::uint32_t exptime = 0xFFFFFFFF
) {
  return Frame{
      .opcode = opcode,
      .extras = big_endian(delta, 8) + big_endian(initial, 8) + big_endian(exptime, 4),
      .key = key}
      .bytes();
}

std::string touch(std::uint8_t opcode, const std::string& key, std::uint32_t exptime) {
  return Frame{.opcode = opcode, .extras = big_endian(exptime, 4), .key = key}.bytes();
}

// A reply as it has to be.
std::string reply(
    std::uint8_t opcode,
    std::uint16_t status,
    const std::string& value = "",
    std::uint64_t cas = 0,
    const std::string& extras = "",
    const std::string& key = ""
) {
  return Frame{
      .opcode = opcode,
      .extras = extras,
      .key = key,
      .value = value,
      .cas = cas,
      .status = status,
      .magic = 0x81}
      .bytes();
}

const std::string flags_7 = big_endian(7, 4);
const std::string not_found = "Not found";
const std::string exists = "Data exists for key.";
const std::string not_stored = "Not stored.";

std::string random_pipeline(std::mt19937& random) {
  const std::string parts[] = {
      store(0x01, "a", "value"),
      store(0x11, "b", std::string(6000, 'b')),
      store(0x02, "a", "other"),
      store(0x0e, "a", "tail"),
      store(0x1a, "b", "head"),
      store(0x01, "big", std::string(2'000'000, 'x')),
      store(0x01, "empty", ""),
      ask(0x00, "a"),
      ask(0x09, "none"),
      ask(0x0c, "b"),
      ask(0x0d, "a"),
      ask(0x0a),
      ask(0x04, "a"),
      ask(0x14, "none"),
      ask(0x0b),
      ask(0x99, "whatever"),
      count(0x05, "n", 3, 10, 0),
      count(0x16, "n", 1),
      touch(0x1d, "a", 60),
      touch(0x1c, "none", 60),
  };
  std::string text;
  for (auto n = random() % 14 + 1; n != 0; --n) text += parts[random() % std::size(parts)];
  return text;
}

}  // namespace

TEST_SUITE("server/binary_session") {
  TEST_CASE("a value comes back with its flags and its version, with the key if it is asked for") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk(store(0x01, "a", "hi")) == reply(0x01, 0, "", 1));
    CHECK(peer.talk(ask(0x00, "a")) == reply(0x00, 0, "hi", 1, flags_7));
    CHECK(peer.talk(ask(0x0c, "a")) == reply(0x0c, 0, "hi", 1, flags_7, "a"));
    CHECK(peer.talk(ask(0x00, "b")) == reply(0x00, 1, not_found));
    CHECK(peer.talk(ask(0x0c, "b")) == reply(0x0c, 1, "", 0, "", "b"));
  }

  TEST_CASE("quiet gets are silent about misses and a noop ends them") {
    TestNode node;
    Peer peer(node);
    peer.talk(store(0x01, "a", "hi"));
    CHECK(
        peer.talk(
            ask(0x09, "none") + ask(0x09, "a") + ask(0x0d, "none") + ask(0x0d, "a") + ask(0x0a)
        ) ==
        reply(0x09, 0, "hi", 1, flags_7) + reply(0x0d, 0, "hi", 1, flags_7, "a") + reply(0x0a, 0)
    );
  }

  TEST_CASE("a long pipeline of quiet gets is answered in order and in full") {
    TestNode node;
    Peer peer(node);
    std::string asked;
    std::string expected;
    const std::string large(5000, 'L');
    for (std::uint64_t i = 0; i < 100; ++i) {
      const std::string key = "key" + std::to_string(i);
      const std::string value = i % 10 == 0 ? large : key;
      if (i % 3 != 0) {
        const std::string stored = peer.talk(store(0x01, key, value));
        const auto cas = static_cast<unsigned char>(stored[23]);
        expected += reply(0x0d, 0, value, cas, flags_7, key);
      }
      asked += ask(0x0d, key);
    }
    CHECK(peer.talk(asked + ask(0x0a)) == expected + reply(0x0a, 0));
    CHECK(node.counted(Metric::cmd_get) == 100);
    CHECK(node.counted(Metric::get_hits) == 66);
  }

  TEST_CASE("each store has its own word for what it does not do") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk(store(0x03, "a", "x")) == reply(0x03, 1, not_found));
    CHECK(peer.talk(store(0x0e, "a", "x")) == reply(0x0e, 5, not_stored));
    CHECK(peer.talk(store(0x1a, "a", "x")) == reply(0x1a, 5, not_stored));
    CHECK(peer.talk(store(0x12, "a", "x")).empty());
    CHECK(peer.talk(store(0x12, "a", "x")) == reply(0x12, 2, exists));
    CHECK(peer.talk(store(0x19, "a", "y") + store(0x1a, "a", "w")).empty());
    CHECK(peer.talk(ask(0x00, "a")) == reply(0x00, 0, "wxy", 3, flags_7));
  }

  TEST_CASE("a version is compared by every change") {
    for (const std::uint8_t opcode : Opcodes{0x01, 0x02, 0x03, 0x0e, 0x0f}) {
      CAPTURE(opcode);
      TestNode node;
      Peer peer(node);
      const bool joins = opcode >= 0x0e;
      CHECK(
          peer.talk(store(opcode, "a", "x", 9)) ==
          (joins ? reply(opcode, 5, not_stored) : reply(opcode, 1, not_found))
      );
      peer.talk(store(0x01, "a", "hi"));
      CHECK(peer.talk(store(opcode, "a", "x", 9)) == reply(opcode, 2, exists));
      CHECK(peer.talk(store(opcode, "a", "x", 1)).substr(0, 8) == reply(opcode, 0).substr(0, 8));
    }
    TestNode node;
    Peer peer(node);
    peer.talk(store(0x01, "n", "5"));
    CHECK(peer.talk(ask(0x04, "n", 9)) == reply(0x04, 2, exists));
    Frame frame{.opcode = 0x05, .extras = std::string(20, '\0'), .key = "n", .cas = 9};
    CHECK(peer.talk(frame.bytes()) == reply(0x05, 2, exists));
    CHECK(peer.talk(ask(0x04, "n", 1)) == reply(0x04, 0));
    CHECK(peer.talk(ask(0x14, "n", 1)) == reply(0x14, 1, not_found));
  }

  TEST_CASE("counters count, are made where they miss, and refuse what is no number") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk(count(0x05, "n", 1)) == reply(0x05, 1, not_found));
    CHECK(peer.talk(count(0x05, "n", 1, 13, 0)) == reply(0x05, 0, big_endian(13, 8), 1));
    CHECK(peer.talk(count(0x05, "n", 2)) == reply(0x05, 0, big_endian(15, 8), 2));
    CHECK(peer.talk(count(0x16, "n", 20)).empty());
    CHECK(peer.talk(count(0x06, "n", 20)) == reply(0x06, 0, big_endian(0, 8), 4));
    peer.talk(store(0x01, "text", "x"));
    CHECK(
        peer.talk(count(0x15, "text", 1)) ==
        reply(0x15, 6, "Non-numeric server-side value for incr or decr")
    );
  }

  TEST_CASE("touch answers flags, gat the value as well") {
    TestNode node;
    Peer peer(node);
    peer.talk(store(0x01, "a", "hi"));
    CHECK(peer.talk(touch(0x1c, "a", 50)) == reply(0x1c, 0, "", 1, flags_7));
    CHECK(peer.talk(touch(0x1d, "a", 50)) == reply(0x1d, 0, "hi", 1, flags_7));
    CHECK(peer.talk(touch(0x23, "a", 50)) == reply(0x23, 0, "hi", 1, flags_7, "a"));
    CHECK(peer.talk(touch(0x1e, "b", 50) + touch(0x24, "b", 50)).empty());
    CHECK(peer.talk(touch(0x1c, "b", 50)) == reply(0x1c, 1, not_found));
    CHECK(peer.talk(touch(0x23, "b", 50)) == reply(0x23, 1, "", 0, "", "b"));
    node.pass(51);
    CHECK(peer.talk(ask(0x00, "a")) == reply(0x00, 1, not_found));
    CHECK(node.counted(Metric::cmd_touch) == 7);
    CHECK(node.counted(Metric::touch_hits) == 3);
  }

  TEST_CASE("a value that arrives late is stored like any other") {
    TestNode node;
    Peer peer(node);
    const std::string request = store(0x01, "a", std::string(9000, 'x'));
    peer.send(request.substr(0, 5000));
    CHECK(peer.replies().empty());
    CHECK(peer.talk(request.substr(5000) + ask(0x0a)) == reply(0x01, 0, "", 1) + reply(0x0a, 0));
  }

  TEST_CASE("a value that is too large is skipped, and a set takes the old one along") {
    TestNode node;
    Peer peer(node);
    const std::string large(2'000'000, 'x');
    for (const std::uint8_t opcode : Opcodes{0x01, 0x02, 0x0e, 0x11}) {
      peer.talk(store(0x01, "a", "hi"));
      CHECK(peer.talk(store(opcode, "a", large)) == reply(opcode, 3, "Too large."));
      const bool is_set = opcode == 0x01 || opcode == 0x11;
      CHECK(peer.talk(ask(0x09, "a")).empty() == is_set);
    }
  }

  TEST_CASE("an unknown opcode takes its body along and nothing else") {
    TestNode node;
    Peer peer(node);
    for (const std::uint8_t opcode : Opcodes{0x1b, 0x20, 0x21, 0x30, 0xff}) {
      const Frame frame{.opcode = opcode, .extras = "ee", .key = "kkk", .value = ask(0x07)};
      CHECK(
          peer.talk(frame.bytes() + ask(0x0a)) ==
          reply(opcode, 0x81, "Unknown command") + reply(0x0a, 0)
      );
    }
    CHECK_FALSE(peer.closed());
  }

  TEST_CASE("lost framing is answered and ends the connection") {
    TestNode node;
    Peer wrong_extras(node);
    CHECK(
        wrong_extras.talk(Frame{.opcode = 0x00, .extras = "e", .key = "k"}.bytes() + ask(0x0a)) ==
        reply(0x00, 4, "Invalid arguments")
    );
    CHECK(wrong_extras.closed());
    Peer text(node);
    CHECK(text.talk(ask(0x0a) + "get a\r\n") == reply(0x0a, 0));
    CHECK(text.closed());
    Peer reply_magic(node);
    CHECK(reply_magic.talk("\x81\n") == "CLIENT_ERROR bad command line format\r\n");
  }

  TEST_CASE("quit says so and closes, quietly if it is to") {
    TestNode node;
    Peer loud(node);
    CHECK(loud.talk(ask(0x07) + ask(0x0a)) == reply(0x07, 0));
    CHECK(loud.closed());
    Peer quiet(node);
    CHECK(quiet.talk(ask(0x17) + ask(0x0a)).empty());
    CHECK(quiet.closed());
  }

  TEST_CASE("a flush empties the node, now or later") {
    TestNode node;
    Peer peer(node);
    peer.talk(store(0x01, "a", "hi"));
    CHECK(peer.talk(ask(0x18) + ask(0x09, "a")).empty());
    peer.talk(store(0x01, "a", "hi"));
    CHECK(peer.talk(Frame{.opcode = 0x08, .extras = big_endian(5, 4)}.bytes()) == reply(0x08, 0));
    CHECK_FALSE(peer.talk(ask(0x09, "a")).empty());
    node.pass(6);
    CHECK(peer.talk(ask(0x09, "a")).empty());
  }

  TEST_CASE("stat sends a packet per figure and an empty one behind them") {
    TestNode node;
    Peer peer(node);
    peer.talk(store(0x01, "a", "hi"));
    for (const std::string topic : {"", "settings", "items", "slabs", "sizes", "conns"}) {
      CAPTURE(topic);
      std::string text = peer.talk(ask(0x10, topic));
      std::size_t packets = 0;
      for (bool last = false; !last; ++packets) {
        REQUIRE(text.size() >= 24);
        const auto at = [&text](std::size_t i) {
          return static_cast<std::size_t>(static_cast<unsigned char>(text[i]));
        };
        const std::size_t body_bytes = at(9) << 16U | at(10) << 8U | at(11);
        last = body_bytes == 0;
        CHECK(at(3) <= body_bytes);
        text.erase(0, 24 + body_bytes);
      }
      CHECK(text.empty());
      CHECK(packets >= (topic.empty() ? 90 : 1));
    }
    CHECK(peer.talk(ask(0x10, "nonsense")) == reply(0x10, 1, not_found));
    CHECK(peer.talk(ask(0x10, "reset")) == reply(0x10, 0));
    CHECK(node.counted(Metric::cmd_set) == 0);
  }

  TEST_CASE("version is a value") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk(ask(0x0b)).substr(24, 2) == "2.");
  }

  TEST_CASE("replies do not depend on how the bytes are cut") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 60; ++round) check_cuts(random_pipeline(random), random);
  }
}
