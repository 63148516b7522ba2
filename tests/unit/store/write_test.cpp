#include "fixture.hpp"

namespace rc::store {

using stats::Metric;
using testing::Fixture;
using testing::pattern;
using testing::small_store;

TEST_SUITE("write") {
  TEST_CASE("a value comes back with its flags, whatever its size") {
    Fixture f{small_store(32 * mib)};
    for (const std::size_t bytes :
         {0UL,
          1UL,
          200UL,
          4096UL,
          4097UL,
          32'000UL,
          32'768UL,
          32'769UL,
          40'000UL,
          61'440UL,
          61'441UL,
          65'535UL,
          65'536UL,
          65'537UL,
          98'304UL,
          131'071UL,
          1'000'000UL}) {
      CAPTURE(bytes);
      const std::string value = pattern(bytes, 3);
      REQUIRE(f.put("key", value, Mode::set, Expiry::never, 0xDEADBEEF) == Outcome::stored);
      const Item item = f->find("key");
      REQUIRE(item);
      CHECK(item.key() == "key");
      CHECK(item.client_flags() == 0xDEADBEEF);
      CHECK(Fixture::value_of(item) == value);
      std::string by_index;
      for (std::uint32_t i = 0; i < item.piece_count(); ++i) by_index += item.piece(i);
      CHECK(by_index == value);
    }
    f.settle();
    f.store().check_invariants();
  }

  TEST_CASE("a value may arrive in any pieces") {
    Fixture f;
    const std::string value = pattern(200'000, 9);
    for (const std::size_t step : {1UL, 7UL, 4096UL, 65'536UL, 70'000UL}) {
      Reservation r = f->reserve("k", 0, Expiry::never, 200'000);
      REQUIRE(r.outcome == Outcome::stored);
      for (std::size_t at = 0; at < value.size(); at += step) {
        const std::string_view rest = std::string_view(value).substr(at, step);
        REQUIRE(r.draft.append(rest) == rest.size());
      }
      CHECK(r.draft.remaining() == 0);
      CHECK(r.draft.append(std::string_view("x")) == 0);
      REQUIRE(f->store(std::move(r.draft), {}).outcome == Outcome::stored);
      CHECK(f.get("k") == value);
    }
  }

  TEST_CASE("each mode looks at what is there") {
    Fixture f;
    CHECK(f.put("k", "v", Mode::replace) == Outcome::not_stored);
    CHECK(f.put("k", "v", Mode::append) == Outcome::not_stored);
    CHECK(f.put("k", "v", Mode::prepend) == Outcome::not_stored);
    CHECK(f.put("k", "v", Mode::cas, Expiry::never, 0, 1) == Outcome::not_found);
    CHECK_FALSE(f.get("k"));
    CHECK(f.put("k", "v1", Mode::add) == Outcome::stored);
    CHECK(f.put("k", "v2", Mode::add) == Outcome::not_stored);
    CHECK(f.get("k") == "v1");
    CHECK(f.put("k", "v3", Mode::replace) == Outcome::stored);
    CHECK(f.put("k", "v4", Mode::set) == Outcome::stored);
    CHECK(f.get("k") == "v4");
    CHECK(f.count(Metric::total_items) == 3);
  }

  TEST_CASE("cas stores only over the version it names") {
    Fixture f;
    REQUIRE(f.put("k", "v1") == Outcome::stored);
    const std::uint64_t first = f.last_cas;
    CHECK(f->find("k").cas() == first);
    REQUIRE(f.put("k", "v2") == Outcome::stored);
    CHECK(f.last_cas != first);
    CHECK(f.put("k", "v3", Mode::cas, Expiry::never, 0, first) == Outcome::exists);
    CHECK(f.put("k", "v3", Mode::cas, Expiry::never, 0, 0) == Outcome::exists);
    CHECK(f.put("k", "v3", Mode::cas, Expiry::never, 0, f.last_cas) == Outcome::stored);
    CHECK(f.get("k") == "v3");
  }

  TEST_CASE("append and prepend keep flags and expiry and change the cas") {
    Fixture f;
    const Expiry later = expiry_from_wire(100, f.now());
    REQUIRE(f.put("k", "b", Mode::set, later, 5) == Outcome::stored);
    const std::uint64_t before = f.last_cas;
    CHECK(f.put("k", "c", Mode::append, Expiry::never, 9) == Outcome::stored);
    CHECK(f.put("k", "a", Mode::prepend) == Outcome::stored);
    const Item item = f->find("k");
    CHECK(item.value() == "abc");
    CHECK(item.client_flags() == 5);
    CHECK(item.expiry() == later);
    CHECK(item.cas() != before);
    CHECK(item.cas() == f.last_cas);
  }

  TEST_CASE("a value grows by appending from one chunk into a chain") {
    Fixture f;
    std::string expected;
    REQUIRE(f.put("k", "") == Outcome::stored);
    for (std::uint32_t i = 0; i < 60; ++i) {
      const std::string piece = pattern(i * 97, i);
      REQUIRE(f.put("k", piece, i % 3 == 0 ? Mode::prepend : Mode::append) == Outcome::stored);
      expected = i % 3 == 0 ? piece + expected : expected + piece;
      REQUIRE(f.get("k") == expected);
    }
  }

  TEST_CASE("an item above the size limit is refused, also by appending") {
    Options options = small_store();
    options.item_size_max_bytes = 100'000;
    Fixture f{options};
    CHECK(f->reserve("k", 0, Expiry::never, 100'000).outcome == Outcome::too_large);
    REQUIRE(f.put("k", pattern(60'000, 1)) == Outcome::stored);
    CHECK(f.put("k", pattern(60'000, 1), Mode::append) == Outcome::too_large);
    CHECK(f.get("k") == pattern(60'000, 1));
  }

  TEST_CASE("a value of the item size limit less 250 bytes fits the default limit") {
    Fixture f;
    CHECK(f.put("large", pattern(mib - 250, 1)) == Outcome::stored);
    CHECK(f.get("large") == pattern(mib - 250, 1));
  }

  TEST_CASE("a draft that is dropped leaves nothing behind") {
    Fixture f;
    f.settle();
    const std::uint64_t before = f.store().figures().chunk_bytes;
    for (int i = 0; i < 100; ++i) {
      Reservation r = f->reserve("k", 1, Expiry::never, 900'000);
      REQUIRE(r.outcome == Outcome::stored);
      r.draft.append(std::string_view("begun"));
    }
    f.settle();
    CHECK_FALSE(f.get("k"));
    CHECK(f.store().figures().chunk_bytes <= before + 64 * kib);
    CHECK(f.store().figures().curr_items == 0);
  }

  TEST_CASE("erase takes the item, or with a cas only that version") {
    Fixture f;
    CHECK(f->erase("k") == Outcome::not_found);
    REQUIRE(f.put("k", "v") == Outcome::stored);
    CHECK(f->erase("k", f.last_cas + 1) == Outcome::exists);
    CHECK(f->erase("k", f.last_cas) == Outcome::stored);
    CHECK_FALSE(f.get("k"));
    CHECK(f->erase("k") == Outcome::not_found);
  }

  TEST_CASE("touch changes the expiry and nothing else") {
    Fixture f;
    for (const std::size_t bytes : {10UL, 40'000UL, 300'000UL}) {
      CAPTURE(bytes);
      const std::string value = pattern(bytes, 1);
      REQUIRE(f.put("k", value, Mode::set, Expiry::never, 77) == Outcome::stored);
      const Expiry later = expiry_from_wire(50, f.now());
      const Item touched = f->touch("k", later);
      REQUIRE(touched);
      CHECK(touched.expiry() == later);
      CHECK(touched.cas() == f.last_cas);
      CHECK(touched.client_flags() == 77);
      CHECK(Fixture::value_of(touched) == value);
      CHECK(f.get("k") == value);
      f.settle();
      CHECK(f.get("k") == value);
      f.advance(50);
      CHECK_FALSE(f.get("k"));
    }
    CHECK_FALSE(f->touch("absent", Expiry::never));
    f.settle();
    CHECK(f.store().figures().curr_items == 0);
    CHECK(f.store().figures().item_bytes == 0);
  }

  TEST_CASE("touching a large value copies its head only") {
    Fixture f;
    REQUIRE(f.put("k", pattern(900'000, 1)) == Outcome::stored);
    const char* before = f->find("k").piece(0).data();
    const Item touched = f->touch("k", expiry_from_wire(9, f.now()));
    CHECK(touched.piece(0).data() == before);
    f.settle();
    CHECK(f.get("k") == pattern(900'000, 1));
    CHECK(f->erase("k") == Outcome::stored);
    f.settle();
    CHECK(f.store().figures().arena_used_bytes <= 3 * 64 * kib);
  }

  TEST_CASE("touching a large value while it is pinned copies all of it") {
    Fixture f;
    REQUIRE(f.put("k", pattern(300'000, 1)) == Outcome::stored);
    const Item old = f->find("k");
    const auto pin = f->pin(old);
    REQUIRE(pin);
    const Item touched = f->touch("k", expiry_from_wire(9, f.now()));
    REQUIRE(touched);
    CHECK(touched.piece(0).data() != old.piece(0).data());
    f.settle();
    CHECK(f->erase("k") == Outcome::stored);
    f.settle();
    CHECK(Fixture::value_of(old) == pattern(300'000, 1));
    f->release(*pin);
    f.settle();
    CHECK(f.store().figures().pinned_dead_bytes == 0);
    CHECK(f.store().figures().arena_used_bytes <= 3 * 64 * kib);
  }

  TEST_CASE("every store has a larger cas than the one before") {
    Fixture f;
    std::uint64_t last = 0;
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(f.put("k", "v") == Outcome::stored);
      CHECK(f.last_cas > last);
      last = f.last_cas;
    }
  }
}

}  // namespace rc::store
