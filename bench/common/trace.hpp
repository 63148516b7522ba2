// Traces of cache requests: little-endian 64-bit words, one per request, the low half the number
// of the object (dense from 0), the high half its size in bytes, 1 where the trace has no sizes.
//
// Thread: any.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace rc::bench {

struct TraceRequest {
  std::uint32_t object;
  std::uint32_t size_bytes;
};

using Trace = std::vector<TraceRequest>;

// Reads up to `requests_max` requests from a file, or from standard input for "-". A file that
// ends inside a word is an error: it is cut, or no trace at all (such as one still compressed).
[[nodiscard]] Result<Trace> read_trace(const std::string& path, std::size_t requests_max);
[[nodiscard]] Result<Trace> read_trace(std::FILE* file, std::size_t requests_max);

}  // namespace rc::bench
