#include "ring/queues.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include <linux/time_types.h>

namespace rc::ring {

namespace {

// How often a full submission queue is pushed before we conclude that the kernel takes nothing
// any more. Each push also runs completions, which is what frees it.
constexpr int pushes_max = 1000;

std::uint32_t load_acquire(std::uint32_t* shared) {
  // Partner: the kernel's release store, after it has written what this index makes visible.
  return std::atomic_ref<std::uint32_t>(*shared).load(std::memory_order_acquire);
}

std::uint32_t load_relaxed(std::uint32_t* shared) {
  // Relaxed: written by the kernel inside our own enter(), or a mere hint.
  return std::atomic_ref<std::uint32_t>(*shared).load(std::memory_order_relaxed);
}

void store_release(std::uint32_t* shared, std::uint32_t value) {
  // Partner: the kernel's acquire load; it then sees the entries we filled, or the slots we read.
  std::atomic_ref<std::uint32_t>(*shared).store(value, std::memory_order_release);
}

}  // namespace

Queues::~Queues() {
  if (fd_ < 0) return;
  if (enter_fd_flag_ != 0) {
    io_uring_rsrc_update update{};
    update.offset = static_cast<std::uint32_t>(enter_fd_);
    static_cast<void>(system_register(fd_, IORING_UNREGISTER_RING_FDS, &update, 1));
  }
  ::close(fd_);
}

int Queues::open(std::uint32_t sq_entries, std::uint32_t cq_entries) {
  RC_ASSERT(fd_ < 0);
  io_uring_params params{};
  params.cq_entries = cq_entries;
  fd_ = set_up(params, sq_entries);
  if (fd_ < 0) return fd_;
  if (const int error = map_queues(params); error < 0) return error;
  register_descriptor();
  if ((params.features & IORING_FEAT_NO_IOWAIT) != 0) enter_flags_ = IORING_ENTER_NO_IOWAIT;
  return 0;
}

int Queues::set_up(io_uring_params& params, std::uint32_t sq_entries) {
  const io_uring_params asked = params;
  const std::uint32_t flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                              IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.flags = flags | IORING_SETUP_NO_SQARRAY;
  int fd = system_setup(sq_entries, params);
  has_no_sqarray_ = fd >= 0;
  if (fd != -EINVAL) return fd;
  params = asked;
  params.flags = flags;
  return system_setup(sq_entries, params);
}

int Queues::map_queues(const io_uring_params& params) {
  const std::size_t array_bytes = has_no_sqarray_ ? 0 : params.sq_entries * sizeof(std::uint32_t);
  const std::size_t sq_bytes = params.sq_off.array + array_bytes;
  const std::size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe);
  // Every kernel that has DEFER_TASKRUN maps both rings at once (FEAT_SINGLE_MMAP).
  int error = rings_.map(std::max(sq_bytes, cq_bytes), fd_, IORING_OFF_SQ_RING);
  if (error < 0) return error;
  error = entries_.map(params.sq_entries * sizeof(io_uring_sqe), fd_, IORING_OFF_SQES);
  if (error < 0) return error;

  const auto word = [this](std::uint32_t offset) {
    return reinterpret_cast<std::uint32_t*>(rings_.data() + offset);
  };
  sq_entries_ = params.sq_entries;
  cq_entries_ = params.cq_entries;
  sqes_ = reinterpret_cast<io_uring_sqe*>(entries_.data());
  cqes_ = reinterpret_cast<const io_uring_cqe*>(rings_.data() + params.cq_off.cqes);
  shared_sq_head_ = word(params.sq_off.head);
  shared_sq_tail_ = word(params.sq_off.tail);
  shared_sq_flags_ = word(params.sq_off.flags);
  shared_cq_head_ = word(params.cq_off.head);
  shared_cq_tail_ = word(params.cq_off.tail);
  if (has_no_sqarray_) return 0;
  // Slot i of the ring names entry i, for ever.
  std::uint32_t* array = word(params.sq_off.array);
  for (std::uint32_t i = 0; i < sq_entries_; ++i) array[i] = i;
  return 0;
}

void Queues::register_descriptor() {
  io_uring_rsrc_update update{};
  update.offset = ~std::uint32_t{0};
  update.data = static_cast<__u64>(fd_);
  const bool registered = system_register(fd_, IORING_REGISTER_RING_FDS, &update, 1) == 1;
  enter_fd_ = registered ? static_cast<int>(update.offset) : fd_;
  enter_fd_flag_ = registered ? IORING_ENTER_REGISTERED_RING : 0;
}

std::uint32_t Queues::unsubmitted() const {
  return sq_tail_ - load_relaxed(shared_sq_head_);
}

int Queues::enter(
    std::uint32_t wait_for, std::uint32_t flags, const void* argument, std::size_t bytes
) {
  store_release(shared_sq_tail_, sq_tail_);
  return system_enter(enter_fd_, unsubmitted(), wait_for, flags | enter_fd_flag_, argument, bytes);
}

io_uring_sqe& Queues::next_entry() {
  for (int pushes = 0; unsubmitted() == sq_entries_; ++pushes) {
    RC_ASSERT(pushes < pushes_max);
    enter(0, IORING_ENTER_GETEVENTS, nullptr, 0);
  }
  io_uring_sqe& entry = sqes_[sq_tail_ & (sq_entries_ - 1)];
  ++sq_tail_;
  std::memset(&entry, 0, sizeof(entry));
  return entry;
}

void Queues::submit() {
  // What the kernel does not take now (EAGAIN: no memory for requests) stays queued and goes down
  // with the next call.
  if (unsubmitted() != 0) enter(0, 0, nullptr, 0);
}

void Queues::submit_and_wait(Nanoseconds wait_ns) {
  constexpr Nanoseconds second_ns = 1'000'000'000;
  __kernel_timespec timeout{};
  timeout.tv_sec = static_cast<std::int64_t>(wait_ns / second_ns);
  timeout.tv_nsec = static_cast<long long>(wait_ns % second_ns);
  io_uring_getevents_arg argument{};
  argument.ts = reinterpret_cast<std::uint64_t>(&timeout);
  // EINTR, ETIME and EAGAIN all mean the same here: look at the completion queue, come again.
  const std::uint32_t wait_for = wait_ns == 0 || peek() != nullptr ? 0 : 1;
  enter(
      wait_for,
      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | enter_flags_,
      &argument,
      sizeof(argument)
  );
}

const io_uring_cqe* Queues::peek() const {
  if (cq_head_ == load_acquire(shared_cq_tail_)) return nullptr;
  return &cqes_[cq_head_ & (cq_entries_ - 1)];
}

void Queues::drop() {
  ++cq_head_;
  store_release(shared_cq_head_, cq_head_);
}

bool Queues::overflowed() const {
  return (load_relaxed(shared_sq_flags_) & IORING_SQ_CQ_OVERFLOW) != 0;
}

}  // namespace rc::ring
