// memcached's classic text protocol, as ringbench speaks it.
//
// Thread: any.
#pragma once

#include "ringbench/protocol.hpp"

namespace rc::bench {

class Classic final : public Protocol {
 public:
  using Protocol::Protocol;

  void write_get(std::string& out, std::span<const Item> items) const override;
  void write_set(std::string& out, const Item& item) const override;
  [[nodiscard]] Answer parse(std::string_view input, const Awaited& awaited) const override;
  [[nodiscard]] std::string_view version_request() const override { return "version\r\n"; }
  [[nodiscard]] std::optional<std::string> version_in(std::string_view input) const override;
};

// The rest of a text line "VERSION x.y.z"; for the other text protocol as well.
[[nodiscard]] std::optional<std::string> version_line(std::string_view input);

}  // namespace rc::bench
