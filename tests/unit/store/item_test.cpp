#include "store/item.hpp"

#include "store/size_class.hpp"

#include <doctest/doctest.h>

namespace rc::store {

TEST_SUITE("item") {
  TEST_CASE("sixteen bytes of key and two hundred of value cost 24 more") {
    constexpr ItemShape shape{.key_bytes = 16, .value_bytes = 200};
    CHECK(shape.head_bytes() == 240);
    CHECK(size_class(class_for(shape.head_bytes())).chunk_bytes == 240);
  }

  TEST_CASE("client flags cost four bytes, and only if there are any") {
    constexpr ItemShape plain{.key_bytes = 1, .value_bytes = 1};
    constexpr ItemShape flagged{.key_bytes = 1, .value_bytes = 1, .client_flags = 7};
    CHECK(plain.head_bytes() == 26);
    CHECK(flagged.head_bytes() == 30);
  }

  TEST_CASE("only values above 4 KiB have a pin count") {
    CHECK_FALSE(ItemShape{.key_bytes = 1, .value_bytes = 4096}.has_pins());
    CHECK(ItemShape{.key_bytes = 1, .value_bytes = 4097}.has_pins());
  }

  TEST_CASE("an item that fits the largest chunk is in one piece, the next byte chains it") {
    constexpr std::uint32_t fits = 32 * 1024 - 24 - 4 - 10;
    CHECK_FALSE(ItemShape{.key_bytes = 10, .value_bytes = fits}.chained());
    CHECK(ItemShape{.key_bytes = 10, .value_bytes = fits + 1}.chained());
    CHECK(ItemShape{.key_bytes = 10, .value_bytes = fits + 1}.head_bytes() == 24 + 24 + 4 + 10);
  }

  TEST_CASE("a chain holds the whole value and wastes at most four kilobytes in pages") {
    for (std::uint32_t bytes = 32 * 1024 - 300; bytes < 400'000; bytes += 7) {
      const ChainPlan plan = ChainPlan::of(bytes);
      const std::uint64_t in_pages = std::uint64_t{plan.pages} * page_bytes;
      REQUIRE(in_pages + plan.tails[0] + plan.tails[1] >= bytes);
      REQUIRE(in_pages + plan.tails[0] + plan.tails[1] < bytes + 4096);
      REQUIRE(plan.tails[0] <= tail_max_bytes);
      REQUIRE(plan.tails[1] <= tail_max_bytes);
      if (plan.tails[1] != 0) REQUIRE(plan.tails[0] == tail_max_bytes);
    }
  }

  TEST_CASE("the longest value has a plan") {
    CHECK(ChainPlan::of(value_max_bytes).pages == value_max_bytes / page_bytes);
  }
}

}  // namespace rc::store
