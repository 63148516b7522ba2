// Answers retrievals, in batches and alone.
// Thread: the owning worker, inside a turn.
#pragma once

#include "net/sink.hpp"
#include "server/context.hpp"
#include "server/get_batch.hpp"

#include <cstddef>

namespace rc::server {

// Looks up the keys of the batch and appends their replies, until the output is full. Returns how
// many keys, at least one, were answered. Requires: the batch is not empty.
[[nodiscard]] std::size_t answer_batch(GetBatch& batch, Context& context, net::Output& out);

// The reply to a fetch that was executed alone, on these terms.
void append_fetched(
    const Ask& ask,
    const store::FetchTerms& terms,
    const store::Fetched& fetched,
    Context& context,
    net::Output& out
);

}  // namespace rc::server
