// Is a recorded history of one key linearizable?
//
// Every operation has the time before it began and after it ended. A history is linearizable if
// its operations can be put in an order that keeps "a ended before b began" and in which each
// answers what a plain variable would have answered. Keys are independent, so each is judged
// alone. The search tries, from a state, every operation that no other unplaced one precedes, and
// remembers the (placed set, value) pairs that led nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace rc::stress {

enum class Op : std::uint8_t { get, set, add, compare_and_set, erase, evict };

struct Event {
  Op op = Op::get;
  std::uint64_t argument = 0;  // the value written
  std::uint64_t expected = 0;  // compare_and_set: what must be there
  std::uint64_t answer = 0;    // get, erase, evict: the value (0: absent); add, cas: 1 done, 0 not
  std::uint64_t began_ns = 0;
  std::uint64_t ended_ns = 0;
};

// What the key holds after `event` if it held `value` (0: absent) before; nothing if the event
// could not have answered what it did.
inline std::optional<std::uint64_t> apply(const Event& event, std::uint64_t value) {
  using Next = std::optional<std::uint64_t>;
  switch (event.op) {
    case Op::get:
      return event.answer == value ? Next(value) : std::nullopt;
    case Op::set:
      return event.argument;
    case Op::add:
      if ((event.answer == 1) != (value == 0)) return std::nullopt;
      return event.answer == 1 ? event.argument : value;
    case Op::compare_and_set:
      if (event.answer == 0) return value != event.expected ? Next(value) : std::nullopt;
      return value == event.expected ? Next(event.argument) : std::nullopt;
    case Op::erase:
      return event.answer == value ? Next(0) : std::nullopt;
    case Op::evict:
      return event.answer == value && value != 0 ? Next(0) : std::nullopt;
  }
  return std::nullopt;
}

class Linearizer {
 public:
  // Requires: at most 64 events.
  explicit Linearizer(std::vector<Event> events) : events_(std::move(events)) {}

  [[nodiscard]] bool linearizable() { return search(0, 0); }

 private:
  [[nodiscard]] bool search(std::uint64_t placed, std::uint64_t value) {
    if (placed == all()) return true;
    if (!tried_.emplace(placed, value).second) return false;
    const std::uint64_t horizon = first_end(placed);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const std::uint64_t bit = std::uint64_t{1} << i;
      if ((placed & bit) != 0 || events_[i].began_ns > horizon) continue;
      const auto next = apply(events_[i], value);
      if (next && search(placed | bit, *next)) return true;
    }
    return false;
  }

  // The earliest end among the unplaced: what began later cannot come before that one.
  [[nodiscard]] std::uint64_t first_end(std::uint64_t placed) const {
    std::uint64_t first = ~std::uint64_t{0};
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if ((placed >> i & 1U) == 0 && events_[i].ended_ns < first) first = events_[i].ended_ns;
    }
    return first;
  }

  [[nodiscard]] std::uint64_t all() const {
    return events_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << events_.size()) - 1;
  }

  std::vector<Event> events_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> tried_;
};

}  // namespace rc::stress
