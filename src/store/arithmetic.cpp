// incr and decr, the way memcached does them.
#include "base/numbers.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <array>

namespace rc::store {

namespace {

// What C's isspace takes for white space, without its locale.
constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// The number a value spells: white space and a plus sign may come before, white space and then
// anything after. memcached reads values with strtoull, and people's values look accordingly.
std::optional<std::uint64_t> number_in(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto end = std::find_if(text.begin(), text.end(), is_space);
  return parse_number<std::uint64_t>(text.substr(0, static_cast<std::size_t>(end - text.begin())));
}

std::uint64_t apply(std::uint64_t value, std::uint64_t delta, Direction direction) {
  if (direction == Direction::increment) return value + delta;
  return value - std::min(value, delta);
}

}  // namespace

Arithmetic Worker::add(
    std::string_view key, std::uint64_t delta, Direction direction, const ArithmeticTerms& terms
) {
  using Result = Arithmetic::Outcome;
  const Hash hash = core_.hash(key);
  std::array<char, number_text_max> text;
  Draft changed;
  for (;;) {
    Entry entry = classify(index_.find(key, hash));
    if (!entry.live()) {
      dismiss(entry);
      if (!terms.vivify) return {};
      const std::uint64_t value = terms.initial;
      const auto digits = static_cast<std::size_t>(write_number(text.data(), value) - text.data());
      const bool touches = terms.touch && terms.touch_after_vivify;
      const NewItem make{
          .expiry = touches ? *terms.touch : *terms.vivify,
          .cas = terms.new_cas,
          .text = {text.data(), digits}};
      Item item;
      const Attempt attempt = create(key, hash, changed, make, item);
      if (attempt == Attempt::changed) continue;
      if (attempt == Attempt::no_memory) return {.outcome = Result::out_of_memory};
      return {Result::created, value, item.cas()};
    }
    // To count is no fetch: as in memcached it leaves no mark.
    const Item old = entry.item;
    // As in memcached what can be no number is told before its version is compared, what is none
    // after.
    if (old.chained() || old.value_bytes() == 0) return {.outcome = Result::non_numeric};
    if (terms.cas_unique && *terms.cas_unique != old.cas()) return {.outcome = Result::exists};
    const std::optional<std::uint64_t> number = number_in(old.value());
    if (!number) return {.outcome = Result::non_numeric};

    const Expiry expiry_before = old.expiry();
    const std::uint64_t value = apply(*number, delta, direction);
    const auto digits = static_cast<std::uint32_t>(write_number(text.data(), value) - text.data());
    Blueprint blueprint{.shape = old.shape(), .expiry = terms.touch ? *terms.touch : expiry_before};
    blueprint.shape.value_bytes = std::max(blueprint.shape.value_bytes, digits);
    if (!renew_draft(changed, key, blueprint)) {
      if (!changed) return {.outcome = Result::out_of_memory};
      continue;
    }
    changed.append(std::span(text).first(digits));
    // As in memcached, which changes the value in place: it does not get shorter.
    while (changed.remaining() != 0) changed.append(std::span(" ", 1));
    inherit(changed.item_, old);
    changed.item_.header().shape |= unchanged(old).state;
    const std::uint64_t cas = terms.new_cas ? *terms.new_cas : next_cas();
    if (!replace_by(changed, entry, cas)) continue;
    return {Result::ok, value, cas, expiry_before};
  }
}

}  // namespace rc::store
