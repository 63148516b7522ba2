// The open connections of one worker, for `stats conns`.
//
// Thread: the worker adds and removes; any thread may visit. All three take the list's mutex, which
// is free nearly always. The fields of a record that change while it is listed are atomics.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rc::server {

// What a connection is doing, as far as its bytes tell.
enum class Phase : std::uint8_t {
  greeting,  // nothing has come yet
  commands,  // between two requests, or in the middle of a line
  keys,      // within a retrieval whose first keys were answered
  value,     // the value of a storage command is arriving
  swallow,   // a refused value is being skipped
  dump,      // every item is being listed
  watch,     // the peer is told what happens, and asks for nothing more
};

struct ConnectionRecord {
  ConnectionRecord() = default;
  ConnectionRecord(const ConnectionRecord&) = delete;
  ConnectionRecord& operator=(const ConnectionRecord&) = delete;

  // Immutable while listed. `peer` fits the string itself for most IPv4 addresses.
  std::string peer;
  std::uint32_t id = 0;
  std::uint16_t listener = 0;  // index of its name in the list
  bool is_unix = false;

  // Written by the worker with every batch of bytes, read by visitors. Relaxed throughout: a
  // visitor wants a recent value and draws no conclusion from it.
  std::atomic<Phase> phase{Phase::greeting};
  std::atomic<std::uint32_t> last_active_s{0};

 private:
  friend class ConnectionList;
  ConnectionRecord* previous_ = nullptr;
  ConnectionRecord* next_ = nullptr;
};

class ConnectionList {
 public:
  // Remembers the record until remove(); `listener_name` is where it was accepted.
  void add(ConnectionRecord& record, std::string_view listener_name);
  void remove(ConnectionRecord& record);

  [[nodiscard]] std::size_t size() const;

  // Calls visit(const ConnectionRecord&, const std::string& listener_name) for each connection,
  // the youngest first, with the list locked: visit must be short and must not block.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const ConnectionRecord* record = first_; record != nullptr; record = record->next_) {
      visit(*record, listener_names_[record->listener]);
    }
  }

 private:
  [[nodiscard]] std::uint16_t listener_index(std::string_view name);

  mutable std::mutex mutex_;
  ConnectionRecord* first_ = nullptr;
  std::size_t size_ = 0;
  // One entry per listener of the node, not per connection.
  std::vector<std::string> listener_names_;
};

}  // namespace rc::server
