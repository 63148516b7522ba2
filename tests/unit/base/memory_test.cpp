#include "base/memory.hpp"

#include "../../sanitizers.hpp"

#include "base/bytes.hpp"

#include <cstdint>
#include <cstring>

#include <doctest/doctest.h>

TEST_SUITE("base/memory") {
  TEST_CASE("a region is aligned for huge pages and zero") {
    auto region = rc::Region::reserve(3 * rc::mib, true);
    REQUIRE(region.ok());
    CHECK(reinterpret_cast<std::uintptr_t>(region.value().data()) % (2 * rc::mib) == 0);
    CHECK(region.value().size() == 4 * rc::mib);
    CHECK(region.value().data()[4 * rc::mib - 1] == std::byte{0});
  }

  TEST_CASE("reserved memory costs nothing until it is touched, and nothing after discard") {
    auto region = rc::Region::reserve(rc::gib, false);
    REQUIRE(region.ok());
    const std::uint64_t before = rc::resident_bytes();
    std::memset(region.value().data(), 1, 64 * rc::mib);
    CHECK(rc::resident_bytes() >= before + 60 * rc::mib);
    region.value().discard(0, 64 * rc::mib);
    if (!rc::test::under_sanitizer) CHECK(rc::resident_bytes() <= before + 8 * rc::mib);
    CHECK(region.value().data()[0] == std::byte{0});
  }

  TEST_CASE("an impossible reservation is an error that names the size") {
    const auto region = rc::Region::reserve(std::size_t{1} << 60U, false);
    REQUIRE_FALSE(region.ok());
    CHECK(region.error().message.find("1048576 TiB") != std::string::npos);
  }
}
