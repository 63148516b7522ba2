// What --help and --license print.
#include "base/version.hpp"
#include "daemon/command_line.hpp"
#include "daemon/option_table.hpp"

#include <algorithm>

namespace rc::daemon {

std::string help_text(const CommandLine& line) {
  const std::string name = line.as_memcached ? "memcached" : "ringcached";
  std::string text = name + " " + std::string(version) +
                     ": a memcached-compatible cache server on io_uring\n\n" + "usage: " + name +
                     " [options]\n\n";
  for (const OptionRow& row : option_rows) {
    if (row.help.empty()) continue;
    std::string left = std::string("  -") + row.letter + ", --" + std::string(row.name);
    if (!row.argument.empty()) left += " " + std::string(row.argument);
    left.resize(std::max<std::size_t>(left.size() + 2, 34), ' ');
    text += left + std::string(row.help) + "\n";
  }
  text += "memcached's other options are understood too.\n";
  const server::Settings& settings = line.settings;
  text += "defaults: " + std::string(line.as_memcached ? "all addresses" : "127.0.0.1") +
          ", port " + std::to_string(settings.port) + ", " + format_size(settings.memory_bytes) +
          ", " + std::to_string(settings.threads) + " threads, " +
          std::to_string(settings.connections_max) + " connections\n";
  text +=
      "examples:\n  ringcached -m 4g -l 10.0.0.5,[::1]\n  ringcached -s /run/cache.sock -a 0770\n";
  return text;
}

std::string license_text(const CommandLine& line) {
  return std::string(line.as_memcached ? "memcached " : "ringcached ") + std::string(version) +
         "\n\nCopyright (c) 2026, The ringcached authors\n"
         "Licensed under the BSD 3-Clause License, whose text comes with the program.\n";
}

}  // namespace rc::daemon
