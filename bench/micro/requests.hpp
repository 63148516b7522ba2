// The requests of a store benchmark, drawn and written out before anything is measured: what is
// left in the measured loop is reading them one after the other, which costs a nanosecond or two.
//
// Thread: any.
#pragma once

#include "common/keys.hpp"
#include "common/zipf.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rc::bench {

// A key, and whether it is set or got.
struct Request {
  std::array<char, key_digits + 1> key;
  bool is_set;

  [[nodiscard]] std::string_view key_text() const { return {key.data(), key.size()}; }
};

[[nodiscard]] Request make_request(std::uint64_t number, bool is_set);

// `count` requests for keys by `popularity`, `set_percent` of them sets. Popular keys lie
// anywhere: a rank is its own key's number, and the store hashes keys.
[[nodiscard]] std::vector<Request> draw_requests(
    std::size_t count, const Zipf& popularity, unsigned set_percent, std::uint64_t seed
);

}  // namespace rc::bench
