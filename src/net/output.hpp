// The Output that a sink writes to. There is one per loop: it is bound to the connection whose
// bytes are being executed, so that a connection costs nothing for having one.
// Thread: the owning worker.
#pragma once

#include "net/send_chain.hpp"
#include "net/sink.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace rc::net {

// Chains that are not in use, last in first out like their buffers.
class ChainPool {
 public:
  explicit ChainPool(SendBuffers& buffers) : buffers_(buffers) {}

  [[nodiscard]] std::unique_ptr<SendChain> take();
  // Requires: chain->empty().
  void give_back(std::unique_ptr<SendChain> chain);

 private:
  static constexpr std::size_t kept_max = 64;

  SendBuffers& buffers_;
  std::vector<std::unique_ptr<SendChain>> free_;
};

class LoopOutput final : public Output {
 public:
  LoopOutput(SendBuffers& buffers, ChainPool& chains, std::size_t limit_bytes)
      : buffers_(buffers), chains_(chains), limit_bytes_(limit_bytes) {}

  // Appends go to `chain` (null: one is taken from the pool when there is output) until unbind(),
  // which returns the chain of the connection, null if it has no output.
  void bind(std::unique_ptr<SendChain> chain);
  [[nodiscard]] std::unique_ptr<SendChain> unbind();

  void append_pinned(std::string_view bytes, PinToken token, bool last) override;
  [[nodiscard]] std::size_t pending_bytes() const override;
  [[nodiscard]] bool full() const override;

 protected:
  char* grow(std::size_t bytes) override;

 private:
  void resume();

  SendBuffers& buffers_;
  ChainPool& chains_;
  std::size_t limit_bytes_;
  std::unique_ptr<SendChain> chain_;
  // Where the bytes begin that the chain does not know of yet; null while it has no buffer.
  const char* uncommitted_ = nullptr;
};

}  // namespace rc::net
