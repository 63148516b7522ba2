#include "net/output.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rc::net {

void Output::append(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = std::min(text.size(), reserve_max_bytes);
    std::memcpy(reserve(bytes), text.data(), bytes);
    commit(bytes);
    text.remove_prefix(bytes);
  }
}

std::unique_ptr<SendChain> ChainPool::take() {
  if (free_.empty()) return std::make_unique<SendChain>(buffers_);
  std::unique_ptr<SendChain> chain = std::move(free_.back());
  free_.pop_back();
  return chain;
}

void ChainPool::give_back(std::unique_ptr<SendChain> chain) {
  RC_ASSERT(chain->empty());
  chain->in_flight_bytes = 0;
  if (free_.size() < kept_max) free_.push_back(std::move(chain));
}

void LoopOutput::bind(std::unique_ptr<SendChain> chain) {
  chain_ = std::move(chain);
  resume();
}

std::unique_ptr<SendChain> LoopOutput::unbind() {
  if (chain_ != nullptr) chain_->commit(cursor_);
  cursor_ = nullptr;
  end_ = nullptr;
  if (chain_ != nullptr && chain_->empty()) chains_.give_back(std::move(chain_));
  return std::move(chain_);
}

void LoopOutput::resume() {
  cursor_ = chain_ == nullptr ? nullptr : chain_->cursor();
  end_ = chain_ == nullptr ? nullptr : chain_->end();
  uncommitted_ = cursor_;
}

char* LoopOutput::grow(std::size_t bytes) {
  RC_ASSERT(bytes <= reserve_max_bytes);
  if (chain_ == nullptr) chain_ = chains_.take();
  chain_->commit(cursor_);
  chain_->begin_buffer();
  resume();
  return cursor_;
}

void LoopOutput::append_pinned(std::string_view bytes, PinToken token, bool last) {
  if (chain_ == nullptr) chain_ = chains_.take();
  chain_->commit(cursor_);
  chain_->append_pinned(bytes, token, last);
  resume();
}

std::size_t LoopOutput::pending_bytes() const {
  if (chain_ == nullptr) return 0;
  return chain_->pending_bytes() + static_cast<std::size_t>(cursor_ - uncommitted_);
}

bool LoopOutput::full() const {
  // While memory is short everybody may go on, but only a buffer at a time.
  const std::size_t limit = buffers_.exhausted() ? SendBuffer::block_bytes : limit_bytes_;
  return pending_bytes() >= limit;
}

}  // namespace rc::net
