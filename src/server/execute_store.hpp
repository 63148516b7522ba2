// The two ends of a storage command: making room when its line is read, and storing when its value
// is there.
// Thread: the owning worker, inside a turn.
#pragma once

#include "net/sink.hpp"
#include "proto/request.hpp"
#include "server/context.hpp"
#include "server/pending_store.hpp"

namespace rc::server {

[[nodiscard]] StoreTerms terms_of(const proto::Request& request, UnixSeconds now);

// Room for the value, or an empty draft after the refusal has been answered: then the value is to
// be skipped.
[[nodiscard]] store::Draft reserve_value(
    const proto::Request& request, Context& context, net::Output& out
);

// Stores the complete draft and answers.
void finish_store(
    store::Draft&& draft, const StoreTerms& terms, Context& context, net::Output& out
);

// The value was not followed by a line end: drops it and says so; what was there stays.
void refuse_chunk(const StoreTerms& terms, Context& context, net::Output& out);

}  // namespace rc::server
