// The keys of the retrievals at the head of a connection's input, to be looked up together so that
// their cache misses overlap. One batch may hold many small gets or a part of a long one.
//
// Collecting only reads. What has been answered is written down per key as a Mark, so the session
// may stop behind any key when the output is full, and goes on there later.
// Thread: the owning worker.
#pragma once

#include "base/assert.hpp"
#include "proto/request.hpp"
#include "store/access.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rc::server {

// What a meta or binary request wants to hear of its one key. (A classic get has many keys and
// hears the same of each.)
struct Ask {
  proto::Echo echo;
  proto::Bits<proto::Return> returns;
  bool silent_miss = false;
  // The value is left out if the peer has this version already.
  bool knows_version = false;
  std::uint64_t known_cas = 0;
};

[[nodiscard]] inline Ask ask_of(const proto::Request& request) {
  const bool quiet_meta = request.echo.dialect == proto::Dialect::meta && request.echo.quiet;
  return {
      .echo = request.echo,
      .returns = request.returns,
      .silent_miss = quiet_meta || request.with.has(proto::With::silent_miss),
      .knows_version = request.with.has(proto::With::compare_cas),
      .known_cas = request.cas};
}

class GetBatch {
 public:
  static constexpr std::size_t keys_max = store::Access::batch_max;

  // Where the input stands once this key has been answered.
  struct Mark {
    std::uint32_t input_end = 0;  // how far into the input
    std::uint32_t line_left = 0;  // bytes of the line that are left, 0 behind its last key
    bool returns_cas = false;
    proto::Dialect dialect = proto::Dialect::classic;  // otherwise there is an Ask
    [[nodiscard]] bool ends_request() const { return line_left == 0; }
  };

  void clear() {
    count_ = 0;
    touches_ = false;
  }
  // All keys of the batch are those of one gat: each gets this expiry, as it came on the wire.
  void set_touch(std::int32_t exptime) {
    touches_ = true;
    exptime_ = exptime;
  }
  void add(std::string_view key, const Mark& mark) {
    RC_DEBUG_ASSERT(!full());
    lookups_[count_].key = key;
    marks_[count_] = mark;
    ++count_;
  }

  // The one key of a meta or binary request, which ends at `input_end`.
  void add(const proto::Request& request, std::size_t input_end) {
    std::string_view key = request.key;
    if (request.echo.base64_key) {
      // The next request will be decoded to where this one is.
      std::copy(key.begin(), key.end(), decoded_[count_].begin());
      key = {decoded_[count_].data(), key.size()};
    }
    asks_[count_] = ask_of(request);
    const auto end = static_cast<std::uint32_t>(input_end);
    add(key, {.input_end = end, .dialect = request.echo.dialect});
  }

  [[nodiscard]] bool full() const { return count_ == keys_max; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool touches() const { return touches_; }
  [[nodiscard]] std::int32_t exptime() const { return exptime_; }
  [[nodiscard]] std::span<store::Access::Lookup> lookups() { return {lookups_.data(), count_}; }
  [[nodiscard]] store::Access::Lookup& lookup(std::size_t i) { return lookups_[i]; }
  [[nodiscard]] const Mark& mark(std::size_t i) const { return marks_[i]; }
  // Requires: mark(i).dialect is not classic.
  [[nodiscard]] const Ask& ask(std::size_t i) const { return asks_[i]; }

 private:
  std::size_t count_ = 0;
  bool touches_ = false;
  std::int32_t exptime_ = 0;
  std::array<store::Access::Lookup, keys_max> lookups_;
  std::array<Mark, keys_max> marks_;
  std::array<Ask, keys_max> asks_;
  std::array<std::array<char, proto::key_bytes_max>, keys_max> decoded_;
};

}  // namespace rc::server
