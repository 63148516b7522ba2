#include "server/watch_events.hpp"

#include "base/assert.hpp"
#include "base/numbers.hpp"
#include "server/watch_line.hpp"

#include <algorithm>

namespace rc::server {

namespace {

using stats::Metric;

void tell(Watch kind, WatchLine& line, Context& context) {
  const Watchers::Told told = context.node.watchers().tell(kind, line.finish());
  context.counters.add(Metric::log_worker_written);
  context.counters.add(Metric::log_watcher_sent, told.written);
  context.counters.add(Metric::log_watcher_skipped, told.skipped);
}

WatchLine begin_line(std::string_view type, const Context& context) {
  return WatchLine(context.node.watchers().next_id(), type);
}

// memcached's 0 for what never expires; what is dead already has no time left either, but must not
// look the same.
std::int64_t stored_ttl_s(store::Expiry expiry, UnixSeconds now) {
  if (expiry == store::Expiry::never) return 0;
  return store::has_passed(expiry, now) ? -1 : store::seconds_left(expiry, now);
}

std::string_view word_of(store::Outcome outcome) {
  switch (outcome) {
    case store::Outcome::stored:
      return "stored";
    case store::Outcome::not_stored:
      return "not_stored";
    case store::Outcome::exists:
      return "exists";
    case store::Outcome::not_found:
      return "not_found";
    case store::Outcome::too_large:
      return "too_large";
    case store::Outcome::out_of_memory:
      return "no_memory";
  }
  RC_ASSERT(false && "an outcome of no kind");
  return {};
}

std::string_view word_of(store::Mode mode) {
  switch (mode) {
    case store::Mode::set:
      return "set";
    case store::Mode::add:
      return "add";
    case store::Mode::replace:
      return "replace";
    case store::Mode::append:
      return "append";
    case store::Mode::prepend:
      return "prepend";
    case store::Mode::cas:
      return "cas";
  }
  RC_ASSERT(false && "a mode of no kind");
  return {};
}

std::string_view word_of(net::Ending why) {
  switch (why) {
    case net::Ending::finished:
      return "normal";
    case net::Ending::failed:
      return "error";
    case net::Ending::idle:
      return "idle_timeout";
    case net::Ending::stopped:
      return "shutdown";
  }
  RC_ASSERT(false && "an ending of no kind");
  return {};
}

struct StoreFacts {
  std::string_view key;
  store::Mode mode = store::Mode::set;
  store::Outcome outcome = store::Outcome::stored;
  std::int64_t ttl_s = 0;
  std::uint32_t class_number = 0;
  std::uint32_t value_bytes = 0;
};

void tell_store(const StoreFacts& facts, Context& context) {
  WatchLine line = begin_line("item_store", context);
  line.add_key(facts.key)
      .add("status", word_of(facts.outcome))
      .add("cmd", word_of(facts.mode))
      .add("ttl", facts.ttl_s)
      .add("clsid", facts.class_number)
      .add("cfd", context.connection_id)
      .add("size", facts.value_bytes);
  tell(Watch::mutations, line, context);
}

// The address and the port of "127.0.0.1:4711" and "[::1]:4711".
void add_peer(WatchLine& line, const ConnectionRecord& record) {
  if (record.is_unix) {
    line.add("rip", "unix").add("rport", 0).add("transport", "local");
    return;
  }
  const std::string_view peer = record.peer;
  const std::size_t colon = std::min(peer.rfind(':'), peer.size());
  std::string_view address = peer.substr(0, colon);
  if (address.size() >= 2 && address.front() == '[')
    address = address.substr(1, address.size() - 2);
  const std::string_view port = peer.substr(std::min(colon + 1, peer.size()));
  line.add("rip", address).add("rport", port).add("transport", "tcp");
}

}  // namespace

void tell_get_now(std::string_view key, const store::Item& item, Context& context) {
  WatchLine line = begin_line("item_get", context);
  line.add_key(key)
      .add("status", item ? "found" : "not_found")
      .add("clsid", item ? context.access.class_number(item) : 0)
      .add("cfd", context.connection_id)
      .add("size", item ? item.value_bytes() : 0);
  tell(Watch::fetchers, line, context);
}

void tell_created(std::string_view key, Context& context) {
  if (!context.watches(Watch::mutations)) return;
  const store::Item item = context.access.glance(key);
  StoreFacts facts{.key = key, .mode = store::Mode::add};
  if (item) {
    facts.ttl_s = stored_ttl_s(item.expiry(), context.now.wall);
    facts.class_number = context.access.class_number(item);
    facts.value_bytes = item.value_bytes();
  }
  tell_store(facts, context);
}

void tell_refused(
    const proto::Request& request, store::Mode mode, store::Outcome why, Context& context
) {
  if (!context.watches(Watch::mutations)) return;
  const auto expiry = store::expiry_from_wire(request.exptime, context.now.wall);
  const StoreFacts facts{
      .key = request.key,
      .mode = mode,
      .outcome = why,
      .ttl_s = stored_ttl_s(expiry, context.now.wall),
      .value_bytes = request.value_bytes};
  tell_store(facts, context);
}

DeletionNote::DeletionNote(const proto::Request& request, Context& context)
    : request_(request), is_watched_(context.watches(Watch::deletions)) {
  if (!is_watched_ && !context.watches(Watch::fetchers)) return;
  const store::Item item = context.access.glance(request.key);
  tell_get(request.key, item, context);
  if (!item) return;
  class_number_ = context.access.class_number(item);
  value_bytes_ = item.value_bytes();
}

void DeletionNote::finish(store::Outcome outcome, Context& context) const {
  // What is marked stale is still there.
  const bool stays = request_.with.has(proto::With::invalidate);
  if (!is_watched_ || outcome != store::Outcome::stored || stays) return;
  const bool meta = request_.echo.dialect == proto::Dialect::meta;
  WatchLine line = begin_line("deleted", context);
  line.add_key(request_.key)
      .add("cmd", meta ? "md" : "delete")
      .add("clsid", class_number_)
      .add("size", value_bytes_);
  tell(Watch::deletions, line, context);
}

StoreNote::StoreNote(const store::Item& draft, store::Mode mode, Context& context)
    : mode_(mode),
      key_bytes_(draft.key().size()),
      ttl_s_(stored_ttl_s(draft.expiry(), context.now.wall)),
      class_number_(context.access.class_number(draft)),
      value_bytes_(draft.value_bytes()) {
  std::copy(draft.key().begin(), draft.key().end(), key_.begin());
  tell_get(key(), context);
}

void StoreNote::finish(store::Outcome outcome, Context& context) const {
  if (!context.watches(Watch::mutations)) return;
  StoreFacts facts{
      .key = key(),
      .mode = mode_,
      .outcome = outcome,
      .ttl_s = ttl_s_,
      .class_number = class_number_,
      .value_bytes = value_bytes_};
  // What was appended to has a length and an expiry of its own.
  if (outcome == store::Outcome::stored) {
    if (const store::Item item = context.access.glance(key())) {
      facts.ttl_s = stored_ttl_s(item.expiry(), context.now.wall);
      facts.class_number = context.access.class_number(item);
      facts.value_bytes = item.value_bytes();
    }
  }
  tell_store(facts, context);
}

void tell_eviction(const store::Item& item, Context& context) {
  WatchLine line = begin_line("eviction", context);
  line.add_key(item.key())
      .add("fetch", item.fetched() ? "yes" : "no")
      .add("ttl", store::seconds_left(item.expiry(), context.now.wall))
      .add("la", item.idle_seconds(context.now.wall))
      .add("clsid", context.access.class_number(item))
      .add("size", item.value_bytes());
  tell(Watch::evictions, line, context);
}

void tell_opened(const ConnectionRecord& record, Context& context) {
  if (!context.watches(Watch::connevents)) return;
  WatchLine line = begin_line("conn_new", context);
  add_peer(line, record);
  line.add("cfd", record.id);
  tell(Watch::connevents, line, context);
}

void tell_closed(const ConnectionRecord& record, net::Ending why, Context& context) {
  if (!context.watches(Watch::connevents)) return;
  WatchLine line = begin_line("conn_close", context);
  add_peer(line, record);
  line.add("reason", word_of(why)).add("cfd", record.id);
  tell(Watch::connevents, line, context);
}

}  // namespace rc::server
