// The options of the command line, one row each: the parser, the help and the suggestions are made
// from this table. The letters are memcached's, so that units and scripts written for it work; each
// has a long form of ours, and memcached's long form where that differs.
// Thread: any; constants.
#pragma once

#include <string_view>

namespace rc::daemon {

struct OptionRow {
  char letter;
  std::string_view name;
  std::string_view alias;     // memcached's long form; empty where it is the same
  std::string_view argument;  // what --help shows for its value; empty for a switch
  std::string_view help;      // empty: understood for memcached's sake and not shown
};

inline constexpr OptionRow option_rows[] = {
    {'l', "listen", "", "ADDR[,ADDR]", "addresses to serve: host, host:port, [v6]:port, * for all"},
    {'p', "port", "", "PORT", "TCP port; 0 or -1 takes any free one"},
    {'U', "udp-port", "", "PORT", "UDP port, served at loopback addresses; 0 for none"},
    {'s', "unix-socket", "", "PATH", "serve a Unix socket instead of TCP"},
    {'a', "unix-mask", "unix-mode", "MODE", "permissions of the Unix socket, octal"},
    {'m', "memory", "memory-limit", "SIZE", "memory limit, in MiB or with a unit: 64, 512m, 4g"},
    {'M', "no-evict", "disable-evictions", "", "refuse to store when memory is full"},
    {'I', "item-size-max", "max-item-size", "SIZE", "largest item, in bytes or with a unit: 1m"},
    {'c', "max-connections", "conn-limit", "N", "connections open at the same time"},
    {'t', "threads", "", "N", "worker threads"},
    {'R', "requests-per-turn", "max-reqs-per-event", "N", "requests of one connection in a row"},
    {'b', "backlog", "listen-backlog", "N", "connections waiting to be accepted"},
    {'A', "enable-shutdown", "", "", "let clients stop the server with `shutdown`"},
    {'F', "disable-flush-all", "", "", "refuse flush_all"},
    {'d', "daemon", "", "", "go to the background once it serves"},
    {'P', "pid-file", "pidfile", "PATH", "write the process id to this file"},
    {'u', "user", "", "NAME", "run as this user once the sockets are open"},
    {'k', "lock-memory", "", "", "keep memory out of swap"},
    {'r', "enable-coredumps", "", "", "allow core files of any size"},
    {'o', "extended", "", "NAME[=VALUE]", "memcached's extended options, such as idle_timeout=60"},
    {'v', "verbose", "", "", "say more; -vv says most"},
    {'h', "help", "", "", "print this"},
    {'V', "version", "", "", "print the version"},
    {'i', "license", "", "", ""},

    {'B', "protocol", "", "NAME", ""},
    {'C', "disable-cas", "", "", ""},
    {'D', "delimiter", "", "CHAR", ""},
    {'L', "enable-largepages", "", "", ""},
    {'N', "napi-ids", "napi_ids", "N", ""},
    {'S', "enable-sasl", "", "", ""},
    {'W', "disable-watch", "", "", ""},
    {'X', "disable-dumping", "", "", ""},
    {'Y', "auth-file", "", "PATH", ""},
    {'Z', "enable-ssl", "", "", ""},
    {'e', "memory-file", "", "PATH", ""},
    {'f', "slab-growth-factor", "", "FACTOR", ""},
    {'n', "slab-min-size", "", "BYTES", ""},
};

}  // namespace rc::daemon
