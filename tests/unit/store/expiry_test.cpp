#include "store/expiry.hpp"

#include <doctest/doctest.h>

namespace rc::store {

namespace {
constexpr UnixSeconds now{1'700'000'000};
constexpr std::int64_t month = 60 * 60 * 24 * 30;
}  // namespace

TEST_SUITE("expiry") {
  TEST_CASE("zero never expires") {
    CHECK(expiry_from_wire(0, now) == Expiry::never);
    CHECK_FALSE(has_passed(Expiry::never, UnixSeconds{UINT32_MAX}));
    CHECK(seconds_left(Expiry::never, now) == -1);
  }

  TEST_CASE("a negative time has passed at once") {
    CHECK(has_passed(expiry_from_wire(-1, now), now));
    CHECK(has_passed(expiry_from_wire(INT64_MIN, now), now));
  }

  TEST_CASE("up to thirty days counts from now, above it is a point in time") {
    CHECK(count(expiry_from_wire(1, now)) == 1'700'000'001U);
    CHECK(count(expiry_from_wire(month, now)) == 1'700'000'000U + month);
    CHECK(count(expiry_from_wire(month + 1, now)) == month + 1);
    CHECK(has_passed(expiry_from_wire(month + 1, now), now));
    CHECK(count(expiry_from_wire(1'800'000'000, now)) == 1'800'000'000U);
  }

  TEST_CASE("an item is gone in the second of its expiry, not before") {
    const Expiry e = expiry_from_wire(10, now);
    CHECK_FALSE(has_passed(e, UnixSeconds{count(now) + 9}));
    CHECK(has_passed(e, UnixSeconds{count(now) + 10}));
    CHECK(seconds_left(e, UnixSeconds{count(now) + 4}) == 6);
    CHECK(seconds_left(e, UnixSeconds{count(now) + 40}) == 0);
  }

  TEST_CASE("a point beyond 32 bits is clamped, not wrapped") {
    CHECK(count(expiry_from_wire(INT64_MAX, now)) == UINT32_MAX);
    CHECK(count(expiry_from_wire(std::int64_t{UINT32_MAX} + 1, now)) == UINT32_MAX);
  }
}

}  // namespace rc::store
