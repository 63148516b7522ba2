// A store with one worker and a clock that tests set.
#pragma once

#include "../../sanitizers.hpp"

#include "store/access.hpp"
#include "store/store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

namespace rc::store::testing {

// Decorates a test in which the thread sanitizer could find nothing and would need minutes for it.
inline const doctest::skip long_and_of_one_thread{rc::test::under_thread_sanitizer};

inline Options small_store(std::uint64_t limit_bytes = 16 * mib) {
  Options options;
  options.limit_bytes = limit_bytes;
  options.hash_seed = 7;
  return options;
}

class Fixture {
 public:
  explicit Fixture(const Options& options = small_store())
      : store_(make(options)), access_(std::make_unique<Access>(*store_, counters)) {
    access_->begin_turn(now_);
  }
  ~Fixture() { access_->end_turn(); }

  Access& operator*() { return *access_; }
  Access* operator->() { return access_.get(); }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] UnixSeconds now() const { return now_; }
  [[nodiscard]] std::uint64_t count(stats::Metric m) const { return counters.read()[m]; }

  // Ends the turn and begins one at another time.
  void advance(std::uint32_t seconds = 0) {
    access_->end_turn();
    now_ = UnixSeconds{rc::count(now_) + seconds};
    access_->begin_turn(now_);
  }

  // Everything that can be freed is.
  void settle() {
    for (int i = 0; i < 16; ++i) advance();
  }

  Outcome put(
      std::string_view key,
      std::string_view value,
      Mode mode = Mode::set,
      Expiry expiry = Expiry::never,
      std::uint32_t flags = 0,
      std::uint64_t cas = 0
  ) {
    Reservation r = access_->reserve(key, flags, expiry, static_cast<std::uint32_t>(value.size()));
    if (r.outcome != Outcome::stored) return r.outcome;
    REQUIRE(r.draft.append(value) == value.size());
    REQUIRE(r.draft.remaining() == 0);
    const Stored stored = access_->store(std::move(r.draft), {.mode = mode, .cas_unique = cas});
    if (stored.outcome == Outcome::stored) last_cas = stored.cas;
    return stored.outcome;
  }

  [[nodiscard]] std::optional<std::string> get(std::string_view key) {
    const Item item = access_->find(key);
    if (!item) return std::nullopt;
    return value_of(item);
  }

  [[nodiscard]] static std::string value_of(const Item& item) {
    std::string value;
    item.for_each_piece([&](std::string_view piece) { value += piece; });
    CHECK(value.size() == item.value_bytes());
    return value;
  }

  stats::Counters counters;
  std::uint64_t last_cas = 0;

 private:
  static std::unique_ptr<Store> make(const Options& options) {
    auto store = Store::create(options);
    if (!store) FAIL(store.error().message);
    return std::move(store).value();
  }

  std::unique_ptr<Store> store_;
  std::unique_ptr<Access> access_;
  UnixSeconds now_{1'700'000'000};
};

// A value whose every byte depends on its position and on `salt`.
inline std::string pattern(std::size_t bytes, std::uint32_t salt) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>((i * 131 + i / 251 + salt * 17) & 0xFFU);
  }
  return text;
}

}  // namespace rc::store::testing
