#include "store/page.hpp"

#include <array>
#include <set>

#include <doctest/doctest.h>

namespace rc::store {

TEST_SUITE("page") {
  TEST_CASE("every size has the smallest class that holds it") {
    for (std::uint32_t bytes = 1; bytes <= chunk_max_bytes; ++bytes) {
      const ClassId c = class_for(bytes);
      REQUIRE(size_class(c).chunk_bytes >= bytes);
      if (index(c) > 0) REQUIRE(size_classes[index(c) - 1].chunk_bytes < bytes);
    }
  }

  TEST_CASE("classes grow by a tenth where chunks are many, and waste little of a page") {
    for (std::size_t i = 0; i < class_count; ++i) {
      const SizeClass& c = size_classes[i];
      CAPTURE(c.chunk_bytes);
      CHECK(c.chunk_bytes % chunk_unit_bytes == 0);
      CHECK(c.chunk_bytes * c.chunks <= page_bytes);
      CHECK(page_bytes - c.chunk_bytes * c.chunks < c.chunks * chunk_unit_bytes);
      if (i == 0 || c.chunk_bytes <= 160 || c.chunk_bytes > 4096) continue;
      CHECK(c.chunk_bytes <= size_classes[i - 1].chunk_bytes * 115 / 100);
    }
  }

  TEST_CASE("the reciprocal divides every offset of a page") {
    for (const SizeClass& c : size_classes) {
      for (std::uint32_t at = 0; at < c.chunks * c.chunk_bytes; at += chunk_unit_bytes) {
        REQUIRE(c.chunk_at(at) == at / c.chunk_bytes);
      }
    }
  }

  TEST_CASE("a set gives back exactly what was put in, going round") {
    std::array<std::atomic<std::uint64_t>, PageSet::words_per_line> words{};
    std::atomic<std::uint32_t> extent{300};
    PageSet set;
    set.place(words.data(), PageSet::words_per_line, extent);
    for (std::uint32_t i : {1U, 63U, 64U, 200U, 299U}) set.add(PageId{i});
    CHECK(set.count() == 5);
    std::uint32_t hand = 64;
    std::set<std::uint32_t> order;
    CHECK(set.take_next(hand) == PageId{64});
    CHECK(set.take_next(hand) == PageId{200});
    CHECK(set.take(PageId{299}));
    CHECK_FALSE(set.take(PageId{299}));
    CHECK(set.take_next(hand) == PageId{1});
    CHECK(set.take_next(hand) == PageId{63});
    CHECK(set.take_next(hand) == PageId::none);
    CHECK(set.count() == 0);
  }

  TEST_CASE("the hand finds a lone page behind it in its own word") {
    std::array<std::atomic<std::uint64_t>, PageSet::words_per_line> words{};
    std::atomic<std::uint32_t> extent{100};
    PageSet set;
    set.place(words.data(), PageSet::words_per_line, extent);
    set.add(PageId{3});
    std::uint32_t hand = 10;
    CHECK(set.take_next(hand) == PageId{3});
  }
}

}  // namespace rc::store
