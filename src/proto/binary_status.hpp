// The status of a reply in the binary protocol, and the words that go with it.
// Thread: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace rc::proto {

enum class Status : std::uint16_t {
  ok = 0x00,
  not_found = 0x01,
  exists = 0x02,
  too_large = 0x03,
  invalid = 0x04,
  not_stored = 0x05,
  non_numeric = 0x06,
  auth_failure = 0x20,
  unknown_command = 0x81,
  out_of_memory = 0x82,
};

// What stands in the body of an error; empty for ok.
[[nodiscard]] constexpr std::string_view words_of(Status status) {
  switch (status) {
    case Status::ok:
      return {};
    case Status::not_found:
      return "Not found";
    case Status::exists:
      return "Data exists for key.";
    case Status::too_large:
      return "Too large.";
    case Status::invalid:
      return "Invalid arguments";
    case Status::not_stored:
      return "Not stored.";
    case Status::non_numeric:
      return "Non-numeric server-side value for incr or decr";
    case Status::auth_failure:
      return "Auth failure.";
    case Status::unknown_command:
      return "Unknown command";
    case Status::out_of_memory:
      return "Out of memory";
  }
  return {};
}

}  // namespace rc::proto
