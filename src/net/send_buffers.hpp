// Memory for replies: blocks of 16 KiB in a pool of last-in-first-out, so that the handful of
// blocks which serve a busy worker stay in its cache. An idle connection holds none.
//
// The pool has a share it should not exceed. It never refuses, because a reply begun must be
// finished; exhausted() tells the loop to hold connections short.
// Thread: the owning worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace rc::net {

struct SendBuffer {
  static constexpr std::size_t block_bytes = 16 * 1024;
  static constexpr std::size_t payload_bytes = block_bytes - sizeof(std::uint64_t);

  std::uint32_t pieces = 0;  // of the chain that still point into this buffer
  std::uint32_t used = 0;
  char payload[payload_bytes];
};
static_assert(sizeof(SendBuffer) == SendBuffer::block_bytes);

class SendBuffers {
 public:
  explicit SendBuffers(std::size_t share_bytes) : share_bytes_(share_bytes) {}

  [[nodiscard]] std::unique_ptr<SendBuffer> take();
  void give_back(std::unique_ptr<SendBuffer> buffer);

  [[nodiscard]] bool exhausted() const { return in_use_bytes() > share_bytes_; }
  [[nodiscard]] std::size_t in_use_bytes() const { return in_use_ * SendBuffer::block_bytes; }
  [[nodiscard]] std::size_t kept_bytes() const { return free_.size() * SendBuffer::block_bytes; }

 private:
  // Kept for the next turn; more than that goes back to the allocator.
  static constexpr std::size_t kept_max = 64;

  std::size_t share_bytes_;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<SendBuffer>> free_;
};

}  // namespace rc::net
