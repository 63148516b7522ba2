// The stand-in database: the value of an object is derived from its number and size.
//
// A benchmark that reads a cache must know what the right answer is. Deriving it costs a few
// nanoseconds per 8 bytes, needs no memory, and makes a value of another object, or one shifted or
// cut, differ in nearly every word: the size goes into the seed. Values hold any byte, line ends
// included, so that a server that mixes up its framing is caught as well.
//
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rc::bench {

// Appends the object's value to `out`.
void append_value(std::string& out, std::uint64_t object, std::size_t size);

// Whether `value` is, whole, one that the object has or had: traces have objects whose size
// changes, and a read-through cache rightly answers with the earlier one.
[[nodiscard]] bool is_value_of(std::string_view value, std::uint64_t object);

}  // namespace rc::bench
