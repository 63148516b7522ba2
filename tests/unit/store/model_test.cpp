// The whole store against a plain map: random operations, sizes, expiries and cas values. With room
// for everything the two must agree on every answer; where the store has to evict, it may answer
// "not there", but never anything that is not true.
#include "fixture.hpp"

#include <cstdlib>
#include <map>
#include <random>

namespace rc::store {

using testing::Fixture;
using testing::long_and_of_one_thread;
using testing::pattern;
using testing::small_store;

namespace {

struct Known {
  std::string value;
  std::uint32_t flags = 0;
  Expiry expiry = Expiry::never;
  std::uint64_t cas = 0;
  bool stale = false;
  bool won = false;
};

std::uint32_t seed_of_run() {
  const char* given = std::getenv("RC_SEED");
  return given != nullptr ? static_cast<std::uint32_t>(std::atoi(given)) : std::random_device{}();
}

class Model {
 public:
  Model(Fixture& store, std::uint32_t seed, bool may_evict)
      : f_(store), random_(seed), may_evict_(may_evict) {}

  void step() {
    const std::string key = "key" + std::to_string(below(150));
    forget_expired();
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
        return put(key, Mode::set);
      case 3:
        return put(key, static_cast<Mode>(below(6)));
      case 4:
        return erase(key);
      case 5:
        return touch(key);
      case 6:
        return count(key);
      case 7:
        return time_passes();
      case 8:
        return fetch(key);
      case 9:
        return invalidate(key);
      default:
        return get(key);
    }
  }

  void check_all() {
    forget_expired();
    for (int i = 0; i < 150; ++i) get("key" + std::to_string(i));
    if (!may_evict_) CHECK(f_.store().figures().curr_items >= known_.size());
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_()) % n; }

  std::string some_value() {
    if (below(4) == 0) return std::to_string(below(2'000));
    const std::uint32_t magnitude = below(18);
    const std::uint32_t bytes = below(2U << magnitude);
    return pattern(std::min(bytes, 200'000U), below(1000));
  }

  Expiry some_expiry() {
    switch (below(6)) {
      case 0:
        return expiry_from_wire(1 + below(100), f_.now());
      case 1:
        return below(4) == 0 ? Expiry::expired : Expiry::never;
      default:
        return Expiry::never;
    }
  }

  void forget_expired() {
    std::erase_if(known_, [&](const auto& entry) {
      return has_passed(entry.second.expiry, f_.now());
    });
  }

  Known* find(const std::string& key) {
    const auto it = known_.find(key);
    return it == known_.end() ? nullptr : &it->second;
  }

  // The store has evicted what the model knows: then the model knows it no longer.
  bool evicted(const std::string& key, bool missing) {
    if (!missing || !may_evict_) return false;
    known_.erase(key);
    return true;
  }

  void get(const std::string& key) {
    const Known* known = find(key);
    const Item item = f_->find(key);
    if (known != nullptr && evicted(key, !item)) return;
    REQUIRE(static_cast<bool>(item) == (known != nullptr));
    if (known == nullptr) return;
    REQUIRE(item.key() == key);
    REQUIRE(Fixture::value_of(item) == known->value);
    REQUIRE(item.client_flags() == known->flags);
    REQUIRE(item.expiry() == known->expiry);
    REQUIRE(item.cas() == known->cas);
    REQUIRE(item.stale() == known->stale);
    REQUIRE(item.won() == known->won);
  }

  [[nodiscard]] static Outcome expected(const Known* known, Mode mode, std::uint64_t cas) {
    switch (mode) {
      case Mode::set:
        return Outcome::stored;
      case Mode::add:
        return known == nullptr ? Outcome::stored : Outcome::not_stored;
      case Mode::replace:
      case Mode::append:
      case Mode::prepend:
        return known != nullptr ? Outcome::stored : Outcome::not_stored;
      case Mode::cas:
        if (known == nullptr) return Outcome::not_found;
        return known->cas == cas ? Outcome::stored : Outcome::exists;
    }
    return Outcome::stored;
  }

  void put(const std::string& key, Mode mode) {
    // What was evicted is forgotten first, so that the answer is known. The reservation may evict
    // once more, so it comes before.
    const std::string value = some_value();
    const Expiry expiry = some_expiry();
    const std::uint32_t flags = below(2) == 0 ? 0 : below(1U << 31U);
    const auto bytes = static_cast<std::uint32_t>(value.size());
    Reservation r = f_->reserve(key, flags, expiry, bytes);
    REQUIRE(r.outcome == Outcome::stored);
    r.draft.append(value);
    if (!f_->find(key)) known_.erase(key);
    const Known* known = find(key);
    const std::uint64_t cas = known != nullptr && below(3) != 0 ? known->cas : 1;
    const bool joins = mode == Mode::append || mode == Mode::prepend;
    const Stored stored =
        f_->store(std::move(r.draft), {.mode = mode, .cas_unique = joins ? 0 : cas});
    const Outcome outcome = stored.outcome;
    // append builds a second item and may evict the first for it.
    if (joins && known != nullptr && evicted(key, outcome == Outcome::not_stored)) return;
    if (outcome == Outcome::too_large) {
      REQUIRE(joins);
      return;
    }
    REQUIRE(outcome == expected(known, mode, cas));
    if (outcome != Outcome::stored) return;
    Known& entry = known_[key];
    if (joins) {
      entry.stale = entry.won = false;
      entry.value = mode == Mode::append ? entry.value + value : value + entry.value;
      entry.cas = stored.cas;
      REQUIRE(stored.value_bytes == entry.value.size());
    } else {
      entry = {.value = value, .flags = flags, .expiry = expiry, .cas = stored.cas};
    }
  }

  void erase(const std::string& key) {
    const Known* known = find(key);
    const Outcome outcome =
        known != nullptr && below(3) == 0 ? f_->erase(key, known->cas) : f_->erase(key);
    if (known != nullptr && evicted(key, outcome == Outcome::not_found)) return;
    REQUIRE(outcome == (known != nullptr ? Outcome::stored : Outcome::not_found));
    known_.erase(key);
  }

  void touch(const std::string& key) {
    Known* known = find(key);
    const Expiry expiry = some_expiry();
    const Item item = f_->touch(key, expiry);
    if (known != nullptr && evicted(key, !item)) return;
    REQUIRE(static_cast<bool>(item) == (known != nullptr));
    if (known == nullptr) return;
    REQUIRE(Fixture::value_of(item) == known->value);
    REQUIRE(item.cas() == known->cas);
    known->expiry = expiry;
  }

  void fetch(const std::string& key) {
    Known* known = find(key);
    FetchTerms terms;
    if (below(2) == 0) terms.touch = some_expiry();
    if (below(2) == 0) terms.vivify = some_expiry();
    if (below(2) == 0) terms.recache_below_s = below(60);
    const Fetched fetched = f_->fetch(key, terms);
    const bool made = fetched.outcome == Fetched::Outcome::created;
    if (known != nullptr && evicted(key, !fetched.item || made)) known = nullptr;
    if (known == nullptr) {
      REQUIRE(made == terms.vivify.has_value());
      if (!made) return;
      REQUIRE(fetched.won);
      const std::uint64_t cas = fetched.item.cas();
      known_[key] = {.value = "", .expiry = *terms.vivify, .cas = cas, .won = true};
      return;
    }
    REQUIRE(Fixture::value_of(fetched.item) == known->value);
    const bool late = terms.recache_below_s && known->expiry != Expiry::never &&
                      seconds_left(known->expiry, f_.now()) < *terms.recache_below_s;
    REQUIRE(fetched.won == (!known->won && (known->stale || late)));
    REQUIRE(fetched.was_won == known->won);
    REQUIRE(fetched.expiry_before == known->expiry);
    if (fetched.won) known->won = true;
    if (terms.touch) known->expiry = *terms.touch;
  }

  void invalidate(const std::string& key) {
    Known* known = find(key);
    InvalidateTerms terms{.stale = below(2) == 0, .empties = below(2) == 0};
    if (below(2) == 0) terms.expiry = some_expiry();
    const Stored changed = f_->invalidate(key, terms);
    if (known != nullptr && evicted(key, changed.outcome == Outcome::not_found)) return;
    REQUIRE(changed.outcome == (known != nullptr ? Outcome::stored : Outcome::not_found));
    if (known == nullptr) return;
    if (terms.empties) *known = {};
    if (terms.expiry) known->expiry = *terms.expiry;
    known->cas = changed.cas;
    known->stale = terms.stale;
    known->won = false;
  }

  void count(const std::string& key) {
    Known* known = find(key);
    const Arithmetic a = f_->add(key, 3, Direction::increment);
    if (known != nullptr && evicted(key, a.outcome == Arithmetic::Outcome::not_found)) return;
    if (known == nullptr) {
      REQUIRE(a.outcome == Arithmetic::Outcome::not_found);
      return;
    }
    // Values that start like a number are short ones here, or the model learns the result.
    if (a.outcome == Arithmetic::Outcome::non_numeric) {
      REQUIRE((known->value.size() > 4 || known->value.empty() || !all_digits(known->value)));
      return;
    }
    REQUIRE(a.outcome == Arithmetic::Outcome::ok);
    std::string text = std::to_string(a.value);
    if (all_digits(known->value)) REQUIRE(a.value == std::stoull(known->value) + 3);
    text.resize(std::max(text.size(), known->value.size()), ' ');
    known->value = text;
    known->cas = a.cas;
  }

  static bool all_digits(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  }

  void time_passes() {
    f_.advance(below(3) == 0 ? below(20) : 0);
    for (std::uint32_t i = below(4); i > 0; --i) f_->background_step();
    if (below(800) != 0) return;
    f_->flush_all(UnixSeconds{0});
    known_.clear();
  }

  Fixture& f_;
  std::mt19937 random_;
  bool may_evict_;
  std::map<std::string, Known> known_;
};

void run(const Options& options, int steps, bool may_evict) {
  const std::uint32_t seed = seed_of_run();
  CAPTURE(seed);
  MESSAGE("RC_SEED=", seed);
  Fixture f{options};
  Model model{f, seed, may_evict};
  for (int i = 0; i < steps; ++i) {
    model.step();
    if (i % 16 == 0) f.advance();
    if (i % 1024 == 0) model.check_all();
  }
  model.check_all();
  f.settle();
  f.store().check_invariants();
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("with room for everything, every answer is a map's") {
    run(small_store(128 * mib), 30'000, false);
  }

  TEST_CASE("with room for a fraction, an answer is a map's or a miss" * long_and_of_one_thread) {
    run(small_store(6 * mib), 60'000, true);
  }

  TEST_CASE("with keys that collide in a handful of hashes, too" * long_and_of_one_thread) {
    Options options = small_store(6 * mib);
    options.hash_mask = 0xF;
    run(options, 30'000, true);
  }
}

}  // namespace rc::store
