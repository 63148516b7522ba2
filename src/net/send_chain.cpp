#include "net/send_chain.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace rc::net {

SendChain::~SendChain() {
  RC_ASSERT(empty());
}

SendBuffer* SendChain::current() const {
  return owned_head_ == owned_.size() ? nullptr : owned_.back().get();
}

char* SendChain::cursor() const {
  SendBuffer* buffer = current();
  return buffer == nullptr ? nullptr : buffer->payload + buffer->used;
}

char* SendChain::end() const {
  SendBuffer* buffer = current();
  return buffer == nullptr ? nullptr : buffer->payload + SendBuffer::payload_bytes;
}

void SendChain::begin_buffer() {
  SendBuffer* before = current();
  const bool is_unused = before != nullptr && before->pieces == 0;
  owned_.push_back(buffers_.take());
  // Invariant 2: its pieces are sent already, and from here nothing is appended to it.
  if (is_unused) give_back_first_buffer();
}

void SendChain::commit(const char* cursor) {
  SendBuffer* buffer = current();
  if (buffer == nullptr) return;
  const char* begin = buffer->payload + buffer->used;
  const auto bytes = static_cast<std::uint32_t>(cursor - begin);
  if (bytes == 0) return;
  buffer->used += bytes;
  pending_bytes_ += bytes;
  if (!empty() && pieces_.back().buffer == buffer) {
    pieces_.back().bytes += bytes;
    return;
  }
  ++buffer->pieces;
  pieces_.push_back({.data = begin, .buffer = buffer, .bytes = bytes});
}

void SendChain::append_pinned(std::string_view bytes, PinToken token, bool last) {
  RC_ASSERT(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  pending_bytes_ += bytes.size();
  pieces_.push_back({
      .data = bytes.data(),
      .token = token,
      .bytes = static_cast<std::uint32_t>(bytes.size()),
      .last = last,
  });
}

SendChain::Batch SendChain::next_batch() {
  RC_ASSERT(pending_bytes_ > 0);
  const Piece& first = pieces_[head_];
  const std::size_t first_bytes = std::min<std::size_t>(first.bytes - head_sent_, send_bytes_max);
  const char* begin = first.data + head_sent_;
  if (first_bytes == pending_bytes_ || first_bytes == send_bytes_max) {
    return {.bytes = first_bytes, .segment = {begin, first_bytes}};
  }
  if (message_ == nullptr) message_ = std::make_unique<Message>();
  std::size_t total = 0;
  std::size_t count = 0;
  std::uint32_t sent = head_sent_;
  for (std::size_t i = head_; i < pieces_.size() && count < segments_max; ++i) {
    const std::size_t left = std::min<std::size_t>(pieces_[i].bytes - sent, send_bytes_max - total);
    if (left != 0) {
      // sendmsg only reads; iovec cannot say so.
      char* data = const_cast<char*>(pieces_[i].data + sent);
      message_->segments[count++] = {.iov_base = data, .iov_len = left};
    }
    total += left;
    sent = 0;
  }
  message_->header.msg_iov = message_->segments.data();
  message_->header.msg_iovlen = count;
  return {.bytes = total, .segment = {}, .message = &message_->header};
}

void SendChain::finish_piece(const Piece& piece) {
  if (piece.buffer == nullptr) return;
  --piece.buffer->pieces;
  if (piece.buffer->pieces == 0 && piece.buffer != current()) give_back_first_buffer();
}

void SendChain::give_back_first_buffer() {
  RC_ASSERT(owned_[owned_head_]->pieces == 0);
  buffers_.give_back(std::move(owned_[owned_head_]));
  ++owned_head_;
}

// Keeps the vectors short: they are emptied whenever everything is sent, and a connection that is
// never quite drained is compacted.
void SendChain::forget_sent_pieces() {
  constexpr std::size_t sent_pieces_max = 256;
  if (empty()) {
    while (owned_head_ < owned_.size()) give_back_first_buffer();
    owned_.clear();
    owned_head_ = 0;
    pieces_.clear();
    head_ = 0;
  } else if (head_ > sent_pieces_max && head_ > pieces_.size() / 2) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
    owned_.erase(owned_.begin(), owned_.begin() + static_cast<std::ptrdiff_t>(owned_head_));
    owned_head_ = 0;
  }
}

}  // namespace rc::net
