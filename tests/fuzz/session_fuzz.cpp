// A whole conversation over a real store: any bytes, given at once and in pieces, must be answered
// alike and must leave the store consistent. The first two bytes of an input choose the pieces and
// the room for output.
#include "../unit/server/peer.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using rc::server_test::NodeOptions;
using rc::server_test::Peer;
using rc::server_test::TestNode;

constexpr NodeOptions options{.memory_bytes = 8 * rc::mib, .item_size_max_bytes = 64 * rc::kib};

struct Heard {
  std::string replies;
  bool closed = false;
};

Heard whole(std::string_view text, std::size_t output_limit_bytes) {
  TestNode node(options);
  Peer peer(node, output_limit_bytes);
  return {.replies = peer.talk(text), .closed = peer.closed()};
}

Heard in_pieces(std::string_view text, std::uint8_t choice) {
  TestNode node(options);
  Peer peer(node);
  std::uint32_t state = choice;
  while (!text.empty()) {
    // A small generator: the pieces must follow from the input alone.
    state = state * 1664525U + 1013904223U;
    const std::size_t step = std::min<std::size_t>((state >> 24U) % (choice + 1U) + 1, text.size());
    peer.send(text.substr(0, step));
    text.remove_prefix(step);
  }
  return {.replies = peer.replies(), .closed = peer.closed()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const Heard at_once = whole(text, data[1] * std::size_t{64});
  const Heard pieces = in_pieces(text, data[0]);
  RC_ASSERT(at_once.closed == pieces.closed);
  // Statistics count the turns, which the pieces multiply.
  if (text.find("stats") == std::string_view::npos) RC_ASSERT(at_once.replies == pieces.replies);
  return 0;
}
