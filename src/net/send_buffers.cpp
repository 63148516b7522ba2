#include "net/send_buffers.hpp"

#include "base/assert.hpp"

#include <utility>

namespace rc::net {

std::unique_ptr<SendBuffer> SendBuffers::take() {
  ++in_use_;
  // Not make_unique<SendBuffer>(): it would clear 16 KiB for every short reply.
  if (free_.empty()) return std::unique_ptr<SendBuffer>(new SendBuffer);
  std::unique_ptr<SendBuffer> buffer = std::move(free_.back());
  free_.pop_back();
  buffer->pieces = 0;
  buffer->used = 0;
  return buffer;
}

void SendBuffers::give_back(std::unique_ptr<SendBuffer> buffer) {
  RC_ASSERT(in_use_ > 0);
  --in_use_;
  if (free_.size() < kept_max) free_.push_back(std::move(buffer));
}

}  // namespace rc::net
