// What the kernel offers and older headers do not name. We speak to io_uring through the kernel's
// own interface, <linux/io_uring.h>; Debian 12's is that of Linux 6.1, and everything newer that we
// use stands here. Values are part of the kernel's stable interface.
// Thread: any.
#pragma once

#include <cstdint>

#include <linux/io_uring.h>

#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)  // Linux 6.6: no indirection between ring and entries
#endif

#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)  // Linux 6.15: an idle server is not "waiting for disk"
#endif

#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)
#endif

#ifndef IORING_CQE_F_BUF_MORE
#define IORING_CQE_F_BUF_MORE (1U << 4)  // Linux 6.12: the kernel goes on filling this buffer
#endif

#ifndef IOU_PBUF_RING_INC
#define IOU_PBUF_RING_INC 2U  // Linux 6.12: buffers are filled piece by piece
#endif

namespace rc::ring {

// struct io_uring_buf_reg as of Linux 6.4, where `flags` took the place of a padding field that
// had to be zero; older kernels answer EINVAL to any flag, which is how we find out.
struct BufferRingRequest {
  std::uint64_t ring_addr = 0;
  std::uint32_t ring_entries = 0;
  std::uint16_t group = 0;
  std::uint16_t flags = 0;
  std::uint64_t reserved[3] = {};
};
static_assert(sizeof(BufferRingRequest) == sizeof(io_uring_buf_reg));

// The slots of a provided-buffer ring. Do not use io_uring_buf_ring::bufs from C++: the header
// wraps it in a struct with an empty member, which has size 0 in C and 1 in C++, and so g++ finds
// `bufs` at offset 8 where the kernel has it at 0. The ring's tail lives in the last two bytes of
// slot 0, so a slot is written member by member, never as a whole.
struct BufferSlot {
  std::uint64_t address;
  std::uint32_t bytes;
  std::uint16_t id;
  std::uint16_t tail;  // of slot 0 only: the ring's tail
};
static_assert(sizeof(BufferSlot) == 16);
static_assert(sizeof(BufferSlot) == sizeof(io_uring_buf));

}  // namespace rc::ring
