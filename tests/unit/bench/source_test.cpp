#include "ringbench/source.hpp"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace rc::bench;

namespace {

const ValueSizes& size(const char* text) {
  static std::vector<std::unique_ptr<ValueSizes>> all;
  all.push_back(std::make_unique<ValueSizes>(std::move(ValueSizes::parse(text)).value()));
  return *all.back();
}

}  // namespace

TEST_SUITE("bench/source") {
  TEST_CASE("the passes of three threads touch every key once") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t thread = 0; thread < 3; ++thread) {
      Pass pass(Verb::set, size("5"), thread, 10, 3);
      Verb verb = Verb::get;
      for (std::vector<Item> items; pass.next(0, verb, items); items.clear()) {
        CHECK(verb == Verb::set);
        REQUIRE(items.size() == 1);
        CHECK(items[0].size_bytes == 5);
        CHECK(seen.insert(items[0].object).second);
      }
    }
    CHECK(seen.size() == 10);
    CHECK(*seen.rbegin() == 9);
  }

  TEST_CASE("a mix has the wanted share of gets, and sets of one key") {
    const auto popularity = std::move(make_popularity("uniform", 100)).value();
    const Mix load{
        .popularity = *popularity, .sizes = size("5"), .get_share = 0.75, .keys_per_get = 10};
    RandomMix mix(load, 3);
    int gets = 0;
    std::vector<Item> items;
    for (int i = 0; i < 20'000; ++i, items.clear()) {
      Verb verb = Verb::set;
      REQUIRE(mix.next(0, verb, items));
      gets += verb == Verb::get ? 1 : 0;
      CHECK(items.size() == (verb == Verb::get ? 10 : 1));
    }
    CHECK(gets == doctest::Approx(15'000).epsilon(0.03));
  }

  TEST_CASE("a trace is shared out among threads, and keeps the sizes it knows") {
    const Trace trace = {{1, 50}, {2, 1}, {3, 70}, {4, 80}};
    TraceReader reader(trace, size("300"), 1, 2);
    Verb verb = Verb::set;
    std::vector<Item> items;
    REQUIRE(reader.next(0, verb, items));
    REQUIRE(reader.next(0, verb, items));
    CHECK(!reader.next(0, verb, items));
    CHECK(verb == Verb::get);
    CHECK(items[0].object == 2);
    CHECK(items[0].size_bytes == 300);
    CHECK(items[1].object == 4);
    CHECK(items[1].size_bytes == 80);
  }
}
