#include "server/watch_events.hpp"

#include "peer.hpp"

#include <algorithm>
#include <deque>
#include <regex>
#include <string>

#include <doctest/doctest.h>

namespace {

using rc::server_test::Peer;
using rc::server_test::TestNode;

// What the watcher has heard since the last call, without time and number.
std::string heard(Peer& watcher) {
  const std::string text = watcher.talk("");
  return std::regex_replace(text, std::regex("ts=[0-9]+\\.[0-9]{6} gid=[0-9]+ "), "");
}

std::string get_line(const std::string& key, const std::string& facts) {
  return "type=item_get key=" + key + " status=" + facts + "\n";
}

}  // namespace

TEST_SUITE("server/watch_events") {
  TEST_CASE("nobody hears of what happened before, and nothing is written for nobody") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 1\r\nx\r\nget a b\r\n");
    Peer watcher(node);
    CHECK(watcher.talk("watch fetchers mutations\r\n") == "OK\r\n");
    CHECK(heard(watcher).empty());
    CHECK(node.counted(rc::stats::Metric::log_worker_written) == 0);
  }

  TEST_CASE("a watcher hears of look-ups, hits and misses, in every dialect") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 3\r\nabc\r\n");
    Peer watcher(node);
    CHECK(watcher.talk("watch\r\n") == "OK\r\n");
    const std::string hit = get_line("a", "found clsid=1 cfd=7 size=3");
    const std::string miss = get_line("b", "not_found clsid=0 cfd=7 size=0");
    peer.talk("get a b\r\n");
    CHECK(heard(watcher) == hit + miss);
    peer.talk("gats 0 a b\r\n");
    CHECK(heard(watcher) == hit + miss);
    peer.talk("touch a 0\r\ntouch b 0\r\n");
    CHECK(heard(watcher) == hit + miss);
    peer.talk("mg a v\r\nmg b v\r\n");
    CHECK(heard(watcher) == hit + miss);
    peer.talk("mg a T0 v\r\nmg b N0 v\r\nme a\r\n");
    CHECK(heard(watcher) == hit + miss + hit);
    peer.talk("delete a\r\ndelete a\r\n");
    CHECK(heard(watcher) == hit + get_line("a", "not_found clsid=0 cfd=7 size=0"));
    peer.talk("incr a 1\r\nset a 0 0 1\r\n5\r\nincr a 1\r\n");
    CHECK(
        heard(watcher) == get_line("a", "not_found clsid=0 cfd=7 size=0") +
                              get_line("a", "not_found clsid=0 cfd=7 size=0") +
                              get_line("a", "found clsid=1 cfd=7 size=1")
    );
  }

  TEST_CASE("a key is written so that it cannot break the line") {
    TestNode node;
    Peer peer(node);
    Peer watcher(node);
    watcher.talk("watch\r\n");
    peer.talk("get k/%\x01-._~\xff\r\nmg a2EKYg== b v\r\n");
    CHECK(
        heard(watcher) == get_line("k%2F%25%01-._~%FF", "not_found clsid=0 cfd=7 size=0") +
                              get_line("ka%0Ab", "not_found clsid=0 cfd=7 size=0")
    );
    const std::string longest(250, '/');
    peer.talk("get " + longest + "\r\n");
    CHECK(
        heard(watcher).size() ==
        std::string("type=item_get key= status=not_found clsid=0 cfd=7 size=0\n").size() + 750
    );
  }

  TEST_CASE("a watcher hears of storage commands and how they ended") {
    TestNode node({.item_size_max_bytes = 10'000});
    Peer peer(node);
    Peer watcher(node);
    watcher.talk("watch mutations\r\n");
    const auto stored = [&](const std::string& what) {
      return "type=item_store key=a " + what + "\n";
    };
    peer.talk("set a 0 0 3\r\nabc\r\nadd a 0 0 1\r\nx\r\nreplace a 0 100 2\r\nxx\r\n");
    CHECK(
        heard(watcher) == stored("status=stored cmd=set ttl=0 clsid=1 cfd=7 size=3") +
                              stored("status=not_stored cmd=add ttl=0 clsid=1 cfd=7 size=1") +
                              stored("status=stored cmd=replace ttl=100 clsid=1 cfd=7 size=2")
    );
    // The whole and its expiry, not the piece and what came with it.
    peer.talk("append a 0 0 1\r\ny\r\nprepend a 0 0 1\r\nz\r\ncas a 0 0 1 1\r\nx\r\n");
    CHECK(
        heard(watcher) == stored("status=stored cmd=append ttl=100 clsid=1 cfd=7 size=3") +
                              stored("status=stored cmd=prepend ttl=100 clsid=1 cfd=7 size=4") +
                              stored("status=exists cmd=cas ttl=0 clsid=1 cfd=7 size=1")
    );
    peer.talk("ms a 2 T-1\r\nzz\r\ncas a 0 0 1 1\r\nx\r\nms YQ== 1 b\r\nv\r\n");
    CHECK(
        heard(watcher) == stored("status=stored cmd=set ttl=-1 clsid=1 cfd=7 size=2") +
                              stored("status=not_found cmd=cas ttl=0 clsid=1 cfd=7 size=1") +
                              stored("status=stored cmd=set ttl=0 clsid=1 cfd=7 size=1")
    );
    peer.talk("set a 0 0 20000\r\n" + std::string(20'000, 'x') + "\r\n");
    CHECK(heard(watcher) == stored("status=too_large cmd=set ttl=0 clsid=0 cfd=7 size=20000"));
    peer.talk("incr a 1\r\nma a N60 J42\r\nma a\r\n");
    CHECK(heard(watcher) == stored("status=stored cmd=add ttl=60 clsid=1 cfd=7 size=2"));
  }

  TEST_CASE("a watcher hears of what was deleted, and only of that") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 3\r\nabc\r\nset b 0 0 1\r\nb\r\n");
    Peer watcher(node);
    watcher.talk("watch deletions\r\n");
    peer.talk("delete a\r\ndelete a\r\nmd b I\r\nmd b q\r\nmd b\r\nflush_all\r\n");
    CHECK(
        heard(watcher) ==
        "type=deleted key=a cmd=delete clsid=1 size=3\ntype=deleted key=b cmd=md clsid=1 size=1\n"
    );
  }

  TEST_CASE("a watcher hears of every eviction") {
    TestNode node({.memory_bytes = 8 * rc::mib});
    Peer peer(node);
    Peer watcher(node);
    watcher.talk("watch evictions\r\n");
    const std::regex line(
        "(type=eviction key=[0-9]+ fetch=no ttl=(-1|100) la=0 clsid=[0-9]+ size=1000\n)+"
    );
    std::uint64_t lines = 0;
    for (int i = 0; i < 12'000; ++i) {
      const std::string expiry = i % 2 == 0 ? "0" : "100";
      peer.send(
          "set " + std::to_string(i) + " 0 " + expiry + " 1000 noreply\r\n" +
          std::string(1000, 'x') + "\r\n"
      );
      if (i % 100 != 0) continue;
      const std::string text = heard(watcher);
      if (text.empty()) continue;
      REQUIRE(std::regex_match(text, line));
      lines += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    }
    const std::string text = heard(watcher);
    lines += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    CHECK(lines > 0);
    CHECK(lines == node.counted(rc::stats::Metric::evictions));
  }

  TEST_CASE("a watcher hears of connections, and how they ended") {
    TestNode node;
    Peer watcher(node);
    watcher.talk("watch connevents\r\n");
    // Another turn: from now on it is known that somebody watches.
    CHECK(heard(watcher).empty());
    const std::string who = "rip=127.0.0.1 rport=4711 transport=tcp ";
    {
      Peer peer(node);
      peer.talk("version\r\n");
      CHECK(heard(watcher) == "type=conn_new " + who + "cfd=7\n");
      peer.end(rc::net::Ending::finished);
    }
    CHECK(heard(watcher) == "type=conn_close " + who + "reason=normal cfd=7\n");
    const auto ended = [&](rc::net::Ending why, const std::string& bytes) {
      Peer peer(node);
      peer.talk(bytes);
      static_cast<void>(heard(watcher));
      peer.end(why);
      return heard(watcher);
    };
    CHECK(ended(rc::net::Ending::failed, "") == "type=conn_close " + who + "reason=error cfd=7\n");
    CHECK(
        ended(rc::net::Ending::idle, "") == "type=conn_close " + who + "reason=idle_timeout cfd=7\n"
    );
    CHECK(
        ended(rc::net::Ending::stopped, "") == "type=conn_close " + who + "reason=shutdown cfd=7\n"
    );
    // What is no protocol of ours ends the connection.
    CHECK(
        ended(rc::net::Ending::finished, std::string(3000, 'x') + "\n") ==
        "type=conn_close " + who + "reason=error cfd=7\n"
    );
  }

  TEST_CASE("after OK a watcher is heard no more, and is not idle") {
    TestNode node;
    Peer watcher(node);
    CHECK(watcher.talk("watch evictions\r\nversion\r\nquit\r\n") == "OK\r\n");
    CHECK(watcher.talk("version\r\nset a 0 0 1\r\nx\r\n").empty());
    CHECK_FALSE(watcher.closed());
    CHECK(node.counted(rc::stats::Metric::cmd_set) == 0);
  }

  TEST_CASE("a watch is refused in memcached's words") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("watch fetchers nonsense\r\nversion\r\n").substr(0, 14) == "ERROR\r\nVERSION");
    std::deque<Peer> watchers;
    for (int i = 0; i < 20; ++i) {
      CHECK(watchers.emplace_back(node).talk("watch\r\n") == "OK\r\n");
    }
    CHECK(peer.talk("watch\r\n") == "WATCHER_TOO_MANY log watcher limit reached\r\n");
    watchers.pop_back();
    CHECK(peer.talk("watch\r\n") == "OK\r\n");
  }

  TEST_CASE("a node may forbid to watch") {
    TestNode node({.allow_watch = false});
    Peer peer(node);
    CHECK(peer.talk("watch\r\n") == "CLIENT_ERROR watch commands not allowed\r\n");
    CHECK(peer.talk("watch x\r\n") == "CLIENT_ERROR watch commands not allowed\r\n");
  }
}
