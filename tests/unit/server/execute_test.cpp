#include "server/execute.hpp"

#include "peer.hpp"

#include "base/version.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using rc::server_test::Peer;
using rc::server_test::TestNode;
using rc::stats::Metric;

// The cas of a key, as gets tells it.
std::string cas_of(Peer& peer, const std::string& key) {
  const std::string reply = peer.talk("gets " + key + "\r\n");
  const std::size_t line_end = reply.find("\r\n");
  const std::size_t blank = reply.rfind(' ', line_end);
  return reply.substr(blank + 1, line_end - blank - 1);
}

struct Exchange {
  const char* say;
  const char* hear;
};

void check_exchanges(Peer& peer, std::initializer_list<Exchange> exchanges) {
  for (const Exchange& exchange : exchanges) {
    CAPTURE(exchange.say);
    CHECK(peer.talk(exchange.say) == exchange.hear);
  }
}

}  // namespace

TEST_SUITE("server/execute") {
  TEST_CASE("the storage commands tell apart what exists and what does not") {
    TestNode node;
    Peer peer(node);
    check_exchanges(
        peer,
        {
            {"replace a 0 0 1\r\n1\r\n", "NOT_STORED\r\n"},
            {"append a 0 0 1\r\n1\r\n", "NOT_STORED\r\n"},
            {"prepend a 0 0 1\r\n1\r\n", "NOT_STORED\r\n"},
            {"cas a 0 0 1 1\r\n1\r\n", "NOT_FOUND\r\n"},
            {"add a 5 0 1\r\n1\r\n", "STORED\r\n"},
            {"add a 0 0 1\r\n2\r\n", "NOT_STORED\r\n"},
            {"append a 9 0 1\r\n3\r\n", "STORED\r\n"},
            {"prepend a 9 0 1\r\n0\r\n", "STORED\r\n"},
            {"get a\r\n", "VALUE a 5 3\r\n013\r\nEND\r\n"},
            {"replace a 7 0 0\r\n\r\n", "STORED\r\n"},
            {"get a\r\n", "VALUE a 7 0\r\n\r\nEND\r\n"},
            {"cas a 0 0 1 0\r\n1\r\n", "EXISTS\r\n"},
            {"set a 4294967295 0 1 foo\r\n1\r\n", "STORED\r\n"},
            {"get a\r\n", "VALUE a 4294967295 1\r\n1\r\nEND\r\n"},
        }
    );
    CHECK(node.counted(Metric::cmd_set) == 11);
  }

  TEST_CASE("a cas stores once for each value it has seen") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 1\r\n1\r\n");
    const std::string cas = cas_of(peer, "a");
    CHECK(peer.talk("cas a 0 0 1 " + cas + "\r\n2\r\n") == "STORED\r\n");
    CHECK(peer.talk("cas a 0 0 1 " + cas + "\r\n3\r\n") == "EXISTS\r\n");
    CHECK(cas_of(peer, "a") != cas);
    peer.talk("cas none 0 0 1 1\r\n1\r\n");
    CHECK(node.counted(Metric::cas_hits) == 1);
    CHECK(node.counted(Metric::cas_badval) == 1);
    CHECK(node.counted(Metric::cas_misses) == 1);
  }

  TEST_CASE("incr and decr count as memcached does") {
    TestNode node;
    Peer peer(node);
    check_exchanges(
        peer,
        {
            {"incr n 1\r\n", "NOT_FOUND\r\n"},
            {"decr n 1\r\n", "NOT_FOUND\r\n"},
            {"set n 0 0 2\r\n10\r\n", "STORED\r\n"},
            {"incr n 5\r\n", "15\r\n"},
            {"decr n 20\r\n", "0\r\n"},
            {"incr n 18446744073709551615\r\n", "18446744073709551615\r\n"},
            {"incr n 2\r\n", "1\r\n"},
            {"set n 0 0 3\r\nabc\r\n", "STORED\r\n"},
            {"incr n 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"},
            {"incr n x\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n"},
        }
    );
    CHECK(node.counted(Metric::incr_hits) == 3);
    CHECK(node.counted(Metric::incr_misses) == 1);
    CHECK(node.counted(Metric::decr_hits) == 1);
    CHECK(node.counted(Metric::decr_misses) == 1);
  }

  TEST_CASE("delete removes once") {
    TestNode node;
    Peer peer(node);
    check_exchanges(
        peer,
        {
            {"set a 0 0 1\r\n1\r\n", "STORED\r\n"},
            {"delete a\r\n", "DELETED\r\n"},
            {"delete a 0\r\n", "NOT_FOUND\r\n"},
            {"delete a b c d e\r\n",
             "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"},
        }
    );
    CHECK(node.counted(Metric::delete_hits) == 1);
    CHECK(node.counted(Metric::delete_misses) == 1);
  }

  TEST_CASE("touch and gat change the time to live") {
    TestNode node;
    Peer peer(node);
    check_exchanges(
        peer,
        {
            {"touch a 10\r\n", "NOT_FOUND\r\n"},
            {"gat 10 a\r\n", "END\r\n"},
            {"set a 0 5 1\r\n1\r\n", "STORED\r\n"},
            {"touch a 100\r\n", "TOUCHED\r\n"},
        }
    );
    node.pass(50);
    CHECK(peer.talk("gat 100 a\r\n") == "VALUE a 0 1\r\n1\r\nEND\r\n");
    node.pass(99);
    CHECK(peer.talk("get a\r\n") == "VALUE a 0 1\r\n1\r\nEND\r\n");
    node.pass(2);
    CHECK(peer.talk("get a\r\n") == "END\r\n");
    CHECK(node.counted(Metric::cmd_touch) == 4);
    CHECK(node.counted(Metric::touch_hits) == 2);
    CHECK(node.counted(Metric::touch_misses) == 2);
    CHECK(node.counted(Metric::cmd_get) == 2);
    CHECK(node.counted(Metric::get_expired) == 1);
  }

  TEST_CASE("a negative gat returns the value a last time") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 1\r\n1\r\n");
    CHECK(peer.talk("gat -1 a\r\nget a\r\n") == "VALUE a 0 1\r\n1\r\nEND\r\nEND\r\n");
  }

  TEST_CASE("expiry times are relative up to thirty days and points in time above") {
    TestNode node;
    Peer peer(node);
    check_exchanges(
        peer,
        {
            {"set a 0 -1 1\r\n1\r\nget a\r\n", "STORED\r\nEND\r\n"},
            {"set a 0 2592000 1\r\n1\r\nget a\r\n", "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n"},
            {"set a 0 2678400 1\r\n1\r\nget a\r\n", "STORED\r\nEND\r\n"},
            {"set a 0 1800000100 1\r\n1\r\nget a\r\n", "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n"},
        }
    );
    node.pass(101);
    CHECK(peer.talk("get a\r\n") == "END\r\n");
  }

  TEST_CASE("flush_all forgets at once or at its time") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 1\r\n1\r\n");
    node.pass(2);
    CHECK(peer.talk("flush_all 10\r\nget a\r\n") == "OK\r\nVALUE a 0 1\r\n1\r\nEND\r\n");
    node.pass(11);
    CHECK(peer.talk("get a\r\n") == "END\r\n");
    for (const char* flush : {"flush_all", "flush_all 0", "flush_all -1", "flush_all "}) {
      CAPTURE(flush);
      peer.talk("set a 0 0 1\r\n1\r\n");
      node.pass(2);
      CHECK(peer.talk(std::string(flush) + "\r\nget a\r\n") == "OK\r\nEND\r\n");
      node.pass(2);
    }
    CHECK(node.counted(Metric::cmd_flush) == 5);
  }

  TEST_CASE("a value that grows beyond the limit is refused") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 1000000\r\n" + std::string(1'000'000, 'x') + "\r\n");
    CHECK(
        peer.talk("append a 0 0 100000\r\n" + std::string(100'000, 'y') + "\r\n") ==
        "SERVER_ERROR object too large for cache\r\n"
    );
    CHECK(peer.talk("get a\r\n").size() > 1'000'000);
  }

  TEST_CASE("without eviction a full store says so, and a failed set leaves nothing old") {
    TestNode node({.memory_bytes = 64 * rc::mib, .evict = false});
    Peer peer(node);
    const std::string value(900'000, 'x');
    const std::string line = " 0 0 900000\r\n" + value + "\r\n";
    std::string reply = "STORED\r\n";
    int stored = 0;
    for (; stored < 100 && reply == "STORED\r\n"; ++stored) {
      reply = peer.talk("set k" + std::to_string(stored) + line);
    }
    CHECK(reply == "SERVER_ERROR out of memory storing object\r\n");
    CHECK(stored > 10);
    CHECK(node.counted(Metric::store_no_memory) == 1);
    CHECK(node.counted(Metric::evictions) == 0);
  }

  TEST_CASE("the administrative commands answer") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("version\r\n") == "VERSION " + std::string(rc::version) + "\r\n");
    check_exchanges(
        peer,
        {
            {"verbosity 2\r\n", "OK\r\n"},
            {"shutdown\r\n", "SERVER_ERROR: shutdown not enabled\r\n"},
            {"cache_memlimit 7\r\n", "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n"},
            {"cache_memlimit 1000000001\r\n",
             "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n"},
            {"cache_memlimit 999999999\r\n",
             "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n"},
            {"cache_memlimit 8\r\n", "OK\r\n"},
            {"lru mode flat\r\n", "OK\r\n"},
            {"lru\r\n", "ERROR\r\n"},
            {"watch nothing\r\n", "ERROR\r\n"},
            {"stats bogus\r\n", "ERROR\r\n"},
            {"stats detail off\r\n", "OK\r\n"},
            {"stats reset\r\n", "RESET\r\n"},
        }
    );
    CHECK(node.node().verbosity() == 2);
  }

  TEST_CASE("debugtime puts the clock of a debug build forward, and is unknown to others") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("set a 0 100 1\r\nx\r\ndebugtime 99\r\n") != "STORED\r\n");
#ifdef NDEBUG
    CHECK(peer.talk("debugtime 2\r\n") == "ERROR\r\n");
    CHECK(peer.talk("get a\r\n") == "VALUE a 0 1\r\nx\r\nEND\r\n");
#else
    CHECK(peer.talk("mg a t\r\n") == "HD t1\r\n");
    CHECK(peer.talk("debugtime 2\r\n") == "OK\r\n");
    CHECK(peer.talk("get a\r\n") == "END\r\n");
    CHECK(peer.talk("stats\r\n").find("STAT uptime 101\r\n") != std::string::npos);
    for (const auto* wrong : {"", "-1", "x", "4294967295", "4294967296"}) {
      CAPTURE(wrong);
      CHECK(peer.talk(std::string("debugtime ") + wrong + "\r\n") == "ERROR\r\n");
    }
#endif
  }
}
