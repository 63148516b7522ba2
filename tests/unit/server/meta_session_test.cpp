// Whole conversations in the meta protocol, over a real store.
#include "cuts.hpp"
#include "peer.hpp"

#include "server/session.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::server_test::check_cuts;
using rc::server_test::Peer;
using rc::server_test::TestNode;
using rc::stats::Metric;

// Every command with some of its flags, good and bad.
std::string random_pipeline(std::mt19937& random) {
  const std::string lines[] = {
      "mg a v k t c f s q Oq1\r\n",
      "mg b v h l u\r\n",
      "mg YQ== b k v\r\n",
      "mg c N30 v t\r\n",
      "mg a R100 T50 v t\r\n",
      "mg none q\r\nmn\r\n",
      "ms a 3 T60 c k F7\r\nabc\r\n",
      "ms b 5000 q\r\n" + std::string(5000, 'b') + "\r\n",
      "ms YQ== 2 b k MA N30\r\nxy\r\n",
      "ms a 2 C5 I Oxx\r\nzz\r\n",
      "ms a 2 badflag\r\nget\r\n",
      "ms a 2\r\nnotwo\r\n",
      "ms big 2000000 k\r\n" + std::string(2'000'000, 'x') + "\r\n",
      "md a I T30 q\r\n",
      "md b x k\r\n",
      "md c Oq\r\n",
      "ma n N60 J10 v t c\r\n",
      "ma n D3 MD q\r\n",
      "me a\r\n",
      "get a b\r\n",
      "mg\r\n",
  };
  std::string text;
  for (auto n = random() % 12 + 1; n != 0; --n) text += lines[random() % std::size(lines)];
  return text;
}

}  // namespace

TEST_SUITE("server/meta_session") {
  TEST_CASE("replies come in the order of the requests, quiet ones included") {
    TestNode node;
    Peer peer(node);
    CHECK(
        peer.talk("ms a 1 q\r\n1\r\nmg a v k\r\nmg none q k\r\nmg none k\r\nms b 2 MR q k\r\nbb\r\n"
                  "md none q k\r\nmd a q\r\nmg a v\r\nmn\r\n"
        ) == "VA 1 ka\r\n1\r\nEN knone\r\nNS kb\r\nNF knone\r\nEN\r\nMN\r\n"
    );
  }

  TEST_CASE("look-ups of a pipeline are counted and answered as a batch, whatever their dialect") {
    TestNode node;
    Peer peer(node);
    peer.talk("ms a 1\r\n1\r\nms b 1 F9\r\n2\r\n");
    std::string asked;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
      asked += "mg a v O" + std::to_string(i) + "\r\nget a none b\r\nmg Yg== b k f v\r\n";
      expected += "VA 1 O" + std::to_string(i) + "\r\n1\r\n" +
                  "VALUE a 0 1\r\n1\r\nVALUE b 9 1\r\n2\r\nEND\r\n" + "VA 1 kYg== b f9\r\n2\r\n";
    }
    CHECK(peer.talk(asked) == expected);
    CHECK(node.counted(Metric::cmd_get) == 500);
    CHECK(node.counted(Metric::get_hits) == 400);
    CHECK(node.counted(Metric::get_misses) == 100);
  }

  TEST_CASE("a stale item in the middle of a batch is won once, and what follows is still right") {
    TestNode node;
    Peer peer(node);
    const std::string large(10'000, 'x');
    peer.talk("ms a 1\r\n1\r\nms b 10000\r\n" + large + "\r\nms c 1\r\n3\r\nmd a I\r\nmd b I\r\n");
    CHECK(
        peer.talk("mg c v\r\nmg a v\r\nmg b v\r\nmg a v\r\nmg c v\r\nmg b s\r\n") ==
        "VA 1\r\n3\r\nVA 1 X W\r\n1\r\nVA 10000 X W\r\n" + large +
            "\r\nVA 1 Z X\r\n1\r\nVA 1\r\n3\r\nHD s10000 Z X\r\n"
    );
  }

  TEST_CASE("a classic get takes no notice of what is stale") {
    TestNode node;
    Peer peer(node);
    peer.talk("ms a 1\r\n1\r\nmd a I\r\n");
    CHECK(peer.talk("get a\r\n") == "VALUE a 0 1\r\n1\r\nEND\r\n");
    CHECK(peer.talk("mg a\r\n") == "HD X W\r\n");
  }

  TEST_CASE("the examples of the specification") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("mg a N30 t v\r\n") == "VA 0 t30 W\r\n\r\n");
    CHECK(peer.talk("mg a N30 t v\r\n") == "VA 0 t30 Z\r\n\r\n");
    CHECK(peer.talk("mg no-64 b k v\r\n") == "CLIENT_ERROR error decoding key\r\n");
    CHECK(peer.talk("md a\r\nmg YQ== b k v\r\n") == "HD\r\nEN kYQ== b\r\n");
    CHECK(peer.talk("ms a 2 C5\r\nhi\r\n") == "NF\r\n");
    CHECK(peer.talk("ms a 2\r\nhi\r\nms a 2 ME q k\r\nhi\r\n") == "HD\r\nNS ka\r\n");
    CHECK(peer.talk("ms a 1 C0\r\nx\r\n") == "EX\r\n");
    CHECK(peer.talk("ma n N30 J13 v\r\nma n v\r\n") == "VA 2\r\n13\r\nVA 2\r\n14\r\n");
    CHECK(peer.talk("ms a 3 E99\r\nabc\r\nmd a I T30 E100\r\n") == "HD\r\nHD\r\n");
    CHECK(
        peer.talk("mg a v t c\r\nmg a v t\r\n") ==
        "VA 3 t30 c100 X W\r\nabc\r\nVA 3 t30 Z X\r\nabc\r\n"
    );
  }

  TEST_CASE("the value is left out for whoever has this version already") {
    TestNode node;
    Peer peer(node);
    peer.talk("ms a 2 E5\r\nhi\r\n");
    CHECK(
        peer.talk("mg a C5 v k c\r\nmg a C6 v\r\nmg a C5 v h\r\n") ==
        "HD ka c5\r\nVA 2\r\nhi\r\nHD h1\r\n"
    );
  }

  TEST_CASE("a base64 key may hold what a text key may not, and is one key for all dialects") {
    TestNode node;
    Peer peer(node);
    // "a b\r\n"
    CHECK(
        peer.talk("ms YSBiDQo= 2 b k\r\nhi\r\nmg YSBiDQo= b v k\r\n") ==
        "HD kYSBiDQo= b\r\nVA 2 kYSBiDQo= b\r\nhi\r\n"
    );
    CHECK(peer.talk("ms YQ== 2 b\r\nhi\r\nget a\r\n") == "HD\r\nVALUE a 0 2\r\nhi\r\nEND\r\n");
  }

  TEST_CASE("a value that arrives late is answered with the flags of its line") {
    TestNode node;
    Peer peer(node);
    const std::string line = "ms YQ== 6000 b k Oopaque s E7 c\r\n";
    peer.send(line + std::string(3000, 'x'));
    // Others may have used the worker's scratch space meanwhile.
    Peer other(node);
    CHECK(other.talk("mg other k Onothing\r\n") == "EN kother Onothing\r\n");
    CHECK(peer.talk(std::string(3000, 'x') + "\r\n") == "HD kYQ== b Oopaque s6000 c7\r\n");
  }

  TEST_CASE("a value refused for its size takes the old one along, in any mode") {
    TestNode node;
    Peer peer(node);
    for (const std::string mode : {"", " ME", " MA", " C1"}) {
      peer.talk("ms a 2 E1\r\nhi\r\n");
      const std::string request =
          "ms a 2000000" + mode + " q k\r\n" + std::string(2'000'000, 'x') + "\r\n";
      CHECK(peer.talk(request + "mg a\r\n") == "SERVER_ERROR object too large for cache\r\nEN\r\n");
    }
  }

  TEST_CASE("a bad value is refused aloud, and its bytes are nothing else") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("ms a 8 q\r\nmn\r\nmn\r\nXY") == "CLIENT_ERROR bad data chunk\r\n");
    CHECK(
        peer.talk("ms a 4 bad flag\r\nmn\r\n\r\nmn\r\n") ==
        "CLIENT_ERROR error decoding key\r\nMN\r\n"
    );
  }

  TEST_CASE("me tells what is known of an item, and leaves it as it was") {
    TestNode node;
    Peer peer(node);
    peer.talk("ms a 3 E5 T100\r\nabc\r\n");
    node.pass(10);
    CHECK(peer.talk("me a\r\n") == "ME a exp=90 la=10 cas=5 fetch=no cls=1 size=28\r\n");
    CHECK(
        peer.talk("mg a h l\r\nme YQ== b\r\nme none\r\n") ==
        "HD h0 l10\r\nME YQ== exp=90 la=0 cas=5 fetch=yes cls=1 size=28\r\nEN\r\n"
    );
    CHECK(node.counted(Metric::cmd_meta) == 3);
    CHECK(
        peer.talk("me a zz v v\r\nme YQ== zz b\r\n") ==
        "ME a exp=90 la=0 cas=5 fetch=yes cls=1 size=28\r\nEN\r\n"
    );
  }

  TEST_CASE("replies do not depend on how the bytes are cut") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 60; ++round) check_cuts(random_pipeline(random), random);
  }
}
