#include "server/listen_entry.hpp"

#include <string>

namespace rc::server {

namespace {

constexpr std::string_view proto = "proto[";
constexpr std::string_view tag = "tag[";

Error unreadable(std::string_view text, std::string_view why) {
  return {0, "listen address '" + std::string(text) + "': " + std::string(why)};
}

std::optional<Protocol> protocol_named(std::string_view name) {
  if (name == "ascii") return Protocol::ascii;
  if (name == "binary") return Protocol::binary;
  if (name == "negotiating") return Protocol::any;
  return std::nullopt;
}

// Takes "prefix NAME]:" from the front of `rest`; the name, or nothing if its end is missing.
std::optional<std::string_view> take_name(std::string_view& rest, std::string_view prefix) {
  const std::size_t end = rest.find("]:");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view name = rest.substr(prefix.size(), end - prefix.size());
  rest.remove_prefix(end + 2);
  return name;
}

}  // namespace

Result<ListenEntry> parse_listen_entry(std::string_view text) {
  constexpr std::string_view no_tls = "notls:";
  ListenEntry entry{.address = text, .protocol = std::nullopt};
  while (true) {
    if (entry.address.starts_with(no_tls)) {
      entry.address.remove_prefix(no_tls.size());
    } else if (entry.address.starts_with(proto)) {
      const auto name = take_name(entry.address, proto);
      if (name) entry.protocol = protocol_named(*name);
      if (!name || !entry.protocol) {
        return unreadable(text, "expected proto[ascii]:, proto[binary]: or proto[negotiating]:");
      }
    } else if (entry.address.starts_with(tag)) {
      if (!take_name(entry.address, tag)) return unreadable(text, "expected tag[NAME]:");
    } else if (entry.address.starts_with("btls:") || entry.address.starts_with("mtls:")) {
      return unreadable(text, "TLS is not served; put a TLS proxy in front");
    } else {
      break;
    }
  }
  if (entry.address.empty()) return unreadable(text, "the address is missing");
  return entry;
}

}  // namespace rc::server
