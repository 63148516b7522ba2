// Changing all of an item but its value: touching, winning, marking stale, emptying; and making an
// item where there is none. What reads and writes at the same moment is here.
//
// An item is immutable, so each of these is a copy that takes the item's place with one change of
// the table's word. That is why exactly one of any number of readers wins a stale item: each makes
// a copy that says "won", and one copy gets in.
#include "store/worker.hpp"

namespace rc::store {

using stats::Metric;

Worker::Amendment Worker::unchanged(const Item& item) {
  return {
      .expiry = item.expiry(),
      .cas = item.cas(),
      .state = static_cast<std::uint8_t>(item.header().shape & shape_state)};
}

// Hints that a copy takes over. The item is not sealed yet.
void Worker::inherit(const Item& copy, const Item& old) {
  // Relaxed: hints, and the copy is ours alone; it is still being built, and says so.
  if (old.fetched()) copy.header().marks.fetch_or(mark_fetched, std::memory_order_relaxed);
  copy.header().feature = old.feature();
}

// Puts the amended copy in the item's place; `result` is it. `copy` is scratch space that outlives
// an attempt that failed for want of a quiet moment.
Worker::Attempt Worker::remake(
    std::string_view key, Entry& entry, Draft& copy, const Amendment& amendment, Item& result
) {
  const Item old = entry.item;
  if (!amendment.empties && old.chained() && head_is_movable(old)) {
    return amend_head(entry, amendment, result);
  }
  Blueprint blueprint{.shape = old.shape(), .expiry = amendment.expiry};
  if (amendment.empties) blueprint.shape.value_bytes = blueprint.shape.client_flags = 0;
  if (!renew_draft(copy, key, blueprint)) return copy ? Attempt::changed : Attempt::no_memory;
  if (!amendment.empties) append_value(copy, old);
  inherit(copy.item_, old);
  copy.item_.header().shape |= amendment.state;
  result = copy.item_;
  return replace_by(copy, entry, amendment.cas) ? Attempt::done : Attempt::changed;
}

// Makes an item where no live one is; `result` is it.
Worker::Attempt Worker::create(
    std::string_view key, Hash hash, Draft& draft, const NewItem& make, Item& result
) {
  keep_pace();
  Entry entry = peek(key, hash);
  if (entry.live()) return Attempt::changed;
  Blueprint blueprint{
      .shape = {.key_bytes = static_cast<std::uint32_t>(key.size())}, .expiry = make.expiry};
  blueprint.shape.value_bytes =
      make.source ? make.source.value_bytes() : static_cast<std::uint32_t>(make.text.size());
  blueprint.shape.client_flags = make.source ? make.source.client_flags() : 0;
  if (!renew_draft(draft, key, blueprint)) return draft ? Attempt::changed : Attempt::no_memory;
  if (make.source) append_value(draft, make.source);
  draft.append(std::span(make.text));
  draft.item_.header().shape |= make.state;

  draft.worker_ = nullptr;
  const Item item = draft.item_;
  seal(item, make.cas ? *make.cas : next_cas(), entry.generation);
  const std::optional<bool> linked = link(entry, item, hash);
  if (!linked || !*linked) {
    bury(item, Extent::all);
    return linked ? Attempt::no_memory : Attempt::changed;
  }
  counters_.add(Metric::total_items);
  result = item;
  return Attempt::done;
}

// Another expiry; the cas stays, because touching is no change of the value.
Item Worker::touch(std::string_view key, Expiry expiry) {
  const Hash hash = core_.hash(key);
  Draft copy;
  for (;;) {
    Entry entry = classify(index_.find(key, hash));
    if (!admit(entry)) return {};
    Amendment amendment = unchanged(entry.item);
    amendment.expiry = expiry;
    Item touched;
    const Attempt attempt = remake(key, entry, copy, amendment, touched);
    if (attempt != Attempt::changed) return attempt == Attempt::done ? touched : Item{};
  }
}

// Whether a caller with these terms is the one to make the item anew.
bool Worker::wins(const Item& item, const FetchTerms& terms) const {
  if (item.won()) return false;
  if (item.stale()) return true;
  if (!terms.recache_below_s) return false;
  const bool after = terms.recache_after_touch && terms.touch;
  const Expiry expiry = after ? *terms.touch : item.expiry();
  return expiry != Expiry::never && seconds_left(expiry, now_) < *terms.recache_below_s;
}

Fetched Worker::fetch(std::string_view key, const FetchTerms& terms) {
  const Hash hash = core_.hash(key);
  Draft copy;
  for (;;) {
    Entry entry = terms.is_use ? classify(index_.find(key, hash)) : peek(key, hash);
    if (!entry.live()) {
      dismiss(entry);
      if (!terms.vivify) return {};
      const std::optional<Fetched> made = vivify(key, hash, copy, terms);
      if (made) return *made;
      continue;
    }
    const Item old = entry.item;
    Fetched fetched{
        .outcome = Fetched::Outcome::found,
        .item = old,
        .won = wins(old, terms),
        .was_won = old.won(),
        .was_fetched = old.fetched(),
        .idle_s = old.idle_seconds(now_),
        .expiry_before = old.expiry()};
    if (fetched.won || terms.touch) {
      Amendment amendment = unchanged(old);
      if (terms.touch) amendment.expiry = *terms.touch;
      if (fetched.won) amendment.state |= shape_won;
      const auto last_access = old.header().last_access.load(std::memory_order_relaxed);
      const Attempt attempt = remake(key, entry, copy, amendment, fetched.item);
      if (attempt == Attempt::no_memory) return {.outcome = Fetched::Outcome::out_of_memory};
      if (attempt == Attempt::changed) continue;
      // A new item was accessed now, but to the caller this is the old one. Relaxed: a hint.
      fetched.item.header().last_access.store(last_access, std::memory_order_relaxed);
    }
    if (terms.is_use) note_access(fetched.item);
    return fetched;
  }
}

// The missing item, empty, for the caller to fill: whoever comes next is told that it is won.
// Nothing: look again.
std::optional<Fetched> Worker::vivify(
    std::string_view key, Hash hash, Draft& draft, const FetchTerms& terms
) {
  const bool touches = terms.touch && terms.touch_after_vivify;
  const NewItem make{
      .expiry = touches ? *terms.touch : *terms.vivify, .cas = terms.new_cas, .state = shape_won};
  Fetched fetched{.outcome = Fetched::Outcome::created, .won = true};
  switch (create(key, hash, draft, make, fetched.item)) {
    case Attempt::done:
      // As in memcached whoever made it has fetched it.
      if (terms.is_use) note_access(fetched.item);
      return fetched;
    case Attempt::changed:
      return std::nullopt;
    case Attempt::no_memory:
      break;
  }
  return Fetched{.outcome = Fetched::Outcome::out_of_memory};
}

Stored Worker::invalidate(std::string_view key, const InvalidateTerms& terms) {
  const Hash hash = core_.hash(key);
  Draft copy;
  for (;;) {
    Entry entry = peek(key, hash);
    if (entry.state == State::absent) return {.outcome = Outcome::not_found};
    if (!entry.live()) {
      if (remove_dead(entry)) return {.outcome = Outcome::not_found};
      continue;
    }
    if (terms.cas_unique && entry.item.cas() != *terms.cas_unique) {
      return {.outcome = Outcome::exists};
    }
    Amendment amendment = unchanged(entry.item);
    amendment.cas = terms.new_cas ? *terms.new_cas : cas_after(entry.item.cas());
    amendment.state = terms.stale ? shape_stale : std::uint8_t{0};
    amendment.empties = terms.empties;
    if (terms.empties) amendment.expiry = Expiry::never;
    if (terms.expiry) amendment.expiry = *terms.expiry;
    Item changed;
    const Attempt attempt = remake(key, entry, copy, amendment, changed);
    if (attempt == Attempt::changed) continue;
    if (attempt == Attempt::no_memory) return {.outcome = Outcome::out_of_memory};
    return {.outcome = Outcome::stored, .cas = changed.cas(), .value_bytes = changed.value_bytes()};
  }
}

}  // namespace rc::store
