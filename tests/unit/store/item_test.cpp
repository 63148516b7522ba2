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

  TEST_CASE("an item of 16 KiB is in one piece, the next byte chains it") {
    constexpr std::uint32_t fits = 16 * 1024 - 24 - 4 - 10;
    CHECK_FALSE(ItemShape{.key_bytes = 10, .value_bytes = fits}.chained());
    CHECK(ItemShape{.key_bytes = 10, .value_bytes = fits + 1}.chained());
    CHECK(ItemShape{.key_bytes = 10, .value_bytes = fits + 1}.head_bytes() == 24 + 24 + 4 + 10);
  }

  TEST_CASE("a chain holds the whole value; its first tail is full if there is a second") {
    for (std::uint32_t bytes = 16 * 1024 - 300; bytes < 400'000; bytes += 7) {
      const ChainPlan plan = ChainPlan::of(bytes);
      const std::uint64_t in_pages = std::uint64_t{plan.pages} * page_bytes;
      REQUIRE(in_pages + plan.tails[0] + plan.tails[1] >= bytes);
      REQUIRE(in_pages + plan.tails[0] + plan.tails[1] < bytes + 4096);
      REQUIRE(plan.tails[0] <= tail_max_bytes);
      REQUIRE(plan.tails[1] <= tail_max_bytes);
      if (plan.tails[1] == 0) continue;
      const std::uint32_t first = plan.tails[0] + std::uint32_t{sizeof(PartHeader)};
      REQUIRE(first == size_class(class_for(first)).chunk_bytes);
    }
  }

  TEST_CASE("the parts of a chain waste little on the average, and never a quarter") {
    const auto chunk = [](std::uint32_t tail) {
      const std::uint32_t with_header = tail + std::uint32_t{sizeof(PartHeader)};
      return tail == 0 ? 0 : size_class(class_for(with_header)).chunk_bytes;
    };
    double used = 0;
    double held = 0;
    for (std::uint32_t bytes = 16 * 1024; bytes < 200'000; bytes += bytes / 1000) {
      const ChainPlan plan = ChainPlan::of(bytes);
      const std::uint32_t memory =
          plan.pages * page_bytes + chunk(plan.tails[0]) + chunk(plan.tails[1]);
      REQUIRE(memory < bytes + bytes / 4);
      used += 1;
      held += double(memory) / bytes;
    }
    CHECK(held / used < 1.04);
  }

  TEST_CASE("the longest value has a plan") {
    CHECK(ChainPlan::of(value_max_bytes).pages == value_max_bytes / page_bytes);
  }
}

}  // namespace rc::store
