// Replies of the binary protocol.
// Thread: the owning worker.
#pragma once

#include "net/sink.hpp"
#include "proto/binary_write.hpp"
#include "server/get_batch.hpp"
#include "store/access.hpp"

#include <cstdint>
#include <string_view>

namespace rc::server {

// Client flags, the key if the opcode returns it, and the value unless it is a touch.
void append_binary_item(
    net::Output& out, store::Access& access, const Ask& ask, const store::Item& item
);

void append_binary_miss(net::Output& out, const Ask& ask);

// Success, silent if the peer wants that.
void append_binary_ok(net::Output& out, const proto::Echo& echo, std::uint64_t cas = 0);
// A success that has something to say.
void append_binary_text(net::Output& out, const proto::Echo& echo, std::string_view text);
// Anything but a success is never silent.
void append_binary_error(net::Output& out, const proto::Echo& echo, proto::Status status);

// What became of a change. `mode` says what the words "not stored" mean.
void append_binary_outcome(
    net::Output& out,
    const proto::Echo& echo,
    store::Outcome outcome,
    store::Mode mode = store::Mode::set,
    std::uint64_t cas = 0
);

// The new value of a counter.
void append_binary_number(
    net::Output& out, const proto::Echo& echo, std::uint64_t number, std::uint64_t cas
);

// A packet of a name and a value.
void append_binary_stat(
    net::Output& out, const proto::Echo& echo, std::string_view name, std::string_view value
);
// A packet for each "STAT <name> <value>" line of the text, and an empty one behind them.
void append_binary_stats(net::Output& out, const proto::Echo& echo, std::string_view text);

}  // namespace rc::server
