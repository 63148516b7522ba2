// Asynchronous socket operations of one thread: queued here, submitted together, completed in
// batches. KernelRing is io_uring; tests put a fake in its place, and another engine would fit.
//
// Contract: every operation completes exactly once with `more` unset, multishot ones any number of
// times with `more` set before that. Nothing is promised about the order in which different
// operations complete. Memory given to an operation must stay until it has completed.
// Thread: that which made it, except descriptor().
#pragma once

#include "base/clock.hpp"
#include "ring/op.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

struct msghdr;

namespace rc::ring {

struct Completion {
  OpId id;
  // As the system call returned: a count or a descriptor, or -errno.
  std::int32_t result = 0;
  bool more = false;
  // What a recv received; valid until publish_buffers().
  std::string_view bytes;
};

enum class Direction : std::uint8_t { read, both };

class Ring {
 public:
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  virtual ~Ring() = default;

  // Multishot: one completion per connection, the result is its descriptor (close-on-exec).
  virtual void accept(int fd, OpId id) = 0;
  // Multishot: one completion per arrival, in buffers that the ring provides. -ENOBUFS means that
  // it has none left; re-arm after publish_buffers(). 0 is the end of the stream.
  virtual void recv(int fd, OpId id) = 0;
  // Sends all of `bytes` unless the connection breaks or the operation is cancelled; may still
  // complete with less.
  virtual void send(int fd, std::string_view bytes, OpId id) = 0;
  virtual void sendmsg(int fd, const msghdr* message, OpId id) = 0;
  // Cancels the operations with the id `target`, which then complete with -ECANCELED or with what
  // they had done.
  virtual void cancel(OpId target, OpId id) = 0;
  virtual void cancel_all(OpId id) = 0;
  virtual void close(int fd, OpId id) = 0;
  // Makes the ring with descriptor `ring_fd` complete `at_target` with `result`.
  virtual void message(int ring_fd, OpId at_target, std::int32_t result, OpId id) = 0;
  // Completes once when `fd` is readable.
  virtual void poll(int fd, OpId id) = 0;

  // Takes effect at once and has no completion; operations in flight on `fd` end by it.
  virtual void shutdown(int fd, Direction direction) = 0;

  // Submits what is queued, without waiting.
  virtual void submit() = 0;
  // Submits and waits until there is a completion or `wait_ns` have passed.
  virtual void submit_and_wait(Nanoseconds wait_ns) = 0;

  // Moves completions into `out` and returns how many.
  [[nodiscard]] virtual std::size_t reap(std::span<Completion> out) = 0;
  // Gives all receive buffers of reaped completions back to the kernel.
  virtual void publish_buffers() = 0;

  // How often completions did not fit the queue and were kept aside, since the last call.
  [[nodiscard]] virtual std::uint64_t take_overflows() = 0;

  // Names this ring in message(). Thread: any.
  [[nodiscard]] virtual int descriptor() const = 0;

 protected:
  Ring() = default;
};

}  // namespace rc::ring
