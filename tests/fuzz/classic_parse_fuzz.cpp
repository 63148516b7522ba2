// The text parser, classic and meta, over any bytes: what it says must stay inside the bytes and
// must not depend on how many of them were seen before.
#include "base/assert.hpp"
#include "proto/classic_parse.hpp"
#include "proto/scan.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using rc::proto::parse_text;
using rc::proto::Parsed;
using rc::proto::Request;
using rc::proto::Verdict;

bool lies_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_request(const Request& request, std::string_view line) {
  // A base64 key is decoded to room of its own and may hold anything.
  if (request.with.has(rc::proto::With::base64_key)) return;
  RC_ASSERT(lies_within(request.key, line));
  RC_ASSERT(lies_within(request.rest, line));
  RC_ASSERT(request.key.size() <= rc::proto::key_bytes_max);
  RC_ASSERT(request.key.find_first_of(" \n") == std::string_view::npos);
  RC_ASSERT(request.value_bytes <= rc::proto::value_bytes_max);
  if (request.op != rc::proto::Op::get) return;
  RC_ASSERT(!request.key.empty());
  rc::proto::TokenCursor keys(request.rest);
  while (keys.more()) RC_ASSERT(keys.next().size() <= rc::proto::key_bytes_max);
}

// Parses the first line; returns its length, 0 if there is none.
std::size_t check_line(std::string_view bytes) {
  Request request;
  const Parsed parsed = parse_text(bytes, request);
  const std::size_t newline = bytes.find('\n');
  if (parsed.verdict == Verdict::incomplete) RC_ASSERT(newline == std::string_view::npos);
  if (parsed.verdict == Verdict::incomplete || parsed.verdict == Verdict::close) return 0;
  RC_ASSERT(parsed.line_bytes == newline + 1);
  const std::string_view line = bytes.substr(0, parsed.line_bytes);
  if (parsed.verdict == Verdict::request) check_request(request, line);

  // What stands behind the line does not matter, nor what was searched before.
  Request again;
  for (const std::size_t searched : {std::size_t{0}, newline / 2, newline}) {
    const Parsed alone = parse_text(line, again, searched);
    RC_ASSERT(alone.verdict == parsed.verdict && alone.line_bytes == parsed.line_bytes);
    RC_ASSERT(alone.swallow_bytes == parsed.swallow_bytes && alone.reply == parsed.reply);
  }
  return parsed.line_bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (const std::size_t line_bytes = check_line(bytes)) bytes.remove_prefix(line_bytes);
  return 0;
}
