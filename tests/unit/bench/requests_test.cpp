#include "micro/requests.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <doctest/doctest.h>

using rc::bench::draw_requests;
using rc::bench::make_request;
using rc::bench::Zipf;

TEST_SUITE("bench/requests") {
  TEST_CASE("a request names its key in sixteen bytes") {
    CHECK(make_request(42, false).key_text() == "k000000000000042");
    CHECK_FALSE(make_request(42, false).is_set);
    CHECK(make_request(42, true).is_set);
  }

  TEST_CASE("as many are sets as asked for, and keys come from the whole range") {
    const auto requests = draw_requests(100'000, Zipf(16, 0.0), 5, 1);
    REQUIRE(requests.size() == 100'000);
    const auto sets =
        std::count_if(requests.begin(), requests.end(), [](const auto& r) { return r.is_set; });
    CHECK(sets == doctest::Approx(5000).epsilon(0.06));
    std::set<std::string_view> keys;
    for (const auto& request : requests) keys.insert(request.key_text());
    CHECK(keys.size() == 16);
    CHECK(*keys.begin() == "k000000000000000");
    CHECK(*keys.rbegin() == "k000000000000015");
  }

  TEST_CASE("the same seed draws the same requests, another draws others") {
    const Zipf all_alike(1'000'000, 0.0);
    const auto first = draw_requests(10, all_alike, 50, 1);
    const auto again = draw_requests(10, all_alike, 50, 1);
    const auto other = draw_requests(10, all_alike, 50, 2);
    CHECK(first.back().key_text() == again.back().key_text());
    CHECK(first.back().key_text() != other.back().key_text());
  }
}
