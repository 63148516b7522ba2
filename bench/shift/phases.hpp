// The phases of the size shift: what an application stores, one kind of value after another.
//
// An object's size follows from its phase and number alone, so that what was stored need not be
// remembered.
//
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

struct Phase {
  std::string name;
  // Equal where the phase has one size; else sizes are log-uniform between them.
  std::size_t size_min_bytes = 0;
  std::size_t size_max_bytes = 0;
};

// "100" is one size, "50-100000" a range. Nothing for any other text, or a range upside down.
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text);

[[nodiscard]] std::size_t size_of(const Phase& phase, std::uint64_t number);

// No two phases share a key, and fifteen digits hold it.
[[nodiscard]] constexpr std::uint64_t object_number(std::size_t phase, std::uint64_t number) {
  return (phase + 1) * 10'000'000'000'000U + number;
}

// What an object counts as: its key and its value.
[[nodiscard]] std::size_t bytes_of(const Phase& phase, std::uint64_t number);

// The newest of `count` objects of the phase that make up `bytes`, at most `objects_max` of them
// at even distances; the newest first.
[[nodiscard]] std::vector<std::uint64_t> newest(
    const Phase& phase, std::uint64_t count, std::uint64_t bytes, std::size_t objects_max
);

}  // namespace rc::bench
