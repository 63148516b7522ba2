// What the sessions of one worker share: the door to the store, the counters, the time of the turn
// and the scratch space of a batch of look-ups. So a session itself stays small.
// Thread: the owning worker.
#pragma once

#include "base/clock.hpp"
#include "proto/request.hpp"
#include "server/get_batch.hpp"
#include "server/node.hpp"
#include "server/pending_store.hpp"
#include "server/watchers.hpp"
#include "stats/counters.hpp"
#include "store/access.hpp"

#include <cstdint>
#include <vector>

namespace rc::server {

struct Context {
  Node& node;
  store::Access& access;
  stats::Counters& counters;
  PrefixCounter prefixes;
  Instant now;
  GetBatch batch;
  proto::Request request;
  PendingStores pending;
  std::vector<store::Item> items;  // that a step of a dump has met
  // What is watched in this turn, and on which connection we are: see watch_events.hpp.
  WatchMask watched = 0;
  std::uint32_t connection_id = 0;

  [[nodiscard]] bool watches(Watch kind) const { return (watched & mask_of(kind)) != 0; }
};

}  // namespace rc::server
