#include "store/arena.hpp"

#include <cstring>
#include <set>
#include <vector>

#include <doctest/doctest.h>

namespace rc::store {

namespace {

std::unique_ptr<Arena> make_arena(std::uint32_t pages, std::uint32_t pages_max, bool huge) {
  auto arena = Arena::create({.pages = pages, .pages_max = pages_max, .huge_pages = huge});
  REQUIRE(arena.ok());
  return std::move(arena).value();
}

std::vector<PageId> take_all(Arena& arena) {
  std::vector<PageId> pages;
  for (PageId page; (page = arena.take_page()) != PageId::none;) {
    arena.descriptor(page).kind.store(PageKind::chain);
    std::memset(arena.page_start(page), 7, page_bytes);
    pages.push_back(page);
  }
  return pages;
}

}  // namespace

TEST_SUITE("page supply") {
  TEST_CASE("pages come up to the quota, each once, and more when it rises") {
    for (const bool huge : {false, true}) {
      auto arena = make_arena(70, 400, huge);
      const std::uint32_t block = arena->supply().block_pages();
      CHECK(block == (huge ? 32 : 1));
      std::vector<PageId> pages = take_all(*arena);
      CHECK(pages.size() == 70 / block * block);
      CHECK(arena->supply().resident() == pages.size());
      arena->supply().set_quota(200);
      CHECK(arena->free_pages() == 200 / block * block - pages.size());
      for (const PageId page : take_all(*arena)) pages.push_back(page);
      CHECK(pages.size() == 200 / block * block);
      CHECK(std::set<PageId>(pages.begin(), pages.end()).size() == pages.size());
      CHECK(arena->page_count() >= pages.size());
      CHECK_FALSE(arena->supply().over_quota());
    }
  }

  TEST_CASE("under a quota that has fallen, memory goes back before any is taken again") {
    auto arena = make_arena(10, 10, false);
    const std::vector<PageId> pages = take_all(*arena);
    arena->supply().set_quota(4);
    CHECK(arena->supply().over_quota());
    for (const PageId page : pages) arena->give_page(page);
    while (arena->supply().over_quota()) CHECK(arena->supply().give_back());
    CHECK(arena->supply().resident() == 4);
    CHECK(take_all(*arena).size() == 4);
  }

  TEST_CASE("a huge page goes back only when all of its pages are free") {
    auto arena = make_arena(64, 64, true);
    const std::vector<PageId> pages = take_all(*arena);
    REQUIRE(pages.size() == 64);
    for (std::size_t i = 0; i < 63; ++i) arena->give_page(pages[i]);
    CHECK(arena->supply().give_back());
    CHECK_FALSE(arena->supply().give_back());
    CHECK(arena->supply().resident() == 32);
    CHECK(*arena->page_start(pages[0]) == std::byte{0});
    arena->give_page(pages[63]);
    CHECK(arena->supply().give_back());
    CHECK(arena->supply().resident() == 0);
    CHECK(take_all(*arena).size() == 64);
  }

  TEST_CASE("free pages of a block that is being vacated are nobody's, and it goes when all are") {
    auto arena = make_arena(64, 64, true);
    PageSupply& supply = arena->supply();
    const std::vector<PageId> pages = take_all(*arena);
    const PageId block = supply.block_of(pages[40]);
    arena->give_page(pages[40]);
    supply.begin_vacating(block);
    CHECK_FALSE(supply.hold_or_finish());
    arena->give_page(pages[41]);
    CHECK(supply.idle() == 2);
    CHECK(arena->take_page() == PageId::none);

    supply.stop_vacating();
    CHECK(take_all(*arena).size() == 2);

    supply.begin_vacating(block);
    for (std::size_t i = 32; i < 64; ++i) arena->give_page(pages[i]);
    CHECK(supply.hold_or_finish());
    CHECK(supply.vacating() == PageId::none);
    CHECK(supply.resident() == 32);
    CHECK(supply.idle() == 0);
    CHECK(supply.is_absent(block));
  }
}

}  // namespace rc::store
