// The receive buffers of a ring: the kernel takes one when bytes have arrived, so that idle
// connections hold none. They are parsed where they lie and go back all at once, in publish().
//
// Incremental (Linux 6.12): 16 buffers of 64 KiB that the kernel fills piece by piece, each piece
// behind the one before; a buffer is ours again when its last piece is. Else: 256 buffers of
// 4 KiB, one per arrival. One turn may drain hundreds of sockets, and a ring that runs empty costs
// up to 3 times the time per request, so it holds a turn's worth: 1 MiB, which still fits L2.
// Thread: that of the ring.
#pragma once

#include "ring/compat.hpp"
#include "ring/system.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rc::ring {

struct BufferShape {
  bool incremental = true;
  std::uint32_t count = 16;  // a power of two
  std::uint32_t bytes = 64 * 1024;
};
inline constexpr BufferShape incremental_shape{};
inline constexpr BufferShape plain_shape{.incremental = false, .count = 256, .bytes = 4096};

class Buffers {
 public:
  // Registers the buffers as `group`; 0 or -errno. -EINVAL: this kernel has none of that shape.
  [[nodiscard]] int open(int ring_fd, std::uint16_t group, const BufferShape& shape);

  // The `bytes` that a completion with these flags received.
  [[nodiscard]] std::string_view take(std::uint32_t completion_flags, std::size_t bytes);

  // Gives back all buffers that the kernel was done with; what take() returned is invalid then.
  void publish();

  [[nodiscard]] const BufferShape& shape() const { return shape_; }

 private:
  void put(std::uint16_t id);

  BufferShape shape_;
  Mapping slots_;
  Mapping memory_;
  std::uint16_t tail_ = 0;
  std::vector<std::uint32_t> filled_;    // per buffer, how far the kernel has filled it
  std::vector<std::uint16_t> finished_;  // to be given back
};

}  // namespace rc::ring
