// Received bytes of one connection that could not be executed yet: the beginning of a request, or
// all that came while the connection must wait. Empty, it holds no memory.
// Thread: the owning worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::net {

class PendingInput {
 public:
  PendingInput() = default;
  PendingInput(const PendingInput&) = delete;
  PendingInput& operator=(const PendingInput&) = delete;
  ~PendingInput() { release(); }

  [[nodiscard]] std::string_view view() const { return {data_ + begin_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  void append(std::string_view bytes);
  // Requires: bytes <= size().
  void remove_prefix(std::size_t bytes);
  void release();

 private:
  static constexpr std::size_t capacity_min = 256;

  void make_room(std::size_t bytes);

  char* data_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace rc::net
