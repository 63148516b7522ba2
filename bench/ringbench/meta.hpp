// memcached's meta commands, as ringbench speaks them.
//
// A multiget is one quiet `mg` per key and an `mn` behind them: misses are left out, hits say
// their key.
//
// Thread: any.
#pragma once

#include "ringbench/protocol.hpp"

namespace rc::bench {

class Meta final : public Protocol {
 public:
  using Protocol::Protocol;

  void write_get(std::string& out, std::span<const Item> items) const override;
  void write_set(std::string& out, const Item& item) const override;
  [[nodiscard]] Answer parse(std::string_view input, const Awaited& awaited) const override;
  [[nodiscard]] std::string_view version_request() const override { return "version\r\n"; }
  [[nodiscard]] std::optional<std::string> version_in(std::string_view input) const override;
};

}  // namespace rc::bench
