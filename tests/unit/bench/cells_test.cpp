#include "missratio/cells.hpp"

#include "missratio/store_cache.hpp"

#include <vector>

#include <doctest/doctest.h>

using rc::bench::Cell;
using rc::bench::PolicyKind;
using rc::bench::slab_cost;

namespace {

Cell cell_of(std::uint64_t items, double ours, double best, double slru) {
  Cell cell;
  cell.items = items;
  cell.ours.requests = ours;
  for (auto& other : cell.others) other.requests = 1;
  cell.others[static_cast<std::size_t>(PolicyKind::sieve)].requests = best;
  cell.others[static_cast<std::size_t>(PolicyKind::slru)].requests = slru;
  return cell;
}

}  // namespace

TEST_SUITE("bench/cells") {
  TEST_CASE("a summary has the means and the worst of the cells that are large enough") {
    const std::vector<Cell> cells = {
        cell_of(1000, 0.22, 0.20, 0.25), cell_of(1000, 0.20, 0.20, 0.16), cell_of(10, 1, 0.1, 0.1)};
    const auto s = rc::bench::summarize(cells, 500);
    CHECK(s.cells == 2);
    CHECK(s.mean_to_best == doctest::Approx((1.1 + 1.25) / 2));
    CHECK(s.worst_to_slru == doctest::Approx(1.25));
    CHECK(s.worse_than_slru == 1);
    CHECK(rc::bench::summarize(cells, 0).cells == 3);
  }

  TEST_CASE("memcached's chunks grow by a quarter from 96 bytes") {
    CHECK(slab_cost(8, 20) == 96);
    CHECK(slab_cost(8, 30) == 120);
    CHECK(slab_cost(8, 300) == 384);
  }

  TEST_CASE("the store holds exactly as many objects as its capacity says") {
    rc::bench::Costs costs(300);
    const std::uint64_t cost = costs.of(8);
    CHECK(cost == 48);
    CHECK(costs.of(300) >= 24 + 8 + 300);
    auto store =
        rc::bench::store_of_capacity({.capacity = 100 * cost, .items = 100, .value_bytes_max = 8});
    REQUIRE(store.ok());
    rc::bench::StoreCache cache(std::move(store).value());
    for (std::uint32_t object = 0; object < 1000; ++object) {
      CHECK_FALSE(cache.request(object, 8).refused);
      CHECK(cache.figures().curr_items <= 101);
    }
    CHECK(cache.figures().curr_items >= 90);
  }
}
