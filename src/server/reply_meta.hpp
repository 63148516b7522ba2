// Replies to the meta commands.
// Thread: the owning worker.
#pragma once

#include "net/sink.hpp"
#include "proto/meta_write.hpp"
#include "server/get_batch.hpp"
#include "store/access.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace rc::server {

// What a mere look-up knows of an item.
[[nodiscard]] proto::MetaFacts facts_of(const store::Item& item, UnixSeconds now);
// What T made of the expiry, and N of that of a new item.
void tell_changes_of_time(
    proto::MetaFacts& facts,
    std::optional<store::Expiry> touched,
    std::optional<store::Expiry> vivified,
    UnixSeconds now
);

// "HD" and the flags asked for, or "VA" with the value.
void append_meta_item(
    net::Output& out,
    store::Access& access,
    const Ask& ask,
    const store::Item& item,
    const proto::MetaFacts& facts
);

// "EN" and what is echoed, unless the peer wants no word about misses.
void append_meta_miss(net::Output& out, const Ask& ask);

// What became of ms, md and ma: "HD" (silent if the peer wants that), "NS", "EX", "NF", or the line
// of an error, which is always sent.
void append_meta_outcome(
    net::Output& out,
    const proto::Echo& echo,
    store::Outcome outcome,
    proto::Bits<proto::Return> answers = proto::meta_echoes,
    const proto::MetaFacts& facts = {}
);

// The new value of a counter: "VA" with the number.
void append_meta_number(
    net::Output& out, const proto::Echo& echo, std::uint64_t number, const proto::MetaFacts& facts
);

// The line of me.
void append_meta_inspection(
    net::Output& out,
    const store::Access& access,
    std::string_view key,
    const store::Item& item,
    UnixSeconds now
);

}  // namespace rc::server
