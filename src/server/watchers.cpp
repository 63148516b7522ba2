#include "server/watchers.hpp"

#include "base/assert.hpp"
#include "base/numbers.hpp"
#include "proto/classic_write.hpp"
#include "proto/scan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rc::server {

namespace {

// Above this much of unsent output a watcher gets no more of it.
constexpr std::size_t output_max_bytes = 256 * 1024;
// What is moved at a time, so that the mutex is never held for long.
constexpr std::size_t piece_bytes = 4096;

struct Word {
  std::string_view text;
  WatchMask kind;
};

constexpr Word words[] = {
    {"fetchers", mask_of(Watch::fetchers)},
    {"mutations", mask_of(Watch::mutations)},
    {"evictions", mask_of(Watch::evictions)},
    {"deletions", mask_of(Watch::deletions)},
    {"connevents", mask_of(Watch::connevents)},
    {"rawcmds", 0},
    {"sysevents", 0},
    {"proxyreqs", 0},
    {"proxyevents", 0},
    {"proxyuser", 0},
};

void append_skipped(net::Output& out, std::uint64_t skipped) {
  constexpr std::string_view name = "skipped=";
  char* const begin = out.reserve(name.size() + number_text_max + 1);
  char* end = write_number(proto::write_bytes(begin, name), skipped);
  *end++ = '\n';
  out.commit(static_cast<std::size_t>(end - begin));
}

}  // namespace

std::optional<WatchMask> read_watch_order(std::string_view text) {
  proto::TokenCursor tokens(text);
  if (!tokens.more()) return mask_of(Watch::fetchers);
  WatchMask kinds = 0;
  while (tokens.more()) {
    const std::string_view token = tokens.next();
    const auto* const word = std::find_if(std::begin(words), std::end(words), [&](const Word& w) {
      return w.text == token;
    });
    if (word == std::end(words)) return std::nullopt;
    kinds = static_cast<WatchMask>(kinds | word->kind);
  }
  return kinds;
}

Watcher::Watcher(Watchers& all, WatchMask kinds)
    : all_(all), kinds_(kinds), buffer_(new char[all.buffer_bytes_]) {}

Watcher::~Watcher() {
  all_.leave(*this);
}

bool Watcher::append(std::string_view line) {
  const std::size_t capacity = all_.buffer_bytes_;
  if (skipped_ != 0 || line.size() > capacity - bytes_) {
    ++skipped_;
    return false;
  }
  const std::size_t end = (begin_ + bytes_) % capacity;
  const std::size_t first = std::min(line.size(), capacity - end);
  std::memcpy(&buffer_[end], line.data(), first);
  std::memcpy(&buffer_[0], line.data() + first, line.size() - first);
  bytes_ += line.size();
  return true;
}

std::size_t Watcher::take(char* out, std::size_t bytes_max) {
  const std::size_t taken = std::min({bytes_, bytes_max, all_.buffer_bytes_ - begin_});
  std::memcpy(out, &buffer_[begin_], taken);
  begin_ = (begin_ + taken) % all_.buffer_bytes_;
  bytes_ -= taken;
  return taken;
}

bool Watcher::has_lines() const {
  const std::lock_guard lock(all_.mutex_);
  return bytes_ != 0 || skipped_ != 0;
}

void Watcher::drain(net::Output& out) {
  while (out.pending_bytes() < output_max_bytes && has_lines()) {
    char* const begin = out.reserve(piece_bytes);
    std::uint64_t skipped = 0;
    std::size_t taken = 0;
    {
      const std::lock_guard lock(all_.mutex_);
      taken = take(begin, piece_bytes);
      if (bytes_ == 0) skipped = std::exchange(skipped_, 0);
    }
    out.commit(taken);
    if (skipped != 0) append_skipped(out, skipped);
  }
}

Watchers::Watchers(std::size_t buffer_bytes)
    : buffer_bytes_(std::max(buffer_bytes, buffer_min_bytes)) {}

Watchers::~Watchers() {
  RC_ASSERT(watchers_.empty());
}

Watchers::Told Watchers::tell(Watch kind, std::string_view line) {
  Told told;
  const std::lock_guard lock(mutex_);
  for (Watcher* const watcher : watchers_) {
    if ((watcher->kinds_ & mask_of(kind)) == 0) continue;
    ++(watcher->append(line) ? told.written : told.skipped);
  }
  return told;
}

std::unique_ptr<Watcher> Watchers::join(WatchMask kinds) {
  auto watcher = std::make_unique<Watcher>(*this, kinds);
  {
    const std::lock_guard lock(mutex_);
    if (watchers_.size() < watchers_max) {
      watchers_.push_back(watcher.get());
      update_mask();
      return watcher;
    }
  }
  // It leaves what it has not joined, without the mutex held.
  return nullptr;
}

void Watchers::leave(const Watcher& watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(std::remove(watchers_.begin(), watchers_.end(), &watcher), watchers_.end());
  update_mask();
}

std::size_t Watchers::count() const {
  const std::lock_guard lock(mutex_);
  return watchers_.size();
}

void Watchers::update_mask() {
  WatchMask all = 0;
  for (const Watcher* const watcher : watchers_)
    all = static_cast<WatchMask>(all | watcher->kinds_);
  // Relaxed: see mask().
  mask_.store(all, std::memory_order_relaxed);
}

}  // namespace rc::server
