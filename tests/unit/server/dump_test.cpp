#include "server/dump.hpp"

#include "peer.hpp"

#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace {

using rc::proto::Text;
using rc::server::DumpKind;
using rc::server::read_cachedump_order;
using rc::server::read_crawler_order;
using rc::server_test::Peer;
using rc::server_test::TestNode;

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) CHECK(lines.insert(line).second);
  return lines;
}

}  // namespace

TEST_SUITE("server/dump") {
  TEST_CASE("an order is read, and what it is not is left to others") {
    Text refusal = Text::none;
    const auto all = read_crawler_order("lru_crawler metadump all", refusal);
    REQUIRE(all);
    CHECK(all->kind == DumpKind::meta);
    CHECK(all->classes.all());
    const auto some = read_crawler_order("lru_crawler  mgdump 3,7", refusal);
    REQUIRE(some);
    CHECK(some->kind == DumpKind::keys);
    CHECK(some->classes.count() == 2);
    CHECK(refusal == Text::none);
    CHECK_FALSE(read_crawler_order("lru_crawler crawl all", refusal));
    CHECK_FALSE(read_crawler_order("slabs metadump all", refusal));
  }

  TEST_CASE("an order without classes, or with one that is not there, is refused") {
    Text refusal = Text::none;
    CHECK(read_crawler_order("lru_crawler metadump", refusal));
    CHECK(refusal == Text::bad_line);
    for (const auto* list : {"0", "1,99", "x", "1,,2", "4294967297"}) {
      CAPTURE(list);
      CHECK(read_crawler_order(std::string("lru_crawler metadump ") + list, refusal));
      CHECK(refusal == Text::crawler_bad_class);
    }
  }

  TEST_CASE("every item is dumped with what is known of it") {
    TestNode node;
    Peer peer(node);
    CHECK(
        peer.talk("set a:b/\x80 5 0 3\r\nabc\r\nset soon 0 100 1\r\nx\r\nget soon\r\n").size() > 0
    );
    const auto lines = lines_of(peer.talk("lru_crawler metadump all\r\n"));
    CHECK(lines.size() == 4);
    CHECK(lines.contains("OK\r"));
    CHECK(lines.contains("END\r"));
    const std::regex first(
        "key=a%3Ab%2F%80 exp=-1 la=1800000000 cas=\\d+ fetch=no cls=\\d+ size=\\d+ flags=5 "
    );
    const std::regex second(
        "key=soon exp=1800000100 la=1800000000 cas=\\d+ fetch=yes cls=\\d+ size=\\d+ flags=0 "
    );
    for (const std::regex& form : {first, second}) {
      CHECK(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
              return std::regex_match(line, form);
            }) == 1);
    }
  }

  TEST_CASE("keys are dumped as requests for them") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("set plain 0 0 1\r\nx\r\nms AAEC 1 b\r\ny\r\n").size() > 0);
    CHECK(
        lines_of(peer.talk("lru_crawler mgdump hash\r\n")) ==
        std::set<std::string>{"OK\r", "mg plain\r", "mg AAEC b\r", "EN\r"}
    );
  }

  TEST_CASE("a long dump waits for its reader and for the others, and comes before what follows") {
    TestNode node;
    constexpr std::size_t output_limit = 2048;
    Peer peer(node, output_limit);
    std::string sets;
    for (int i = 0; i < 3000; ++i) {
      sets += "set key" + std::to_string(i) + " 0 0 1 noreply\r\nx\r\n";
    }
    CHECK(peer.talk(sets).empty());
    const std::string reply = peer.talk("lru_crawler mgdump all\r\nversion\r\n");
    CHECK(reply.find("EN\r\nVERSION ") != std::string::npos);
    CHECK(lines_of(reply).size() == 3000 + 3);
    CHECK(peer.blocks() > 0);
    // One step more than fits, at most.
    CHECK(peer.pending_max() < output_limit + 448 * 32);
  }

  TEST_CASE("an empty store has nothing to dump") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("lru_crawler metadump all\r\n") == "NOTSTARTED no items to crawl\r\n");
    CHECK(peer.talk("version\r\n").substr(0, 7) == "VERSION");
  }

  TEST_CASE("a cachedump wants a class and a limit") {
    Text refusal = Text::none;
    const auto order = read_cachedump_order(" cachedump 3 10 more", refusal);
    REQUIRE(order);
    CHECK(refusal == Text::none);
    CHECK(order->classes.count() == 1);
    CHECK(order->classes.test(3));
    CHECK(order->lines_max == 10);
    CHECK_FALSE(read_cachedump_order(" items", refusal));
    const std::pair<const char*, Text> wrong[] = {
        {"cachedump", Text::cachedump_short},
        {"cachedump 1", Text::cachedump_short},
        {"cachedump x 0", Text::bad_line},
        {"cachedump 1 -1", Text::bad_line},
        {"cachedump 64 0", Text::cachedump_bad_class},
        {"cachedump 4294967295 0", Text::cachedump_bad_class}};
    for (const auto& each : wrong) {
      CAPTURE(each.first);
      CHECK(read_cachedump_order(each.first, refusal));
      CHECK(refusal == each.second);
    }
  }

  TEST_CASE("a cachedump shows the items of one class, as many as were asked for") {
    TestNode node;
    Peer peer(node);
    CHECK(
        peer.talk("set a 5 0 3\r\nabc\r\nset b 0 100 3\r\ndef\r\nms AAEC 1 b\r\ny\r\n").size() > 0
    );
    CHECK(peer.talk("set large 0 0 1000\r\n" + std::string(1000, 'x') + "\r\n") == "STORED\r\n");
    // The key of bytes that no line can carry is left out.
    CHECK(
        lines_of(peer.talk("stats cachedump 1 0\r\n")) ==
        std::set<std::string>{"ITEM a [3 b; 0 s]\r", "ITEM b [3 b; 1800000100 s]\r", "END\r"}
    );
    CHECK(lines_of(peer.talk("stats cachedump 1 1\r\n")).size() == 2);
    for (const auto* none : {"0", "2", "63"}) {
      CHECK(peer.talk(std::string("stats cachedump ") + none + " 0\r\n") == "END\r\n");
    }
    CHECK(peer.talk("stats cachedump 64 0\r\n") == "CLIENT_ERROR Illegal slab id\r\n");
  }

  TEST_CASE("a cachedump ends before it is longer than it may be") {
    TestNode node({.slots = 16384});
    Peer peer(node, 2048);
    const std::string tail(230, 'k');
    std::string sets;
    for (int i = 10000; i < 19000; ++i) {
      sets += "set " + std::to_string(i) + tail + " 0 0 1 noreply\r\nx\r\n";
    }
    CHECK(peer.talk(sets).empty());
    std::string whole;
    for (int number = 1; number <= 63; ++number) {
      const std::string reply = peer.talk("stats cachedump " + std::to_string(number) + " 0\r\n");
      CHECK(reply.size() <= rc::server::cachedump_bytes_max);
      CHECK(reply.ends_with("END\r\n"));
      whole += reply;
    }
    // One class has them all; it alone would exceed the bound.
    CHECK(whole.size() > rc::server::cachedump_bytes_max - 1024);
    CHECK(peer.blocks() > 0);
  }

  TEST_CASE("where dumping is not allowed there is none of any kind") {
    TestNode node({.allow_dump = false});
    Peer peer(node);
    CHECK(peer.talk("set a 0 0 1\r\nx\r\n") == "STORED\r\n");
    CHECK(peer.talk("lru_crawler metadump all\r\n") == "ERROR metadump not allowed\r\n");
    CHECK(peer.talk("lru_crawler mgdump all\r\n") == "ERROR mgdump not allowed\r\n");
    for (const auto* command : {"stats cachedump 1 0\r\n", "stats cachedump\r\n"}) {
      CHECK(peer.talk(command) == "CLIENT_ERROR stats cachedump not allowed\r\n");
    }
    for (const auto* command : {"stats detail on\r\n", "stats detail dump\r\n"}) {
      CHECK(peer.talk(command) == "CLIENT_ERROR stats detail not allowed\r\n");
    }
  }

  TEST_CASE("sizes are counted in steps of 32 bytes once that is switched on") {
    TestNode node;
    Peer peer(node);
    peer.talk("set a 0 0 3\r\nabc\r\nset b 0 0 3\r\ndef\r\n");
    peer.talk("set large 0 0 1000\r\n" + std::string(1000, 'x') + "\r\n");
    CHECK(peer.talk("stats sizes\r\n") == "STAT sizes_status disabled\r\nEND\r\n");
    CHECK(peer.talk("stats sizes_enable\r\n") == "STAT sizes_status enabled\r\nEND\r\n");
    CHECK(peer.talk("stats sizes\r\nmn\r\n") == "STAT 32 2\r\nSTAT 1056 1\r\nEND\r\nMN\r\n");
    CHECK(peer.talk("stats sizes_disable\r\n") == "STAT sizes_status disabled\r\nEND\r\n");
    CHECK(peer.talk("stats sizes\r\n") == "STAT sizes_status disabled\r\nEND\r\n");
  }
}
