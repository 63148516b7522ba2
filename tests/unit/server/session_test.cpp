#include "server/session.hpp"

#include "peer.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::kib;
using rc::mib;
using rc::server_test::Peer;
using rc::server_test::TestNode;

std::string set(const std::string& key, const std::string& value, const std::string& more = "") {
  return "set " + key + " 0 0 " + std::to_string(value.size()) + more + "\r\n" + value + "\r\n";
}

// A pipeline that visits every state of a session.
std::string random_pipeline(std::mt19937& random) {
  const std::string keys[] = {"a", "b", "key:with:colons", std::string(250, 'k')};
  const auto key = [&] { return keys[random() % std::size(keys)]; };
  const auto noreply = [&] { return random() % 4 == 0 ? " noreply" : ""; };
  std::string text;
  for (auto n = random() % 12 + 1; n != 0; --n) {
    const std::string value(random() % 2 == 0 ? random() % 20 : random() % 9000, '5');
    switch (random() % 16) {
      case 0:
      case 1:
      case 2:
        text += set(key(), value, noreply());
        break;
      case 3:
        text += "get " + key() + "\r\n";
        break;
      case 4:
        text += "gets " + key() + " " + key() + "  " + key() + " \n";
        break;
      case 5:
        text += "gat 100 " + key() + " " + key() + "\r\n";
        break;
      case 6:
        text += "append " + key() + " 0 0 1" + noreply() + "\r\n7\r\n";
        break;
      case 7:
        text += "incr " + key() + " 5" + noreply() + "\r\n";
        break;
      case 8:
        text += "set a x 0 5\r\nget a\r\n";
        break;
      case 9:
        text += "set a 0 0 3\r\ntoolong\r\n";
        break;
      case 10:
        text += "bogus command\r\n";
        break;
      case 11:
        text += "delete " + key() + " 0\r\n";
        break;
      case 12:
        text += "set big 0 0 2000000\r\n" + std::string(2'000'000, 'x') + "\r\n";
        break;
      case 13:
        text += "touch " + key() + " 10\r\nflush_all noreply\r\n";
        break;
      case 14:
        text += "cas " + key() + " 1 0 2 5\r\nab\r\n";
        break;
      case 15:
        text += "get " + key() + " " + std::string(251, 'k') + "\r\n\r\n";
        break;
    }
  }
  return text;
}

}  // namespace

TEST_SUITE("server/session") {
  TEST_CASE("a get behind a set in one pipeline sees what the set stored") {
    TestNode node;
    Peer peer(node);
    CHECK(
        peer.talk("get a\r\n" + set("a", "1") + "get a\r\n" + set("a", "22") + "get a b\r\n") ==
        "END\r\nSTORED\r\nVALUE a 0 1\r\n1\r\nEND\r\nSTORED\r\nVALUE a 0 2\r\n22\r\nEND\r\n"
    );
  }

  TEST_CASE("a multiget answers hits in the order of its keys, repeats included") {
    TestNode node;
    Peer peer(node);
    peer.talk(set("a", "1") + set("b", "2"));
    CHECK(
        peer.talk("get b nothing a b\r\n") ==
        "VALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nEND\r\n"
    );
  }

  TEST_CASE("a multiget of thousands of keys is answered in full and once") {
    TestNode node;
    Peer peer(node);
    std::string line = "get";
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
      const std::string key = "key" + std::to_string(i);
      line += " " + key;
      if (i % 3 != 0) continue;
      peer.talk(set(key, key));
      expected += "VALUE " + key + " 0 " + std::to_string(key.size()) + "\r\n" + key + "\r\n";
    }
    CHECK(peer.talk(line + "\r\nget none\r\n") == expected + "END\r\nEND\r\n");
    CHECK(node.counted(rc::stats::Metric::cmd_get) == 3001);
    CHECK(node.counted(rc::stats::Metric::get_hits) == 1000);
    CHECK(node.counted(rc::stats::Metric::get_misses) == 2001);
  }

  TEST_CASE("one bad key refuses the whole retrieval") {
    TestNode node;
    Peer peer(node);
    peer.talk(set("a", "1"));
    const std::string keys = "a a a " + std::string(251, 'k');
    CHECK(peer.talk("get " + keys + "\r\n") == "CLIENT_ERROR bad command line format\r\n");
    CHECK(peer.talk("gat 0 " + keys + "\r\n") == "CLIENT_ERROR bad command line format\r\n");
  }

  TEST_CASE("whatever the pieces, the replies are those of the whole") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 60; ++round) {
      const std::string text = random_pipeline(random);
      TestNode whole_node;
      Peer whole(whole_node);
      const std::string expected = whole.talk(text);

      TestNode cut_node;
      Peer cut(cut_node);
      const std::size_t step_max = random() % 3 == 0 ? 4000 : 40;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t step = random() % step_max + 1;
        cut.send(std::string_view(text).substr(at, step));
        at += step;
        // The filling of the refused value needs no cutting into small pieces.
        if (at + 100'000 < text.size() &&
            text.substr(at, 100'000).find_first_not_of('x') > 99'999) {
          cut.send(std::string_view(text).substr(at, 100'000));
          at += 100'000;
        }
      }
      REQUIRE(cut.replies() == expected);
      REQUIRE(cut.closed() == whole.closed());
    }
  }

  TEST_CASE("a short pipeline may come byte by byte") {
    const std::string text = set("a", "1") + "gets a b\n" + "set a x 0 4\r\nget \r\n" +
                             "set a 0 0 1\r\nxyz\r\nversion \r\n" + set("a", "", " noreply") +
                             "get a\r\nquit\r\nget a\r\n";
    TestNode whole_node;
    Peer whole(whole_node);
    const std::string expected = whole.talk(text);
    TestNode cut_node;
    Peer cut(cut_node);
    for (const char c : text) cut.send({&c, 1});
    CHECK(cut.replies() == expected);
    CHECK(cut.closed());
    CHECK(whole.closed());
  }

  TEST_CASE("a value that contains commands is never executed") {
    TestNode node;
    Peer peer(node);
    const std::string evil = "\r\nset evil 0 0 1\r\nx\r\nflush_all\r\n";
    const std::string length = std::to_string(evil.size());
    const std::string long_key(251, 'k');
    struct Row {
      std::string line;
      std::string reply;
    };
    for (const Row& row : std::vector<Row>{
             {"set a 0 0 " + length, "STORED\r\n"},
             {"set a x 0 " + length, "CLIENT_ERROR bad command line format\r\n"},
             {"set a 0 x " + length, "CLIENT_ERROR bad command line format\r\n"},
             {"set " + long_key + " 0 0 " + length, "CLIENT_ERROR bad command line format\r\n"},
             {"cas a 0 0 " + length + " x", "CLIENT_ERROR bad command line format\r\n"},
             {"cas b 0 0 " + length + " 5", "NOT_FOUND\r\n"},
             {"replace b 0 0 " + length, "NOT_STORED\r\n"},
             {"set a x 0 " + length + " noreply", ""},
         }) {
      CAPTURE(row.line);
      CHECK(peer.talk(row.line + "\r\n" + evil + "\r\nget evil\r\n") == row.reply + "END\r\n");
    }
  }

  TEST_CASE("too large a value is skipped, and a set takes the old value with it") {
    TestNode node;
    Peer peer(node);
    const std::string evil = "\r\nset evil 0 0 1\r\nx\r\n" + std::string(2 * mib, 'v');
    const std::string tail = " 0 0 " + std::to_string(evil.size()) + "\r\n" + evil + "\r\n";
    const std::string too_large = "SERVER_ERROR object too large for cache\r\n";
    peer.talk(set("a", "1") + set("b", "2"));
    CHECK(
        peer.talk("add b" + tail + "get b evil\r\n") == too_large + "VALUE b 0 1\r\n2\r\nEND\r\n"
    );
    CHECK(peer.talk("set a" + tail + "get a evil\r\n") == too_large + "END\r\n");
    CHECK(node.counted(rc::stats::Metric::store_too_large) == 2);
  }

  TEST_CASE("a value without its line end is dropped and exactly its bytes are consumed") {
    TestNode node;
    Peer peer(node);
    peer.talk(set("a", "old"));
    CHECK(
        peer.talk("set a 0 0 1\r\nxyz\r\nget a\r\n") ==
        "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n"
        "VALUE a 0 3\r\nold\r\nEND\r\n"
    );
    CHECK(
        peer.talk("set a 0 0 1\r\nx\n\nget a\r\n") ==
        "CLIENT_ERROR bad data chunk\r\nVALUE a 0 3\r\nold\r\nEND\r\n"
    );
    CHECK(peer.talk("set a 0 0 1 noreply\r\nx\n\nversion\r\n").substr(0, 8) == "VERSION ");
  }

  TEST_CASE("an unusable length leaves what follows to be read as commands") {
    TestNode node;
    Peer peer(node);
    CHECK(
        peer.talk("set a 0 0 -1\r\nversionx\r\n") ==
        "CLIENT_ERROR bad command line format\r\nERROR\r\n"
    );
  }

  TEST_CASE("a hundred values of 1 MiB wait for a slow reader and lose nothing") {
    TestNode node;
    Peer peer(node, 100 * kib);
    std::string value(mib - 200, 'v');
    for (std::size_t i = 0; i < value.size(); i += 100) value[i] = static_cast<char>('a' + i % 23);
    CHECK(peer.talk(set("k", value)) == "STORED\r\n");
    std::string line = "get";
    for (int i = 0; i < 100; ++i) line += " k";
    peer.send(line + "\r\nget k\r\nversion\r\n");
    CHECK(peer.blocks() >= 99);
    CHECK(peer.pending_max() < 3 * mib);

    const std::string replies = peer.replies();
    const std::string one = "VALUE k 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n";
    REQUIRE(replies.size() > 101 * one.size());
    for (std::size_t i = 0; i < 100; ++i) {
      REQUIRE(replies.compare(i * one.size(), one.size(), one) == 0);
    }
    CHECK(replies.substr(100 * one.size(), 5) == "END\r\n");
    CHECK(replies.compare(100 * one.size() + 5, one.size(), one) == 0);
    CHECK(replies.substr(101 * one.size() + 5, 13) == "END\r\nVERSION ");
    CHECK(node.counted(rc::stats::Metric::get_hits) == 101);
  }

  TEST_CASE("a gat may pause too and touches each key once") {
    TestNode node;
    Peer peer(node, 10 * kib);
    peer.talk(set("k", std::string(20 * kib, 'v')));
    const std::string replies = peer.talk("gats 100 k k k\r\n");
    CHECK(replies.size() > 60 * kib);
    CHECK(replies.substr(replies.size() - 5) == "END\r\n");
    CHECK(peer.blocks() == 2);
    CHECK(node.counted(rc::stats::Metric::touch_hits) == 3);
  }

  TEST_CASE("a long pipeline leaves room for others and loses nothing") {
    TestNode node;
    Peer peer(node);
    std::string text;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
      text += i % 5 == 0 ? set("a", std::to_string(i)) : "get b\r\n";
      expected += i % 5 == 0 ? "STORED\r\n" : "END\r\n";
    }
    CHECK(peer.talk(text) == expected);
    CHECK(peer.yields() >= 1000 / 64 - 1);
    CHECK(node.counted(rc::stats::Metric::conn_yields) == peer.yields());
  }

  TEST_CASE("a pipeline that just fits the share of a turn does not yield") {
    TestNode node;
    Peer peer(node);
    std::string text;
    for (int i = 0; i < 64; ++i) text += "get b\r\n";
    peer.talk(text);
    CHECK(peer.yields() == 0);
  }

  TEST_CASE("a peer that speaks another protocol is closed without a word") {
    for (const std::string& greeting :
         {std::string("\x16\x03\x01\x02\x00", 5),
          std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\nflush_all\r\n"),
          std::string("POST / HTTP/1.0\r\n\r\nset a 0 0 1\r\n1\r\n"),
          std::string(3000, 'x')}) {
      TestNode node;
      Peer peer(node);
      CHECK(peer.talk(greeting) == "");
      CHECK(peer.closed());
      CHECK(node.counted(rc::stats::Metric::cmd_flush) == 0);
    }
  }

  TEST_CASE("quit sends what is pending and ends the conversation") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("get a\r\nquit now\r\nget a\r\n") == "END\r\n");
    CHECK(peer.closed());
  }

  TEST_CASE("a connection that ends within a value leaves nothing behind") {
    TestNode node;
    {
      Peer peer(node);
      peer.talk("set a 0 0 100000\r\n" + std::string(5000, 'x'));
    }
    Peer peer(node);
    CHECK(peer.talk("get a\r\n") == "END\r\n");
  }

  TEST_CASE("noreply silences every outcome of every command, and only as the last token") {
    struct Row {
      const char* line;
      const char* value;
    };
    for (const Row& row : std::vector<Row>{
             {"set k 0 0 1", "1\r\n"},
             {"add k 0 0 1", "1\r\n"},
             {"add new 0 0 1", "1\r\n"},
             {"replace k 0 0 1", "1\r\n"},
             {"replace none 0 0 1", "1\r\n"},
             {"append k 0 0 1", "1\r\n"},
             {"prepend none 0 0 1", "1\r\n"},
             {"cas k 0 0 1 1", "1\r\n"},
             {"cas none 0 0 1 1", "1\r\n"},
             {"set k 0 0 1", "1xx"},
             {"set k 0 0 9999999", ""},
             {"set k x 0 1", "1\r\n"},
             {"set k 0 0", ""},
             {"incr k 1", ""},
             {"incr none 1", ""},
             {"incr text 1", ""},
             {"incr k x", ""},
             {"decr k 1", ""},
             {"touch k 100", ""},
             {"touch none 100", ""},
             {"touch k x", ""},
             {"delete none", ""},
             {"delete k 0", ""},
             {"delete k 1", ""},
             {"flush_all", ""},
             {"flush_all 10", ""},
             {"flush_all x", ""},
             {"verbosity 1", ""},
             {"verbosity x", ""},
         }) {
      CAPTURE(row.line);
      std::string value = row.value;
      if (std::string_view(row.line) == "set k 0 0 9999999") value = std::string(10'000'001, 'x');
      for (const bool quiet : {false, true}) {
        TestNode node;
        Peer peer(node);
        peer.talk(set("k", "5") + set("text", "abc"));
        const std::string replies =
            peer.talk(row.line + std::string(quiet ? " noreply" : "") + "\r\n" + value);
        CHECK(replies.empty() == quiet);
        if (!quiet) CHECK(replies.find("\r\n") == replies.size() - 2);
        // The framing is intact either way.
        CHECK(peer.talk("touch none 0\r\n") == "NOT_FOUND\r\n");
      }
    }
  }
}
