// The two queues of an io_uring instance, shared with the kernel: entries go down through the
// submission queue, completions come back through the other. This is the part of io_uring that
// knows memory layout and memory order; KernelRing knows operations.
//
// The instance belongs to the thread that opened it (SINGLE_ISSUER): only that thread may call,
// and it must close it too. Completions are produced only inside enter() (DEFER_TASKRUN), so a
// client's packet never interrupts the running worker.
// Thread: that which opened it, except descriptor().
#pragma once

#include "base/clock.hpp"
#include "ring/compat.hpp"
#include "ring/system.hpp"

#include <cstddef>
#include <cstdint>

namespace rc::ring {

class Queues {
 public:
  Queues() = default;
  Queues(const Queues&) = delete;
  Queues& operator=(const Queues&) = delete;
  ~Queues();

  // 0 or -errno. Entries are rounded up by the kernel. Requires: called once.
  [[nodiscard]] int open(std::uint32_t sq_entries, std::uint32_t cq_entries);

  // A zeroed entry to fill in; it goes down with the next submit. Submits when the queue is full.
  [[nodiscard]] io_uring_sqe& next_entry();

  void submit();
  // Also waits until a completion is there or `wait_ns` have passed.
  void submit_and_wait(Nanoseconds wait_ns);

  // The oldest completion, or null; drop() makes room for another.
  [[nodiscard]] const io_uring_cqe* peek() const;
  void drop();
  // True while completions wait in the kernel because the completion queue was full.
  [[nodiscard]] bool overflowed() const;

  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] std::uint32_t sq_entries() const { return sq_entries_; }
  [[nodiscard]] std::uint32_t cq_entries() const { return cq_entries_; }
  [[nodiscard]] bool has_no_iowait() const { return enter_flags_ != 0; }
  [[nodiscard]] bool has_no_sqarray() const { return has_no_sqarray_; }

 private:
  [[nodiscard]] int set_up(io_uring_params& params, std::uint32_t sq_entries);
  [[nodiscard]] int map_queues(const io_uring_params& params);
  void register_descriptor();
  [[nodiscard]] std::uint32_t unsubmitted() const;
  // Hands the entries to the kernel; -errno or how many it took.
  int enter(std::uint32_t wait_for, std::uint32_t flags, const void* argument, std::size_t bytes);

  int fd_ = -1;
  // What enter() passes: the registered index of the ring where there is one, which spares the
  // kernel a look-up in the table of descriptors.
  int enter_fd_ = -1;
  std::uint32_t enter_fd_flag_ = 0;
  std::uint32_t enter_flags_ = 0;
  bool has_no_sqarray_ = false;

  Mapping rings_;
  Mapping entries_;

  std::uint32_t sq_entries_ = 0;
  std::uint32_t cq_entries_ = 0;
  std::uint32_t sq_tail_ = 0;  // of the entries filled; published to the kernel by enter()
  std::uint32_t cq_head_ = 0;
  io_uring_sqe* sqes_ = nullptr;
  const io_uring_cqe* cqes_ = nullptr;
  std::uint32_t* shared_sq_head_ = nullptr;
  std::uint32_t* shared_sq_tail_ = nullptr;
  std::uint32_t* shared_sq_flags_ = nullptr;
  std::uint32_t* shared_cq_head_ = nullptr;
  std::uint32_t* shared_cq_tail_ = nullptr;
};

}  // namespace rc::ring
