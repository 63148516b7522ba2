// One line for watchers, in memcached's words: "ts=... gid=... type=... key=..." and so on, ended
// by a newline alone. Differs from memcached's in one byte or another where that is a mistake of
// its: microseconds always have six digits here.
// Thread: any; a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::server {

class WatchLine {
 public:
  // The time is now; `id` is the event's.
  WatchLine(std::uint64_t id, std::string_view type);

  WatchLine& add(std::string_view name, std::string_view text);
  WatchLine& add(std::string_view name, std::int64_t number);
  // key=, with what is not plain in a URI written as %XX.
  WatchLine& add_key(std::string_view key);

  // The whole line. Once.
  [[nodiscard]] std::string_view finish();

 private:
  // A key of 250 bytes that are all escaped, and 250 bytes for all the rest; what would not fit is
  // cut off, and that only happens to the address of a peer.
  std::array<char, 1024> bytes_;
  char* end_ = bytes_.data();
};

}  // namespace rc::server
