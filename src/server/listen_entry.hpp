// An entry of -l: an address, and in front of it what memcached lets one say of a listener.
//
//   127.0.0.1:11211                   what -B says is spoken there
//   proto[ascii]:127.0.0.1:11211      only this: ascii, binary, or negotiating for both
//   tag[NAME]:, notls:                understood; there are no tags to ask for, and no TLS
//
// Thread: any; a plain value.
#pragma once

#include "base/result.hpp"
#include "server/settings.hpp"

#include <optional>
#include <string_view>

namespace rc::server {

struct ListenEntry {
  std::string_view address;          // for net::resolve(), which judges it
  std::optional<Protocol> protocol;  // nothing: Settings::protocol
};

// Views point into `text`. The error's message is complete.
[[nodiscard]] Result<ListenEntry> parse_listen_entry(std::string_view text);

}  // namespace rc::server
