// The UDP frame over any datagram: what it says lies inside the bytes, and writing it back gives
// the same request id.
#include "base/assert.hpp"
#include "net/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view datagram(reinterpret_cast<const char*>(data), size);
  const auto frame = rc::net::read_frame(datagram);
  if (!frame) return 0;
  RC_ASSERT(size > rc::net::frame_bytes);
  RC_ASSERT(frame->payload.data() == datagram.data() + rc::net::frame_bytes);
  RC_ASSERT(frame->payload.size() == size - rc::net::frame_bytes);
  std::array<char, rc::net::frame_bytes + 1> again{};
  rc::net::write_frame(again.data(), frame->request_id, 0, 1);
  const auto back = rc::net::read_frame({again.data(), again.size()});
  RC_ASSERT(back && back->request_id == frame->request_id);
  return 0;
}
