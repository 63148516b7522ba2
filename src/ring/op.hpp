// The names of operations in flight. An OpId goes down with an operation and comes back with its
// completions; it packs into the 64 bits of io_uring's user_data.
//
// `index` names a connection slot (or a listener, or a descriptor, as the kind says), and
// `generation` tells the connection that has the slot now from the one that had it before: a
// completion of the wrong generation belongs to nobody.
// Thread: any.
#pragma once

#include <cstdint>

namespace rc::ring {

enum class OpKind : std::uint8_t {
  ignored,    // nobody waits for the outcome
  accept,     // index: listener
  recv,       // index: connection
  send,       // index: connection
  cancel,     // index: connection
  refuse,     // index: descriptor of a connection over the limit
  hand_over,  // index: descriptor of a connection on its way to another ring
  handed,     // index: listener; the result is the descriptor that another ring handed over
  wake,       // the loop's eventfd
  datagram,   // index: UDP socket
};

struct OpId {
  OpKind kind = OpKind::ignored;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // of which generation_mask survives packing

  static constexpr std::uint32_t generation_mask = 0xff'ffff;

  [[nodiscard]] constexpr std::uint64_t pack() const {
    return std::uint64_t{index} | (std::uint64_t{generation & generation_mask} << 32) |
           (std::uint64_t{static_cast<std::uint8_t>(kind)} << 56);
  }

  [[nodiscard]] static constexpr OpId unpack(std::uint64_t bits) {
    return {
        .kind = static_cast<OpKind>(bits >> 56),
        .index = static_cast<std::uint32_t>(bits),
        .generation = static_cast<std::uint32_t>(bits >> 32) & generation_mask,
    };
  }
};

}  // namespace rc::ring
