// Appending replies to a connection's output.
// Thread: the owning worker.
#pragma once

#include "net/sink.hpp"
#include "proto/classic_write.hpp"
#include "proto/texts.hpp"
#include "store/access.hpp"

#include <string_view>

namespace rc::server {

inline void append_short(net::Output& out, std::string_view text) {
  // The reply to a refused noreply command. An output without a buffer has no place to copy
  // nothing to.
  if (text.empty()) return;
  char* const begin = out.reserve(text.size());
  out.commit(static_cast<std::size_t>(proto::write_bytes(begin, text) - begin));
}

inline void append_text(net::Output& out, proto::Text text) {
  append_short(out, proto::line_of(text));
}

// The same unless the peer asked for silence.
inline void append_text(net::Output& out, proto::Text text, bool quiet) {
  if (!quiet) append_text(out, text);
}

// The value alone: from where it lies, if the store can keep it there; else copied.
void append_pieces(net::Output& out, store::Access& access, const store::Item& item);

// How a value is to be presented.
struct ValueForm {
  bool returns_cas = false;
  bool ends_request = false;  // END follows
};

// "VALUE ...", the value and a line end. `key` is the item's key; the caller has it at hand, where
// the item's own copy may be out of the cache.
void append_value(
    net::Output& out,
    store::Access& access,
    std::string_view key,
    const store::Item& item,
    ValueForm form
);

}  // namespace rc::server
