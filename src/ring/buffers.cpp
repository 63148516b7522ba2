#include "ring/buffers.hpp"

#include "base/assert.hpp"

#include <atomic>
#include <bit>

namespace rc::ring {

int Buffers::open(int ring_fd, std::uint16_t group, const BufferShape& shape) {
  RC_ASSERT(std::has_single_bit(shape.count));
  shape_ = shape;
  slots_.unmap();
  memory_.unmap();
  int error = slots_.map(shape.count * sizeof(BufferSlot), -1, 0);
  if (error < 0) return error;
  error = memory_.map(std::size_t{shape.count} * shape.bytes, -1, 0);
  if (error < 0) return error;
  BufferRingRequest request;
  request.ring_addr = reinterpret_cast<std::uint64_t>(slots_.data());
  request.ring_entries = shape.count;
  request.group = group;
  request.flags = shape.incremental ? IOU_PBUF_RING_INC : 0;
  error = system_register(ring_fd, IORING_REGISTER_PBUF_RING, &request, 1);
  if (error < 0) return error;
  filled_.assign(shape.count, 0);
  finished_.reserve(shape.count);
  for (std::uint32_t id = 0; id < shape.count; ++id) {
    finished_.push_back(static_cast<std::uint16_t>(id));
  }
  publish();
  return 0;
}

std::string_view Buffers::take(std::uint32_t completion_flags, std::size_t bytes) {
  const std::uint32_t id = completion_flags >> IORING_CQE_BUFFER_SHIFT;
  RC_ASSERT(id < shape_.count);
  RC_ASSERT(filled_[id] + bytes <= shape_.bytes);
  const std::byte* begin = memory_.data() + std::size_t{id} * shape_.bytes + filled_[id];
  filled_[id] += static_cast<std::uint32_t>(bytes);
  const bool kernel_goes_on = (completion_flags & IORING_CQE_F_BUF_MORE) != 0;
  if (!kernel_goes_on) finished_.push_back(static_cast<std::uint16_t>(id));
  return {reinterpret_cast<const char*>(begin), bytes};
}

void Buffers::publish() {
  if (finished_.empty()) return;
  for (const std::uint16_t id : finished_) put(id);
  finished_.clear();
  auto* first = reinterpret_cast<BufferSlot*>(slots_.data());
  // Release: the kernel's acquire load of the tail must see the slots before it.
  std::atomic_ref<std::uint16_t>(first->tail).store(tail_, std::memory_order_release);
}

void Buffers::put(std::uint16_t id) {
  auto* slot = reinterpret_cast<BufferSlot*>(slots_.data()) + (tail_ & (shape_.count - 1));
  slot->address = reinterpret_cast<std::uint64_t>(memory_.data() + std::size_t{id} * shape_.bytes);
  slot->bytes = shape_.bytes;
  slot->id = id;
  filled_[id] = 0;
  ++tail_;
}

}  // namespace rc::ring
