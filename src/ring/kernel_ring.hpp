// Ring on Linux's io_uring, 6.1 or newer.
//
// Ring memory counts against RLIMIT_MEMLOCK: where it does not fit, the ring is halved until it
// does, down to 256 entries, and description() says so. Buffers are incremental where the kernel
// has them.
// Thread: create, use and destroy it on the worker's own thread.
#pragma once

#include "base/result.hpp"
#include "ring/buffers.hpp"
#include "ring/queues.hpp"
#include "ring/ring.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace rc::ring {

class KernelRing final : public Ring {
 public:
  struct Options {
    std::uint32_t sq_entries = 1024;
    // One turn's completions; what does not fit is kept by the kernel but ends multishot
    // operations, so there is plenty.
    std::uint32_t cq_entries = 8192;
    // Nothing: incremental if the kernel can, else plain.
    std::optional<BufferShape> buffers = std::nullopt;
  };
  static constexpr std::uint32_t sq_entries_min = 256;

  [[nodiscard]] static Result<std::unique_ptr<KernelRing>> create(const Options& options);

  // What is in use, for the line a server prints when it is ready.
  [[nodiscard]] std::string description() const;

  void accept(int fd, OpId id) override;
  void recv(int fd, OpId id) override;
  void send(int fd, std::string_view bytes, OpId id) override;
  void sendmsg(int fd, const msghdr* message, OpId id) override;
  void cancel(OpId target, OpId id) override;
  void cancel_all(OpId id) override;
  void close(int fd, OpId id) override;
  void message(int ring_fd, OpId at_target, std::int32_t result, OpId id) override;
  void poll(int fd, OpId id) override;
  void shutdown(int fd, Direction direction) override;
  void submit() override { queues_.submit(); }
  void submit_and_wait(Nanoseconds wait_ns) override { queues_.submit_and_wait(wait_ns); }
  [[nodiscard]] std::size_t reap(std::span<Completion> out) override;
  void publish_buffers() override { buffers_.publish(); }
  [[nodiscard]] std::uint64_t take_overflows() override;
  [[nodiscard]] int descriptor() const override { return queues_.descriptor(); }

 private:
  KernelRing() = default;
  [[nodiscard]] int open_buffers(const Options& options);
  io_uring_sqe& prepare(std::uint8_t opcode, int fd, OpId id);

  std::uint32_t sq_entries_asked_ = 0;
  std::uint64_t overflows_ = 0;
  // Declared in this order on purpose: the kernel may write into the buffers until the ring is
  // closed, so they go last.
  Buffers buffers_;
  Queues queues_;
};

}  // namespace rc::ring
