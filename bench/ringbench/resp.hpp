// The protocol of Redis and Valkey, as ringbench speaks it: GET, MGET, and SET with EX where there
// is a time to live. So the same client measures them beside the memcached family.
//
// Thread: any.
#pragma once

#include "ringbench/protocol.hpp"

namespace rc::bench {

class Resp final : public Protocol {
 public:
  using Protocol::Protocol;

  void write_get(std::string& out, std::span<const Item> items) const override;
  void write_set(std::string& out, const Item& item) const override;
  [[nodiscard]] Answer parse(std::string_view input, const Awaited& awaited) const override;
  [[nodiscard]] std::string_view version_request() const override { return "INFO server\r\n"; }
  [[nodiscard]] std::optional<std::string> version_in(std::string_view input) const override;
};

}  // namespace rc::bench
