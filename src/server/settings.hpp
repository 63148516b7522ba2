// What a node was told to be: the outcome of the command line, shared by every part that acts on
// it or reports it. Values are final once the workers start.
// Thread: any, read only.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rc::server {

// What may be spoken on a connection.
enum class Protocol : std::uint8_t { any, ascii, binary };

struct Settings {
  // Addresses as typed: "127.0.0.1", "[::1]:11212", "*", "name:port", with or without the prefixes
  // of listen_entry.hpp. Those without a port use `port`.
  std::vector<std::string> listen;
  std::uint16_t port = 11211;
  // 0: no UDP.
  std::uint16_t udp_port = 0;
  // Also at addresses that are not loopback.
  bool udp_anywhere = false;
  // Path of a Unix socket, served instead of TCP; empty for none.
  std::string unix_socket;
  // Permission bits of the Unix socket, as in chmod.
  std::uint32_t unix_mode = 0700;

  std::uint64_t memory_bytes = 64 * mib;
  std::uint64_t item_size_max_bytes = mib;
  bool evict = true;

  std::uint32_t connections_max = 1024;
  std::uint32_t threads = 1;
  // Requests of one connection executed per turn of the loop before the others get theirs.
  std::uint32_t requests_per_turn = 64;
  std::uint32_t backlog = 1024;
  // A connection that asks nothing for so long is closed; 0: never.
  std::uint32_t idle_timeout_s = 0;
  // Where the listener says nothing else.
  Protocol protocol = Protocol::any;

  // What clients may do beyond reading and storing.
  bool allow_shutdown = false;
  bool allow_flush = true;
  bool allow_dump = true;
  bool allow_watch = true;
  // Ends the part of a key that names what it belongs to.
  char prefix_delimiter = ':';
  // Count by it from the start, for `stats detail`.
  bool count_prefixes = false;
  // `stats sizes` counts.
  bool track_sizes = false;

  // Lines that wait for one watcher to read them.
  std::uint64_t watcher_buffer_bytes = 256 * kib;

  std::uint32_t verbosity = 0;
  // The account to run as once the sockets are open; empty to stay.
  std::string user;
};

}  // namespace rc::server
