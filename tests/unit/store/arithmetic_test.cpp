#include "fixture.hpp"

namespace rc::store {

using testing::Fixture;

namespace {

constexpr auto up = Direction::increment;
constexpr auto down = Direction::decrement;

}  // namespace

TEST_SUITE("arithmetic") {
  TEST_CASE("counting up and down gives the new number and stores it") {
    Fixture f;
    REQUIRE(f.put("n", "5", Mode::set, expiry_from_wire(60, f.now()), 3) == Outcome::stored);
    const std::uint64_t before = f.last_cas;
    Arithmetic a = f->add("n", 37, up);
    CHECK(a.outcome == Arithmetic::Outcome::ok);
    CHECK(a.value == 42);
    CHECK(f.get("n") == "42");
    a = f->add("n", 2, down);
    CHECK(a.value == 40);
    const Item item = f->find("n");
    CHECK(item.cas() == a.cas);
    CHECK(item.cas() != before);
    CHECK(item.client_flags() == 3);
    CHECK(item.expiry() == expiry_from_wire(60, f.now()));
  }

  TEST_CASE("to count, or to fail to, is no fetch") {
    Fixture f;
    REQUIRE(f.put("n", "5") == Outcome::stored);
    CHECK(f->add("n", 1, up).outcome == Arithmetic::Outcome::ok);
    CHECK_FALSE(f->glance("n").fetched());
    REQUIRE(f.put("n", "x") == Outcome::stored);
    CHECK(f->add("n", 1, up).outcome == Arithmetic::Outcome::non_numeric);
    CHECK_FALSE(f->glance("n").fetched());
    REQUIRE(f->find("n"));
    REQUIRE(f.put("n", "5") == Outcome::stored);
    REQUIRE(f->find("n"));
    CHECK(f->add("n", 1, up).outcome == Arithmetic::Outcome::ok);
    CHECK(f->glance("n").fetched());
  }

  TEST_CASE("incr wraps at 2^64, decr stops at zero") {
    Fixture f;
    REQUIRE(f.put("n", "18446744073709551615") == Outcome::stored);
    CHECK(f->add("n", 1, up).value == 0);
    REQUIRE(f.put("n", "10") == Outcome::stored);
    CHECK(f->add("n", 11, down).value == 0);
    CHECK(f.get("n") == "0 ");
  }

  TEST_CASE("a shorter result is padded with spaces to the old length") {
    Fixture f;
    REQUIRE(f.put("n", "10") == Outcome::stored);
    CHECK(f->add("n", 1, down).value == 9);
    CHECK(f.get("n") == "9 ");
    CHECK(f->add("n", 1, up).value == 10);
    CHECK(f.get("n") == "10");
    CHECK(f->add("n", 990, up).value == 1000);
    CHECK(f.get("n") == "1000");
  }

  TEST_CASE("spaces around and a plus sign are part of a number, other things are not") {
    Fixture f;
    for (const char* text : {"12", " 12", "12 ", "  +12  ", "+12", "12\r", "012", "12 x"}) {
      CAPTURE(text);
      REQUIRE(f.put("n", text) == Outcome::stored);
      CHECK(f->add("n", 1, up).value == 13);
    }
    for (const char* text :
         {"",
          " ",
          "-5",
          "5x",
          "x",
          "+",
          "+-5",
          "++5",
          "1.5",
          "0x10",
          "184467440737095516150",
          "18446744073709551616"}) {
      CAPTURE(text);
      REQUIRE(f.put("n", text) == Outcome::stored);
      CHECK(f->add("n", 1, up).outcome == Arithmetic::Outcome::non_numeric);
      CHECK(f.get("n") == text);
    }
  }

  TEST_CASE("a long value is no number, and an absent key none to count") {
    Fixture f;
    REQUIRE(f.put("n", std::string(100'000, '1')) == Outcome::stored);
    CHECK(f->add("n", 1, up).outcome == Arithmetic::Outcome::non_numeric);
    CHECK(f->add("absent", 1, up).outcome == Arithmetic::Outcome::not_found);
  }
}

}  // namespace rc::store
