#include "net/pending_input.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rc::net {

void PendingInput::append(std::string_view bytes) {
  if (bytes.empty()) return;
  make_room(bytes.size());
  std::memcpy(data_ + begin_ + size_, bytes.data(), bytes.size());
  size_ += static_cast<std::uint32_t>(bytes.size());
}

void PendingInput::remove_prefix(std::size_t bytes) {
  RC_ASSERT(bytes <= size_);
  begin_ += static_cast<std::uint32_t>(bytes);
  size_ -= static_cast<std::uint32_t>(bytes);
  if (size_ == 0) release();
}

void PendingInput::release() {
  delete[] data_;
  data_ = nullptr;
  begin_ = 0;
  size_ = 0;
  capacity_ = 0;
}

void PendingInput::make_room(std::size_t bytes) {
  if (begin_ + size_ + bytes <= capacity_) return;
  const std::size_t wanted = size_ + bytes;
  // Sliding down is worth it only where it frees half: else a byte at a time would cost a copy
  // of everything each.
  if (wanted <= capacity_ / 2) {
    std::memmove(data_, data_ + begin_, size_);
    begin_ = 0;
    return;
  }
  const std::size_t capacity = std::max(std::bit_ceil(wanted), capacity_min);
  char* data = new char[capacity];
  if (size_ != 0) std::memcpy(data, data_ + begin_, size_);
  delete[] data_;
  data_ = data;
  begin_ = 0;
  capacity_ = static_cast<std::uint32_t>(capacity);
}

}  // namespace rc::net
