#include "ring/kernel_ring.hpp"

#include "base/assert.hpp"
#include "ring/refusal.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <utility>

#include <sys/socket.h>

namespace rc::ring {

namespace {

constexpr std::uint16_t buffer_group = 0;

std::uint64_t address_of(const void* memory) {
  return reinterpret_cast<std::uint64_t>(memory);
}

}  // namespace

Result<std::unique_ptr<KernelRing>> KernelRing::create(const Options& options) {
  std::uint32_t sq_entries = options.sq_entries;
  std::uint32_t cq_entries = options.cq_entries;
  for (;;) {
    std::unique_ptr<KernelRing> ring(new KernelRing);
    ring->sq_entries_asked_ = options.sq_entries;
    int error = ring->queues_.open(sq_entries, cq_entries);
    if (error == 0) error = ring->open_buffers(options);
    if (error == 0) return ring;
    if (error != -ENOMEM || sq_entries <= sq_entries_min) {
      return explain_refusal(-error, look_around());
    }
    sq_entries = std::max(sq_entries / 2, sq_entries_min);
    cq_entries = std::max(cq_entries / 2, 2 * sq_entries_min);
  }
}

int KernelRing::open_buffers(const Options& options) {
  const int fd = queues_.descriptor();
  if (options.buffers) return buffers_.open(fd, buffer_group, *options.buffers);
  const int error = buffers_.open(fd, buffer_group, incremental_shape);
  if (error != -EINVAL) return error;
  return buffers_.open(fd, buffer_group, plain_shape);
}

std::string KernelRing::description() const {
  std::string text = "io_uring on Linux " + look_around().kernel;
  text += ": multishot accept and receive, deferred task work";
  text += buffers_.shape().incremental ? ", incremental buffers" : ", plain buffers";
  if (queues_.has_no_sqarray()) text += ", direct queue";
  if (queues_.has_no_iowait()) text += ", idle is not iowait";
  if (queues_.sq_entries() < sq_entries_asked_) {
    text += "; the ring is cut from " + std::to_string(sq_entries_asked_) + " to " +
            std::to_string(queues_.sq_entries()) +
            " entries because RLIMIT_MEMLOCK is low (systemd: LimitMEMLOCK=infinity)";
  }
  return text;
}

io_uring_sqe& KernelRing::prepare(std::uint8_t opcode, int fd, OpId id) {
  io_uring_sqe& entry = queues_.next_entry();
  entry.opcode = opcode;
  entry.fd = fd;
  entry.user_data = id.pack();
  return entry;
}

void KernelRing::accept(int fd, OpId id) {
  io_uring_sqe& entry = prepare(IORING_OP_ACCEPT, fd, id);
  entry.ioprio = IORING_ACCEPT_MULTISHOT;
  entry.accept_flags = SOCK_CLOEXEC;
}

void KernelRing::recv(int fd, OpId id) {
  io_uring_sqe& entry = prepare(IORING_OP_RECV, fd, id);
  // Not IORING_RECVSEND_POLL_FIRST: its poll is edge-triggered, so of bytes and an end of stream
  // that were both there before it, it reports one event. The receive then takes the bytes and,
  // on a Unix socket, waits for ever for the end (seen on Linux 6.18). Trying first costs one call
  // per arming; armed only after publish_buffers(), it does not fail for want of a buffer.
  entry.ioprio = IORING_RECV_MULTISHOT;
  entry.flags = IOSQE_BUFFER_SELECT;
  entry.buf_group = buffer_group;
}

void KernelRing::send(int fd, std::string_view bytes, OpId id) {
  io_uring_sqe& entry = prepare(IORING_OP_SEND, fd, id);
  entry.addr = address_of(bytes.data());
  entry.len = static_cast<std::uint32_t>(bytes.size());
  entry.msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
}

void KernelRing::sendmsg(int fd, const msghdr* message, OpId id) {
  io_uring_sqe& entry = prepare(IORING_OP_SENDMSG, fd, id);
  entry.addr = address_of(message);
  entry.len = 1;
  entry.msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
}

void KernelRing::cancel(OpId target, OpId id) {
  prepare(IORING_OP_ASYNC_CANCEL, -1, id).addr = target.pack();
}

void KernelRing::cancel_all(OpId id) {
  prepare(IORING_OP_ASYNC_CANCEL, -1, id).cancel_flags =
      IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
}

void KernelRing::close(int fd, OpId id) {
  prepare(IORING_OP_CLOSE, fd, id);
}

void KernelRing::message(int ring_fd, OpId at_target, std::int32_t result, OpId id) {
  io_uring_sqe& entry = prepare(IORING_OP_MSG_RING, ring_fd, id);
  entry.addr = IORING_MSG_DATA;
  entry.off = at_target.pack();
  entry.len = static_cast<std::uint32_t>(result);
}

void KernelRing::poll(int fd, OpId id) {
  prepare(IORING_OP_POLL_ADD, fd, id).poll32_events = POLLIN;
}

void KernelRing::shutdown(int fd, Direction direction) {
  // The plain call: it never blocks on a socket, while the ring would start a kernel thread for it.
  ::shutdown(fd, direction == Direction::read ? SHUT_RD : SHUT_RDWR);
}

std::size_t KernelRing::reap(std::span<Completion> out) {
  if (queues_.overflowed()) ++overflows_;
  std::size_t count = 0;
  while (count < out.size()) {
    const io_uring_cqe* entry = queues_.peek();
    if (entry == nullptr) break;
    Completion& completion = out[count++];
    completion.id = OpId::unpack(entry->user_data);
    completion.result = entry->res;
    completion.more = (entry->flags & IORING_CQE_F_MORE) != 0;
    completion.bytes = {};
    if ((entry->flags & IORING_CQE_F_BUFFER) != 0) {
      const std::size_t bytes = entry->res > 0 ? static_cast<std::size_t>(entry->res) : 0;
      completion.bytes = buffers_.take(entry->flags, bytes);
    }
    queues_.drop();
  }
  return count;
}

std::uint64_t KernelRing::take_overflows() {
  return std::exchange(overflows_, 0);
}

}  // namespace rc::ring
