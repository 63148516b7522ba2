// The parser of memcached's text protocol: the first line of some bytes becomes a Request, or an
// error line and a rule how the framing goes on. Meta commands are handed to meta_parse.hpp.
//
// A pure function of the bytes: it keeps no state, copies nothing and never reads a value; what it
// says about a line does not depend on the pieces the line came in. After bad input either exactly
// the bytes that belong to the request are to be consumed, or the connection is to be closed: a
// value is never taken for a command where its length is known.
// Thread: any.
#pragma once

#include "proto/parsed.hpp"
#include "proto/request.hpp"

#include <cstddef>
#include <string_view>

namespace rc::proto {

// `searched_bytes` is how many of the bytes were given in an earlier call that answered
// `incomplete`; they are not searched for a newline again. It changes the cost, not the answer.
[[nodiscard]] Parsed parse_text(
    std::string_view bytes, Request& request, std::size_t searched_bytes = 0
);

}  // namespace rc::proto
