// The binary parser over any bytes: what it says must stay inside the bytes, and must be the same
// however few of them are there.
#include "base/assert.hpp"
#include "proto/binary_parse.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using rc::proto::parse_binary;
using rc::proto::Parsed;
using rc::proto::Request;
using rc::proto::Verdict;

// Parses the first packet; returns how far it reaches, 0 if there is none.
std::size_t check_packet(std::string_view bytes) {
  Request request;
  const Parsed parsed = parse_binary(bytes, request);
  if (parsed.verdict == Verdict::incomplete || parsed.verdict == Verdict::close) return 0;
  RC_ASSERT(parsed.line_bytes >= rc::proto::binary_header_bytes);
  RC_ASSERT(parsed.line_bytes <= bytes.size());
  RC_ASSERT(parsed.swallow_bytes <= rc::proto::binary_body_max);
  if (parsed.verdict == Verdict::request) {
    RC_ASSERT(request.key.size() <= rc::proto::key_bytes_max);
    RC_ASSERT(
        request.key.empty() ||
        request.key.data() + request.key.size() == bytes.data() + parsed.line_bytes
    );
    // One byte less is not enough, and what stands behind does not matter.
    Request again;
    const std::string_view packet = bytes.substr(0, parsed.line_bytes);
    const Parsed less = parse_binary(packet.substr(0, packet.size() - 1), again);
    RC_ASSERT(less.verdict == Verdict::incomplete);
    RC_ASSERT(parse_binary(packet, again).verdict == Verdict::request);
    RC_ASSERT(again.key == request.key && again.op == request.op);
  }
  return parsed.closes ? 0 : parsed.line_bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (const std::size_t reached = check_packet(bytes)) bytes.remove_prefix(reached);
  return 0;
}
