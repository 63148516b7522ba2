#include "ringbench/protocol.hpp"

#include "common/keys.hpp"
#include "ringbench/binary.hpp"
#include "ringbench/classic.hpp"
#include "ringbench/meta.hpp"
#include "ringbench/resp.hpp"

#include "base/numbers.hpp"

namespace rc::bench {

std::optional<std::uint64_t> Protocol::object_of(std::string_view key) const {
  if (key.size() != key_bytes() || !key.starts_with(key_prefix_)) return std::nullopt;
  return parse_number<std::uint64_t>(key.substr(key_prefix_.size()));
}

std::size_t Protocol::key_bytes() const {
  return key_prefix_.size() + key_digits;
}

void Protocol::append_key(std::string& out, std::uint64_t object) const {
  bench::append_key(out, key_prefix_, object);
}

std::unique_ptr<Protocol> make_protocol(
    std::string_view name, const std::string& key_prefix, std::uint32_t ttl_s
) {
  if (name == "classic") return std::make_unique<Classic>(key_prefix, ttl_s);
  if (name == "meta") return std::make_unique<Meta>(key_prefix, ttl_s);
  if (name == "binary") return std::make_unique<Binary>(key_prefix, ttl_s);
  if (name == "resp") return std::make_unique<Resp>(key_prefix, ttl_s);
  return nullptr;
}

}  // namespace rc::bench
