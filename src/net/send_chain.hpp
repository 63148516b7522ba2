// The output of one connection that the kernel has not taken yet: pieces in order, each either
// copied into a SendBuffer or pinned where it lies. A connection has a chain only while it has
// output.
//
// Invariants:
//   1. pending_bytes() is the sum of all pieces, less what the kernel has taken of the first.
//   2. A buffer is given back when its last piece is sent and nothing is appended to it any more.
//   3. A pin is released once, when the piece marked `last` of its token is sent or dropped.
//   4. What is in flight is never touched: pieces in flight may only grow at their end.
// Thread: the owning worker.
#pragma once

#include "net/send_buffers.hpp"
#include "net/sink.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

namespace rc::net {

class SendChain {
 public:
  explicit SendChain(SendBuffers& buffers) : buffers_(buffers) {}
  SendChain(const SendChain&) = delete;
  SendChain& operator=(const SendChain&) = delete;
  // Requires: empty(). Its owner drops it first, because only the owner knows the sink.
  ~SendChain();

  // Room to append to: [cursor, end) of the current buffer; begin_buffer() makes another current.
  [[nodiscard]] char* cursor() const;
  [[nodiscard]] char* end() const;
  void begin_buffer();
  // Everything up to `cursor` is output.
  void commit(const char* cursor);
  void append_pinned(std::string_view bytes, PinToken token, bool last);

  [[nodiscard]] std::size_t pending_bytes() const { return pending_bytes_; }
  [[nodiscard]] bool empty() const { return head_ == pieces_.size(); }

  // The next bytes to send: one segment if that is all there is or it is long, else null and
  // message() has several. At most send_bytes_max. Requires: pending_bytes() > 0.
  static constexpr std::size_t send_bytes_max = 256 * 1024;
  struct Batch {
    std::size_t bytes = 0;
    std::string_view segment;  // if message is null
    const msghdr* message = nullptr;
  };
  [[nodiscard]] Batch next_batch();

  // The kernel took `bytes`, or everything is dropped; `release(token)` is called for each pin
  // that is over.
  template <class Release>
  void advance(std::size_t bytes, Release&& release);
  template <class Release>
  void drop(Release&& release) {
    advance(pending_bytes_, release);
  }

  // When the send in flight began, and how much it covers.
  Nanoseconds send_began_ns = 0;
  std::size_t in_flight_bytes = 0;

 private:
  struct Piece {
    const char* data = nullptr;
    SendBuffer* buffer = nullptr;  // null if pinned
    PinToken token = 0;
    std::uint32_t bytes = 0;
    bool last = false;
  };
  static constexpr std::size_t segments_max = 64;
  struct Message {
    msghdr header{};
    std::array<iovec, segments_max> segments{};
  };

  [[nodiscard]] SendBuffer* current() const;
  void finish_piece(const Piece& piece);
  void give_back_first_buffer();
  void forget_sent_pieces();

  SendBuffers& buffers_;
  std::vector<Piece> pieces_;
  std::size_t head_ = 0;  // the first piece not wholly sent
  std::uint32_t head_sent_ = 0;
  std::size_t pending_bytes_ = 0;
  std::vector<std::unique_ptr<SendBuffer>> owned_;  // in the order of their pieces
  std::size_t owned_head_ = 0;
  std::unique_ptr<Message> message_;  // made by the first send of several segments
};

template <class Release>
void SendChain::advance(std::size_t bytes, Release&& release) {
  pending_bytes_ -= bytes;
  while (head_ < pieces_.size()) {
    // A copy: release() must not be able to move it away under us.
    const Piece piece = pieces_[head_];
    const std::size_t left = piece.bytes - head_sent_;
    if (bytes < left) {
      head_sent_ += static_cast<std::uint32_t>(bytes);
      break;
    }
    bytes -= left;
    ++head_;
    head_sent_ = 0;
    finish_piece(piece);
    if (piece.buffer == nullptr && piece.last) release(piece.token);
  }
  forget_sent_pieces();
}

}  // namespace rc::net
