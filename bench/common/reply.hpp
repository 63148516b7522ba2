// Replies of the classic text protocol, as a client reads them.
//
// next_reply() is a pure function over the bytes received so far: it neither copies nor keeps
// anything, so one parser serves every connection and a reply may arrive in any pieces. Only what
// the benchmarks ask of a server (get, set, cas, version) is told apart; any other line is
// `unexpected`, which a benchmark counts as a failure.
//
// Thread: any.
#pragma once

#include <cstddef>
#include <string_view>

namespace rc::bench {

enum class ReplyKind {
  incomplete,  // More bytes are needed; nothing was consumed.
  value,       // One VALUE block of a retrieval; END follows later.
  end,         // END: the retrieval is over.
  stored,      // STORED.
  exists,      // EXISTS: a cas met another version, so the key is there.
  not_found,   // NOT_FOUND: the key is not there.
  refused,     // SERVER_ERROR: the server understood but would not, such as an object too large.
  version,     // VERSION x.y.z.
  unexpected,  // Any other line, or a VALUE block that is not framed as promised.
};

struct Reply {
  ReplyKind kind = ReplyKind::incomplete;
  std::size_t size = 0;         // Bytes to drop from the input before the next call.
  std::string_view key = {};    // Of a value; points into the input.
  std::string_view value = {};  // Of a value; points into the input.
};

[[nodiscard]] Reply next_reply(std::string_view input);

}  // namespace rc::bench
