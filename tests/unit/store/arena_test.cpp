#include "store/arena.hpp"

#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace rc::store {

namespace {

std::unique_ptr<Arena> make_arena(std::uint32_t pages) {
  auto arena = Arena::create({.pages = pages});
  REQUIRE(arena.ok());
  return std::move(arena).value();
}

Chunk allocate(ArenaCache& cache, ClassId c) {
  const Chunk chunk = cache.allocate(c);
  if (chunk != Chunk::none) return chunk;
  return cache.open_page(c, 0) ? cache.allocate(c) : Chunk::none;
}

void free_chunk(Arena& arena, ArenaCache& cache, Chunk chunk) {
  marks_at(arena.at(chunk)).store(0, std::memory_order_relaxed);
  const PageId emptied = cache.free(chunk);
  if (emptied != PageId::none) arena.give_page(emptied);
}

void release(Arena& arena, ArenaCache& cache) {
  cache.release_pages([&](PageId page) { arena.give_page(page); });
}

}  // namespace

TEST_SUITE("arena") {
  TEST_CASE("chunks of every class fill whole pages without overlap") {
    auto arena = make_arena(2);
    for (std::size_t i = 0; i < class_count; ++i) {
      const ClassId c{static_cast<std::uint8_t>(i)};
      ThreadCounts counts;
      ArenaCache cache{*arena, counts};
      std::map<std::uint64_t, Chunk> chunks;
      for (Chunk chunk; (chunk = allocate(cache, c)) != Chunk::none;) {
        CHECK(arena->class_of(chunk) == c);
        chunks.emplace(static_cast<std::uint64_t>(chunk), chunk);
      }
      CAPTURE(i);
      CHECK(chunks.size() == 2 * size_class(c).chunks);
      std::uint64_t end = page_bytes / chunk_unit_bytes;  // page 0 is nobody's
      for (const auto& [start, chunk] : chunks) {
        REQUIRE(start >= end);
        end = start + size_class(c).chunk_bytes / chunk_unit_bytes;
      }
      REQUIRE(end <= 3 * page_bytes / chunk_unit_bytes);
      for (const auto& [start, chunk] : chunks) free_chunk(*arena, cache, chunk);
      release(*arena, cache);
      CHECK(counts.used_chunks[i] == 0);
      CHECK(arena->free_pages() == 2);
      arena->check_invariants();
    }
  }

  TEST_CASE("a full page with enough holes is taken up again") {
    auto arena = make_arena(1);
    ThreadCounts counts;
    ArenaCache cache{*arena, counts};
    const ClassId c = class_for(240);
    std::vector<Chunk> chunks;
    for (Chunk chunk; (chunk = allocate(cache, c)) != Chunk::none;) chunks.push_back(chunk);
    const std::uint32_t holes = size_class(c).holes_min;
    CHECK(holes > 1);
    for (std::uint32_t i = 0; i + 1 < holes; ++i) {
      free_chunk(*arena, cache, chunks.back());
      chunks.pop_back();
    }
    CHECK(cache.allocate(c) == Chunk::none);
    free_chunk(*arena, cache, chunks.back());
    chunks.pop_back();
    CHECK(cache.allocate(c) != Chunk::none);
    release(*arena, cache);
  }

  TEST_CASE("one chunk may come and go any number of times under one owner") {
    auto arena = make_arena(1);
    ThreadCounts counts;
    ArenaCache cache{*arena, counts};
    const ClassId c = class_for(8192);
    const Chunk stays = allocate(cache, c);
    for (std::uint32_t i = 0; i < 5 * size_class(c).chunks; ++i) {
      free_chunk(*arena, cache, allocate(cache, c));
    }
    release(*arena, cache);
    arena->check_invariants();
    CHECK(Arena::live_chunks(arena->descriptor(Arena::page_of(stays))) == 1);
  }

  TEST_CASE("an emptied page serves another class") {
    auto arena = make_arena(1);
    ThreadCounts counts;
    ArenaCache cache{*arena, counts};
    const Chunk small = allocate(cache, class_for(48));
    CHECK(allocate(cache, class_for(1000)) == Chunk::none);
    release(*arena, cache);
    free_chunk(*arena, cache, small);
    CHECK(allocate(cache, class_for(1000)) != Chunk::none);
    release(*arena, cache);
  }

  TEST_CASE("free pages that are given back to the system read as zero, and can be had again") {
    auto arena = make_arena(3);
    std::vector<PageId> pages;
    for (PageId page; (page = arena->take_page()) != PageId::none;) {
      arena->descriptor(page).kind.store(PageKind::chain);
      std::memset(arena->page_start(page), 7, page_bytes);
      pages.push_back(page);
    }
    REQUIRE(pages.size() == 3);
    for (const PageId page : pages) arena->give_page(page);
    CHECK(arena->supply().idle() == 3);
    CHECK(arena->supply().give_back());
    CHECK(arena->supply().give_back());
    CHECK(arena->supply().resident() == 1);
    CHECK(arena->free_pages() == 3);
    int zeroed = 0;
    for (const PageId page : pages) zeroed += *arena->page_start(page) == std::byte{0} ? 1 : 0;
    CHECK(zeroed == 2);
    for (int i = 0; i < 3; ++i) CHECK(arena->take_page() != PageId::none);
    CHECK(arena->take_page() == PageId::none);
  }

  TEST_CASE("a draining page comes back with its last chunk and never before") {
    auto arena = make_arena(1);
    ThreadCounts counts;
    ArenaCache cache{*arena, counts};
    const ClassId c = class_for(8192);
    const Chunk first = allocate(cache, c);
    const Chunk second = allocate(cache, c);
    const PageId page = Arena::page_of(first);
    CHECK_FALSE(cache.seize(page, c));  // it is the cache's own
    release(*arena, cache);
    REQUIRE(cache.seize(page, c));
    CHECK(cache.allocate(c) == Chunk::none);
    CHECK(cache.let_go(page, true) == PageId::none);
    CHECK(cache.allocate(c) == Chunk::none);
    CHECK(cache.free(first) == PageId::none);
    CHECK(cache.free(second) == page);
    arena->give_page(page);
    CHECK(arena->free_pages() == 1);
  }

  TEST_CASE("threads that free each other's chunks lose none and share none") {
    auto arena = make_arena(40);
    constexpr int rounds = 30'000;
    std::array<std::atomic<std::uint64_t>, 256> exchange{};
    auto work = [&](std::uint32_t seed) {
      ThreadCounts counts;
      ArenaCache cache{*arena, counts};
      std::minstd_rand random{seed};
      for (int i = 0; i < rounds; ++i) {
        const ClassId c{static_cast<std::uint8_t>(random() % class_count)};
        const Chunk chunk = allocate(cache, c);
        if (chunk != Chunk::none) {
          // Whoever gets the chunk finds its own name in it, or two own it at once.
          std::memcpy(arena->at(chunk) + sizeof(ItemHeader), &chunk, sizeof(chunk));
        }
        const auto mine = static_cast<std::uint64_t>(chunk);
        const Chunk theirs{exchange[random() % exchange.size()].exchange(mine)};
        if (theirs == Chunk::none) continue;
        Chunk name{};
        std::memcpy(&name, arena->at(theirs) + sizeof(ItemHeader), sizeof(name));
        REQUIRE(name == theirs);
        std::memset(arena->at(theirs) + sizeof(ItemHeader), 0, 16);
        free_chunk(*arena, cache, theirs);
      }
      release(*arena, cache);
    };
    std::thread other{work, 2};
    work(1);
    other.join();
    ThreadCounts counts;
    ArenaCache cache{*arena, counts};
    for (auto& slot : exchange) {
      const Chunk chunk{slot.load()};
      if (chunk != Chunk::none) free_chunk(*arena, cache, chunk);
    }
    arena->check_invariants();
    std::uint32_t pages_with_holes = 0;
    for (std::size_t c = 0; c < class_count; ++c) {
      pages_with_holes += arena->pages_of(ClassId{static_cast<std::uint8_t>(c)});
    }
    CHECK(arena->free_pages() + pages_with_holes == 40);
  }
}

}  // namespace rc::store
