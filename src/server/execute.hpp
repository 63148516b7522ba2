// The one switch: what each request does to the store and what it answers.
//
// `get` and `store` are not here because they take several steps (batches of keys, values that
// arrive in pieces); Session drives them with the functions of execute_store.hpp and get_batch.hpp.
// Thread: the owning worker, inside a turn.
#pragma once

#include "net/sink.hpp"
#include "proto/request.hpp"
#include "server/context.hpp"

namespace rc::server {

enum class After : std::uint8_t { go_on, close };

[[nodiscard]] After execute(const proto::Request& request, Context& context, net::Output& out);

}  // namespace rc::server
