#include "server/prefix_stats.hpp"

#include "peer.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include <doctest/doctest.h>

namespace {

using rc::server::PrefixCounter;
using rc::server::PrefixStats;
using rc::server::PrefixTable;
using rc::server_test::Peer;
using rc::server_test::TestNode;

}  // namespace

TEST_SUITE("server/prefix_stats") {
  TEST_CASE("what precedes the first delimiter is counted, and keys without one are not") {
    PrefixStats stats(1, ':', true);
    PrefixCounter counter(stats, 0);
    counter.refresh();
    counter.get("b:1:x", true);
    counter.get("b:2", false);
    counter.set("a:1");
    counter.erase("b:1");
    counter.get("plain", true);
    counter.set(":nameless");
    CHECK(
        stats.text() ==
        "PREFIX  get 0 hit 0 set 1 del 0\r\n"
        "PREFIX a get 0 hit 0 set 1 del 0\r\n"
        "PREFIX b get 2 hit 1 set 0 del 1\r\n"
        "END\r\n"
    );
  }

  TEST_CASE("nothing is counted before it is switched on, and what was stays when it is off") {
    PrefixStats stats(1, '/', false);
    PrefixCounter counter(stats, 0);
    counter.refresh();
    counter.set("a/1");
    CHECK(stats.text() == "END\r\n");
    stats.switch_on(true);
    counter.refresh();
    counter.set("a/1");
    stats.switch_on(false);
    counter.refresh();
    counter.set("a/2");
    CHECK(stats.text() == "PREFIX a get 0 hit 0 set 1 del 0\r\nEND\r\n");
  }

  TEST_CASE("workers are summed, and a reset forgets them all at once") {
    PrefixStats stats(2, ':', true);
    PrefixCounter one(stats, 0);
    PrefixCounter two(stats, 1);
    one.refresh();
    two.refresh();
    one.get("a:1", true);
    two.get("a:2", false);
    two.get("b:1", false);
    CHECK(
        stats.text() ==
        "PREFIX a get 2 hit 1 set 0 del 0\r\nPREFIX b get 1 hit 0 set 0 del 0\r\nEND\r\n"
    );
    stats.reset();
    CHECK(stats.text() == "END\r\n");
    // A worker whose turn goes on counts into what nobody will see.
    two.get("c:1", true);
    CHECK(stats.text() == "END\r\n");
    two.refresh();
    two.get("d:1", true);
    CHECK(stats.text() == "PREFIX d get 1 hit 1 set 0 del 0\r\nEND\r\n");
  }

  TEST_CASE("prefixes beyond the room for them are counted together under no key's name") {
    PrefixStats stats(1, ':', true);
    PrefixCounter counter(stats, 0);
    counter.refresh();
    constexpr std::size_t surplus = 10;
    for (std::size_t i = 0; i < PrefixTable::rows_max + surplus; ++i) {
      counter.set("p" + std::to_string(i) + ":x");
    }
    counter.get(std::string(PrefixTable::prefix_bytes_max + 1, 'x') + ":1", true);
    const std::string text = stats.text();
    CHECK(text.find("PREFIX :others get 1 hit 1 set 10 del 0\r\n") != std::string::npos);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    CHECK(static_cast<std::size_t>(lines) == PrefixTable::rows_max + 2);
    // Those that have a row go on to be told apart.
    counter.set("p7:y");
    CHECK(stats.text().find("PREFIX p7 get 0 hit 0 set 2 del 0\r\n") != std::string::npos);
  }

  TEST_CASE("bytes that would break the lines of the reply are shown to nobody") {
    PrefixStats stats(1, ':', true);
    PrefixCounter counter(stats, 0);
    counter.refresh();
    counter.set("x get 9\r\nEND\r\n:y");
    CHECK(stats.text() == "PREFIX :others get 0 hit 0 set 1 del 0\r\nEND\r\n");
  }

  TEST_CASE("the table may be read while its owner counts") {
    PrefixStats stats(1, ':', true);
    std::atomic<bool> done{false};
    std::thread owner([&] {
      PrefixCounter counter(stats, 0);
      for (std::size_t i = 0; i < 4000; ++i) {
        counter.refresh();
        counter.get("p" + std::to_string(i % 500) + ":x", true);
      }
      done = true;
    });
    std::size_t torn = 0;
    while (!done) {
      const std::string text = stats.text();
      if (text.find("PREFIX :") != std::string::npos || !text.ends_with("END\r\n")) ++torn;
    }
    owner.join();
    CHECK(torn == 0);
    CHECK(stats.text().find("PREFIX p499 get 8 hit 8 set 0 del 0\r\n") != std::string::npos);
  }

  TEST_CASE("a pipeline that switches counting on is counted from there on") {
    TestNode node;
    Peer peer(node);
    CHECK(
        peer.talk(
                "set a:1 0 0 1\r\nx\r\n"
                "stats detail on\r\n"
                "get a:1 a:2 plain\r\nset b:1 0 0 1\r\ny\r\nadd b:1 0 0 1\r\nz\r\ndelete b:9\r\n"
                "mg a:1 v\r\nms b:2 1\r\nz\r\nmd b:2\r\ngat 0 a:1\r\nincr a:1 1\r\ntouch a:1 0\r\n"
                "stats detail off\r\nget a:1\r\n"
        )
            .size() > 0
    );
    CHECK(
        peer.talk("stats detail dump\r\n") ==
        "PREFIX a get 4 hit 3 set 0 del 0\r\nPREFIX b get 0 hit 0 set 3 del 2\r\nEND\r\n"
    );
    CHECK(peer.talk("stats reset\r\nstats detail dump\r\n") == "RESET\r\nEND\r\n");
  }

  TEST_CASE("stats detail without a word that it knows tells its usage") {
    TestNode node;
    Peer peer(node);
    const std::string usage = "CLIENT_ERROR usage: stats detail on|off|dump\r\n";
    CHECK(peer.talk("stats detail\r\nstats detail On\r\n") == usage + usage);
    CHECK(peer.talk("stats settings\r\n").find("detail_enabled no\r\n") != std::string::npos);
    CHECK(peer.talk("stats detail on now\r\n") == "OK\r\n");
    CHECK(peer.talk("stats settings\r\n").find("detail_enabled yes\r\n") != std::string::npos);
  }
}
