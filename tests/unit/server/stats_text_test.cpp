#include "server/stats_text.hpp"

#include "peer.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::server_test::Peer;
using rc::server_test::TestNode;

struct Stat {
  std::string name;
  std::string value;
};

// Reads a reply the way exporters do: every line three words, then END.
std::vector<Stat> stats_of(const std::string& reply) {
  std::vector<Stat> stats;
  std::istringstream lines(reply);
  std::string line;
  while (std::getline(lines, line)) {
    REQUIRE(!line.empty());
    REQUIRE(line.back() == '\r');
    line.pop_back();
    if (line == "END") {
      CHECK(reply.substr(reply.size() - 5) == "END\r\n");
      return stats;
    }
    std::istringstream words(line);
    std::string stat;
    std::string more;
    Stat entry;
    words >> stat >> entry.name >> entry.value;
    CAPTURE(line);
    CHECK(stat == "STAT");
    CHECK_FALSE(entry.value.empty());
    CHECK_FALSE(static_cast<bool>(words >> more));
    stats.push_back(entry);
  }
  FAIL("no END");
  return stats;
}

std::map<std::string, std::string> map_of(const std::string& reply) {
  std::map<std::string, std::string> map;
  for (const Stat& stat : stats_of(reply)) {
    CHECK_MESSAGE(map.count(stat.name) == 0, "twice: ", stat.name);
    map[stat.name] = stat.value;
  }
  return map;
}

// The keys of a default memcached 1.6.45, in its order.
const std::vector<std::string>& memcached_keys() {
  static const std::vector<std::string> keys = [] {
    std::istringstream words(
        "pid uptime time version libevent pointer_size rusage_user rusage_system max_connections "
        "curr_connections total_connections rejected_connections connection_structures "
        "response_obj_oom response_obj_count response_obj_bytes read_buf_count read_buf_bytes "
        "read_buf_bytes_free read_buf_oom reserved_fds cmd_get cmd_set cmd_flush cmd_touch "
        "cmd_meta get_hits get_misses get_expired get_flushed delete_misses delete_hits "
        "incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits cas_badval touch_hits "
        "touch_misses store_too_large store_no_memory auth_cmds auth_errors bytes_read "
        "bytes_written limit_maxbytes accepting_conns listen_disabled_num "
        "time_in_listen_disabled_us threads conn_yields hash_power_level hash_bytes "
        "hash_is_expanding slab_reassign_rescues slab_reassign_chunk_rescues "
        "slab_reassign_inline_reclaim slab_reassign_busy_items slab_reassign_busy_deletes "
        "slab_reassign_busy_nomem slab_reassign_last_busy_status slab_reassign_running "
        "slabs_moved lru_crawler_running lru_crawler_starts lru_maintainer_juggles malloc_fails "
        "log_worker_dropped log_worker_written log_watcher_skipped log_watcher_sent log_watchers "
        "unexpected_napi_ids round_robin_fallback bytes curr_items total_items "
        "slab_global_page_pool expired_unfetched evicted_unfetched evicted_active evictions "
        "reclaimed crawler_reclaimed crawler_items_checked lrutail_reflocked moves_to_cold "
        "moves_to_warm moves_within_lru direct_reclaims lru_bumps_dropped"
    );
    return std::vector<std::string>{std::istream_iterator<std::string>(words), {}};
  }();
  return keys;
}

// The keys of its `stats settings`, without those of TLS and of values on disk.
const std::set<std::string>& memcached_settings() {
  static const std::set<std::string> keys = [] {
    std::istringstream words(
        "maxbytes maxconns tcpport udpport inter verbosity oldest evictions domain_socket umask "
        "shutdown_command growth_factor chunk_size num_threads num_threads_per_udp "
        "stat_key_prefix detail_enabled reqs_per_event cas_enabled tcp_backlog binding_protocol "
        "auth_enabled_sasl auth_enabled_ascii item_size_max maxconns_fast hashpower_init "
        "slab_reassign slab_automove slab_automove_ratio slab_automove_window slab_chunk_max "
        "lru_crawler lru_crawler_sleep lru_crawler_tocrawl tail_repair_time flush_enabled "
        "dump_enabled hash_algorithm lru_maintainer_thread lru_segmented hot_lru_pct warm_lru_pct "
        "hot_max_factor warm_max_factor temp_lru temporary_ttl idle_timeout watcher_logbuf_size "
        "worker_logbuf_size read_buf_mem_limit track_sizes inline_ascii_response num_napi_ids "
        "memory_file client_flags_size"
    );
    return std::set<std::string>{std::istream_iterator<std::string>(words), {}};
  }();
  return keys;
}

}  // namespace

TEST_SUITE("server/stats_text") {
  TEST_CASE("stats has memcached's keys in memcached's order, and the product") {
    TestNode node;
    Peer peer(node);
    std::vector<std::string> names;
    for (const Stat& stat : stats_of(peer.talk("stats\r\n"))) names.push_back(stat.name);
    std::vector<std::string> expected = memcached_keys();
    CHECK(expected.size() == 93);
    expected.emplace_back("product");
    CHECK(names == expected);
  }

  TEST_CASE("the keys and values of stats are what scrapers can read") {
    TestNode node;
    Peer peer(node);
    const std::regex key("[a-z0-9_]+");
    const std::regex seconds("[0-9]+\\.[0-9]{6}");
    const std::regex number("[0-9]+");
    for (const char* command : {"stats\r\n", "stats \n", "stats ringcached\r\n"}) {
      for (const Stat& stat : stats_of(peer.talk(command))) {
        CAPTURE(stat.name);
        CAPTURE(stat.value);
        CHECK(std::regex_match(stat.name, key));
        if (stat.name == "version" || stat.name == "product" || stat.name == "allocator") continue;
        const bool is_time = stat.name.substr(0, 7) == "rusage_";
        CHECK(std::regex_match(stat.value, is_time ? seconds : number));
      }
    }
    CHECK(std::regex_match(
        map_of(peer.talk("stats\r\n"))["version"], std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")
    ));
  }

  TEST_CASE("stats fits the buffer of collectd even with the largest numbers") {
    TestNode node;
    Peer peer(node);
    rc::stats::Counters& counters = node.node().worker(0).counters;
    for (std::size_t i = 0; i < rc::stats::metric_count; ++i) {
      counters.add(static_cast<rc::stats::Metric>(i), 9'000'000'000'000'000'000ULL);
    }
    CHECK(peer.talk("stats\r\n").size() < 4096);
  }

  TEST_CASE("no figure can make stats too long for collectd, whatever it becomes") {
    TestNode node({.idle_timeout_s = 60});
    Peer peer(node);
    const std::string reply = peer.talk("stats\r\n");
    const auto stats = map_of(reply);
    CHECK(stats.size() == memcached_keys().size() + 2);
    CHECK(stats.count("idle_kicks") == 1);
    std::size_t bytes = reply.size();
    for (const auto& [name, value] : stats) {
      const bool has_fraction = name.starts_with("rusage_");
      const std::size_t longest = rc::number_text_max + (has_fraction ? 7 : 0);
      REQUIRE(value.size() <= longest);
      bytes += longest - value.size();
    }
    CHECK(bytes < 4096);
  }

  TEST_CASE("stats counts what was done, and reset keeps what is") {
    TestNode node;
    Peer peer(node);
    node.node().worker(0).counters.add(rc::stats::Metric::total_connections, 3);
    node.node().worker(0).counters.add(rc::stats::Metric::closed_connections, 1);
    peer.talk("set a 0 0 1\r\n1\r\nget a b\r\ndelete c\r\n");
    node.pass(10);
    auto stats = map_of(peer.talk("stats\r\n"));
    CHECK(stats["cmd_get"] == "2");
    CHECK(stats["get_hits"] == "1");
    CHECK(stats["get_misses"] == "1");
    CHECK(stats["cmd_set"] == "1");
    CHECK(stats["delete_misses"] == "1");
    CHECK(stats["curr_items"] == "1");
    CHECK(stats["total_items"] == "1");
    CHECK(stats["curr_connections"] == "2");
    CHECK(stats["total_connections"] == "3");
    CHECK(stats["uptime"] == "10");
    CHECK(stats["time"] == std::to_string(TestNode::start_s + 10));
    CHECK(stats["limit_maxbytes"] == "67108864");
    CHECK(stats["product"] == "ringcached");
    CHECK(stats["bytes"] != "0");

    CHECK(peer.talk("stats reset\r\n") == "RESET\r\n");
    stats = map_of(peer.talk("stats\r\n"));
    CHECK(stats["cmd_get"] == "0");
    CHECK(stats["total_items"] == "0");
    CHECK(stats["total_connections"] == "0");
    CHECK(stats["curr_items"] == "1");
    CHECK(stats["curr_connections"] == "2");
    peer.talk("get a\r\n");
    CHECK(map_of(peer.talk("stats\r\n"))["cmd_get"] == "1");
  }

  TEST_CASE("stats settings tells what was set in memcached's keys") {
    TestNode node;
    Peer peer(node);
    auto settings = map_of(peer.talk("stats settings\r\n"));
    CHECK(settings["maxbytes"] == "67108864");
    CHECK(settings["maxconns"] == "1024");
    CHECK(settings["tcpport"] == "11211");
    CHECK(settings["item_size_max"] == "1048576");
    CHECK(settings["evictions"] == "on");
    CHECK(settings["umask"] == "700");
    CHECK(settings["num_threads"] == "1");
    CHECK(settings["client_flags_size"] == "4");
    CHECK(settings["binding_protocol"] == "auto-negotiate");
    CHECK(settings["track_sizes"] == "no");
    std::set<std::string> names;
    for (const auto& [name, value] : settings) names.insert(name);
    CHECK(names == memcached_settings());
  }

  TEST_CASE("the binary protocol has the keys of the text") {
    TestNode node;
    Peer peer(node);
    std::string request("\x80\x10", 2);
    request.resize(24);
    Peer binary(node);
    const std::string packets = binary.talk(request);
    std::vector<std::string> names;
    for (std::size_t at = 0; at + 24 <= packets.size();) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(packets[at + i]); };
      const std::size_t key_bytes = byte(3);
      if (key_bytes != 0) names.push_back(packets.substr(at + 24, key_bytes));
      at += 24 + byte(11) + std::size_t{256} * byte(10);
    }
    std::vector<std::string> expected = memcached_keys();
    expected.emplace_back("product");
    CHECK(names == expected);
  }

  TEST_CASE("every class of stats slabs and items has what the exporter insists on") {
    TestNode node;
    Peer peer(node);
    const std::string empty = peer.talk("stats items\r\n");
    CHECK(empty == "END\r\n");
    peer.talk("set a 0 0 1\r\n1\r\nset b 0 0 1000\r\n" + std::string(1000, 'x') + "\r\n");
    std::set<std::string> classes;
    auto slabs = map_of(peer.talk("stats slabs\r\n"));
    for (const auto& [name, value] : slabs) {
      const std::size_t colon = name.find(':');
      if (colon != std::string::npos) classes.insert(name.substr(0, colon));
    }
    CHECK(classes.size() >= 2);
    CHECK(slabs["active_slabs"] == std::to_string(classes.size()));
    CHECK(slabs.count("total_malloced") == 1);
    auto items = map_of(peer.talk("stats items\r\n"));
    for (const std::string& number : classes) {
      CAPTURE(number);
      for (const char* key :
           {"chunk_size",
            "total_pages",
            "used_chunks",
            "cmd_set",
            "cas_hits",
            "cas_badval",
            "touch_hits"}) {
        CHECK(slabs.count(number + ":" + key) == 1);
      }
      for (const char* key :
           {"number", "age", "evicted", "evicted_time", "outofmemory", "tailrepairs"}) {
        CHECK(items.count("items:" + number + ":" + key) == 1);
      }
    }
  }

  TEST_CASE("stats conns lists the open connections") {
    TestNode node;
    Peer peer(node);
    Peer other(node);
    other.talk("set a 0 0 10\r\nhalf");
    node.pass(5);
    const std::string conns = peer.talk("stats conns\r\n");
    CHECK(conns.find("STAT 7:addr tcp:127.0.0.1:4711\r\n") != std::string::npos);
    CHECK(conns.find("STAT 7:listen_addr tcp:127.0.0.1:11211\r\n") != std::string::npos);
    CHECK(conns.find("STAT 7:state conn_nread\r\n") != std::string::npos);
    CHECK(conns.find("STAT 7:secs_since_last_cmd 5\r\n") != std::string::npos);
    CHECK(conns.substr(conns.size() - 5) == "END\r\n");
  }

  TEST_CASE("stats sizes is off and an unknown topic is an error") {
    TestNode node;
    Peer peer(node);
    CHECK(peer.talk("stats sizes\r\n") == "STAT sizes_status disabled\r\nEND\r\n");
    CHECK(peer.talk("stats nonsense\r\n") == "ERROR\r\n");
  }
}
