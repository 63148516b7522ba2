#include "server/watch_line.hpp"

#include "base/clock.hpp"
#include "base/numbers.hpp"
#include "proto/classic_write.hpp"
#include "server/uri.hpp"

namespace rc::server {

namespace {

// No address of a peer is longer, nor any other text here.
constexpr std::size_t text_max_bytes = 64;

char* write_microseconds(char* out, std::uint32_t microseconds) {
  for (std::uint32_t unit = 100'000; unit != 0; unit /= 10) {
    *out++ = static_cast<char>('0' + microseconds / unit % 10);
  }
  return out;
}

}  // namespace

WatchLine::WatchLine(std::uint64_t id, std::string_view type) {
  const WallTime now = read_wall_time();
  end_ = write_number(proto::write_bytes(end_, "ts="), count(now.seconds));
  *end_++ = '.';
  end_ = write_microseconds(end_, now.microseconds);
  end_ = write_number(proto::write_bytes(end_, " gid="), id);
  add("type", type);
}

WatchLine& WatchLine::add(std::string_view name, std::string_view text) {
  *end_++ = ' ';
  end_ = proto::write_bytes(end_, name);
  *end_++ = '=';
  end_ = proto::write_bytes(end_, text.substr(0, text_max_bytes));
  return *this;
}

WatchLine& WatchLine::add(std::string_view name, std::int64_t number) {
  add(name, std::string_view());
  end_ = write_number(end_, number);
  return *this;
}

WatchLine& WatchLine::add_key(std::string_view key) {
  add("key", std::string_view());
  end_ = write_uri(end_, key);
  return *this;
}

std::string_view WatchLine::finish() {
  *end_++ = '\n';
  return {bytes_.data(), static_cast<std::size_t>(end_ - bytes_.data())};
}

}  // namespace rc::server
