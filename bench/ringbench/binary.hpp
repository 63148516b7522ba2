// memcached's binary protocol, as ringbench speaks it.
//
// A multiget is one GETKQ per key and a NOOP behind them: misses are left out, hits say their key.
//
// Thread: any.
#pragma once

#include "ringbench/protocol.hpp"

namespace rc::bench {

class Binary final : public Protocol {
 public:
  using Protocol::Protocol;

  void write_get(std::string& out, std::span<const Item> items) const override;
  void write_set(std::string& out, const Item& item) const override;
  [[nodiscard]] Answer parse(std::string_view input, const Awaited& awaited) const override;
  [[nodiscard]] std::string_view version_request() const override;
  [[nodiscard]] std::optional<std::string> version_in(std::string_view input) const override;

 private:
  void append_get(std::string& out, std::uint8_t opcode, std::uint64_t object) const;
};

}  // namespace rc::bench
