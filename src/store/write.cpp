// Changing a key: storing in all modes, deleting, flushing.
//
// Every change builds a new item first and then makes it the key's item by one change of the
// table's word; when that fails because somebody else changed the key meanwhile, the decision is
// made anew. Building may need memory, and finding memory may end the turn: whatever was looked up
// before is looked up again after.
#include "base/assert.hpp"
#include "store/worker.hpp"

#include <utility>

namespace rc::store {

using stats::Metric;

// May the item be stored on these terms, given what is there? `stored` stands for yes.
Outcome Worker::verdict(const WriteTerms& terms, const Entry& entry) {
  switch (terms.mode) {
    case Mode::set:
      return Outcome::stored;
    case Mode::add:
      return entry.live() ? Outcome::not_stored : Outcome::stored;
    case Mode::replace:
      return entry.live() ? Outcome::stored : Outcome::not_stored;
    case Mode::append:
    case Mode::prepend: {
      if (!entry.live()) return Outcome::not_stored;
      const bool matches = terms.cas_unique == 0 || entry.item.cas() == terms.cas_unique;
      return matches ? Outcome::stored : Outcome::exists;
    }
    case Mode::cas: {
      if (!entry.live()) return Outcome::not_found;
      if (entry.item.cas() == terms.cas_unique) return Outcome::stored;
      // 0 is no version, neither an older one.
      const bool older = terms.cas_unique != 0 && terms.cas_unique < entry.item.cas();
      return terms.accepts_stale && older ? Outcome::stored : Outcome::exists;
    }
  }
  const bool mode_exists = false;
  RC_ASSERT(mode_exists);
  return Outcome::not_stored;
}

// A value that was made from an older version than the item's is better than none, but is known to
// be out of date: it keeps the item's time and whether somebody has been told to make it anew. Only
// a comparison makes a version older; without one there may be no item at all.
void Worker::adopt(const Item& item, const Entry& entry, const WriteTerms& terms) {
  if (terms.mode != Mode::cas || !terms.accepts_stale) return;
  if (entry.item.cas() == terms.cas_unique) return;
  item.header().exptime = entry.item.expiry();
  item.header().shape |= shape_stale;
  if (entry.item.won()) item.header().shape |= shape_won;
}

// Puts the sealed item in the place of what was found; false if that has changed.
bool Worker::swap(Entry& entry, const Item& item) {
  if (!index_.replace(entry.found, handle_of(item))) return false;
  count_linked(item);
  if (entry.live()) {
    bury_linked(entry.item);
  } else {
    bury_dead(entry.item, entry.state);
  }
  return true;
}

// Makes the sealed item the key's: true, or false if there is no slot for it. Nothing if somebody
// else changed the key meanwhile.
std::optional<bool> Worker::link(Entry& entry, const Item& item, Hash hash) {
  if (entry.found) return swap(entry, item) ? std::optional(true) : std::nullopt;
  const table::Insertion insertion = index_.insert(item.key(), hash, handle_of(item));
  if (insertion.displaced != table::Handle::none) bury_victim(item_of(insertion.displaced));
  switch (insertion.outcome) {
    case table::Inserted::inserted:
      count_linked(item);
      return true;
    case table::Inserted::exists:
      return std::nullopt;
    case table::Inserted::full:
      // With eviction on, the slot that was made for us went to somebody else: again.
      return core_.options.evict ? std::nullopt : std::optional(false);
  }
  return std::nullopt;
}

// The same item, not sealed; empty if there is no memory for it.
Item Worker::unsealed_copy(const Item& item) {
  Draft copy = allocate(item.key(), {.shape = item.shape(), .expiry = item.expiry()});
  if (!copy) return {};
  append_value(copy, item);
  copy.worker_ = nullptr;
  return copy.item_;
}

// Stores a finished item, or frees it.
Stored Worker::publish(Item item, const WriteTerms& terms) {
  const Hash hash = core_.hash(item.key());
  bool sealed = false;
  for (;;) {
    // A failed add counts as a use of the item that is there, as in memcached.
    const bool is_use = terms.mode == Mode::add;
    Entry entry = classify(is_use ? index_.find(item.key(), hash) : index_.peek(item.key(), hash));
    Outcome outcome = verdict(terms, entry);
    if (outcome == Outcome::stored) {
      if (sealed && terms.accepts_stale) {
        // What it adopted was another's, and a sealed item does not change: it takes a new one.
        const Item again = unsealed_copy(item);
        bury(item, Extent::all);
        if (!again) return {.outcome = Outcome::out_of_memory};
        item = again;
        sealed = false;
        continue;
      }
      if (!std::exchange(sealed, true)) {
        adopt(item, entry, terms);
        seal(item, terms.new_cas ? *terms.new_cas : next_cas(), entry.generation);
      }
      const std::optional<bool> linked = link(entry, item, hash);
      if (!linked) continue;
      if (*linked) {
        counters_.add(Metric::total_items);
        // Another thread may have replaced it since, but cannot have freed it within our turn.
        return {.outcome = Outcome::stored, .cas = item.cas(), .value_bytes = item.value_bytes()};
      }
      outcome = Outcome::out_of_memory;
    }
    if (sealed) {
      bury(item, Extent::all);
    } else {
      discard(item);
    }
    return {.outcome = outcome};
  }
}

Stored Worker::store(Draft&& draft, const WriteTerms& terms) {
  RC_ASSERT(draft && draft.remaining_ == 0);
  if (terms.mode == Mode::append || terms.mode == Mode::prepend) {
    return join(std::move(draft), terms);
  }
  uncount(draft);
  draft.worker_ = nullptr;
  return publish(draft.item_, terms);
}

// Makes `draft` an empty item of this kind, unless it is one already. False: no memory, or the turn
// was refreshed; the draft tells which.
bool Worker::renew_draft(Draft& draft, std::string_view key, const Blueprint& blueprint) {
  if (draft && draft.item_.shape() == blueprint.shape) {
    ItemHeader& header = draft.item_.header();
    header.exptime = blueprint.expiry;
    header.shape = static_cast<std::uint8_t>(header.shape & ~shape_state);
    start_filling(draft);
    return true;
  }
  draft = {};
  const std::uint64_t before = refreshes_;
  draft = allocate(key, blueprint);
  return draft && refreshes_ == before;
}

// Seals the filled draft and puts it in the place of `entry`. False: the key has changed.
bool Worker::replace_by(Draft& draft, Entry& entry, std::uint64_t cas) {
  RC_ASSERT(draft.remaining_ == 0);
  draft.worker_ = nullptr;
  const Item item = draft.item_;
  seal(item, cas, entry.generation);
  if (swap(entry, item)) return true;
  bury(item, Extent::all);
  return false;
}

// append and prepend: one item out of the key's and the piece.
Stored Worker::join(Draft&& piece, const WriteTerms& terms) {
  const Draft addition = std::move(piece);
  const Item added = addition.item_;
  const std::string_view key = added.key();
  const Hash hash = core_.hash(key);
  Draft joined;
  for (;;) {
    Entry entry = peek(key, hash);
    if (!entry.live() && terms.vivify) {
      const NewItem make{.expiry = *terms.vivify, .cas = terms.new_cas, .source = added};
      Item item;
      const Attempt attempt = create(key, hash, joined, make, item);
      if (attempt == Attempt::no_memory) return {.outcome = Outcome::out_of_memory};
      if (attempt == Attempt::changed) continue;
      return {.outcome = Outcome::stored, .cas = item.cas(), .value_bytes = item.value_bytes()};
    }
    const Outcome outcome = verdict(terms, entry);
    if (outcome != Outcome::stored) return {.outcome = outcome};
    const std::optional<Stored> stored = extend(joined, entry, added, terms);
    if (stored) return *stored;
  }
}

// Stores `piece` joined to the item, as `joined`. Nothing: look again.
std::optional<Stored> Worker::extend(
    Draft& joined, Entry& entry, const Item& piece, const WriteTerms& terms
) {
  const Item old = entry.item;
  Blueprint blueprint{.shape = old.shape(), .expiry = old.expiry()};
  const std::uint64_t bytes = std::uint64_t{blueprint.shape.value_bytes} + piece.value_bytes();
  if (bytes > value_max_bytes) return Stored{.outcome = Outcome::too_large};
  blueprint.shape.value_bytes = static_cast<std::uint32_t>(bytes);
  if (blueprint.shape.item_bytes() > budget_.item_bytes_max()) {
    return Stored{.outcome = Outcome::too_large};
  }
  if (!renew_draft(joined, piece.key(), blueprint)) {
    if (joined) return std::nullopt;
    return Stored{.outcome = Outcome::out_of_memory};
  }
  append_value(joined, terms.mode == Mode::append ? old : piece);
  append_value(joined, terms.mode == Mode::append ? piece : old);
  const std::uint64_t cas = terms.new_cas ? *terms.new_cas : next_cas();
  if (!replace_by(joined, entry, cas)) return std::nullopt;
  counters_.add(Metric::total_items);
  return Stored{.outcome = Outcome::stored, .cas = cas, .value_bytes = blueprint.shape.value_bytes};
}

Outcome Worker::erase(std::string_view key, std::optional<std::uint64_t> cas_unique) {
  const Hash hash = core_.hash(key);
  for (;;) {
    Entry entry = peek(key, hash);
    if (entry.state == State::absent) return Outcome::not_found;
    if (!entry.live()) {
      if (remove_dead(entry)) return Outcome::not_found;
      continue;
    }
    if (cas_unique && entry.item.cas() != *cas_unique) return Outcome::exists;
    if (!index_.erase(entry.found)) continue;
    bury_linked(entry.item);
    return Outcome::stored;
  }
}

void Worker::flush_all(UnixSeconds when) {
  // Relaxed: a turn that begins later sees the time or does not; only the exchange in begin_turn
  // decides. An immediate flush cancels one that was to come, as in memcached.
  const bool later = count(when) > count(now_);
  core_.flush_due.store(later ? count(when) : 0, std::memory_order_relaxed);
  if (!later) flush_now();
}

// All items stored so far belong to an older generation from now on, and nobody finds them any
// more; the background frees their memory. Generations have eight bits and may not come round while
// such items exist: who flushes so often that the background cannot keep up does a part of its
// work.
void Worker::flush_now() {
  core_.begin_generation();
  while (core_.flush_walk.behind(core_.flush_count()) > FlushHand::parts) {
    static_cast<void>(walk_outdated());
    bound_limbo();
  }
}

}  // namespace rc::store
