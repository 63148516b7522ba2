// What the sessions of a worker tell those who watch the node, and how it is put into lines. Every
// function but StoreNote's asks first whether anybody watches, which is a bit in the context.
//
// As in memcached, whatever looks a key up is an item_get, also when it goes on to store or to
// delete it. `cfd` is the number of the connection in `stats conns`, `clsid` that of the size class
// in `stats items`, `size` the length of the value.
// Thread: the owning worker, inside a turn.
#pragma once

#include "net/sink.hpp"
#include "proto/request.hpp"
#include "server/connection_list.hpp"
#include "server/context.hpp"
#include "store/access.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace rc::server {

// A look-up; an empty item is a miss.
void tell_get_now(std::string_view key, const store::Item& item, Context& context);
inline void tell_get(std::string_view key, const store::Item& item, Context& context) {
  if (context.watches(Watch::fetchers)) [[unlikely]]
    tell_get_now(key, item, context);
}
// The same for a command that is about to look up the key by itself.
inline void tell_get(std::string_view key, Context& context) {
  if (!context.watches(Watch::fetchers)) return;
  tell_get_now(key, context.access.glance(key), context);
}

// An item that a storage command without a value made: incr with an initial value.
void tell_created(std::string_view key, Context& context);

// A value that was refused before it came.
void tell_refused(
    const proto::Request& request, store::Mode mode, store::Outcome why, Context& context
);

// An item that is about to be deleted. What it was has to be read before, and whether it is gone is
// known after.
class DeletionNote {
 public:
  DeletionNote(const proto::Request& request, Context& context);
  void finish(store::Outcome outcome, Context& context) const;

 private:
  const proto::Request& request_;
  bool is_watched_;
  std::uint32_t class_number_ = 0;
  std::uint32_t value_bytes_ = 0;
};

// A storage command; the draft is gone when its outcome is known. Made only where somebody watches.
class StoreNote {
 public:
  StoreNote(const store::Item& draft, store::Mode mode, Context& context);
  void finish(store::Outcome outcome, Context& context) const;

 private:
  [[nodiscard]] std::string_view key() const { return {key_.data(), key_bytes_}; }

  store::Mode mode_;
  std::size_t key_bytes_;
  std::array<char, proto::key_bytes_max> key_;
  std::int64_t ttl_s_;
  std::uint32_t class_number_;
  std::uint32_t value_bytes_;
};

void tell_eviction(const store::Item& item, Context& context);

void tell_opened(const ConnectionRecord& record, Context& context);
void tell_closed(const ConnectionRecord& record, net::Ending why, Context& context);

}  // namespace rc::server
