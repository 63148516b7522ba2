#include "server/node.hpp"

#include "peer.hpp"

#include <doctest/doctest.h>

TEST_SUITE("server/node") {
  TEST_CASE("the totals are the sum over the workers, and a reset begins anew") {
    rc::server::Settings settings;
    settings.threads = 3;
    auto store = rc::store::Store::create({.limit_bytes = 64 * rc::mib, .huge_pages = false});
    REQUIRE(store.ok());
    rc::server::Node node(settings, *store.value(), rc::UnixSeconds{1});
    using rc::stats::Metric;
    for (std::uint32_t i = 0; i < 3; ++i) node.worker(i).counters.add(Metric::cmd_get, i + 1);
    CHECK(node.totals()[Metric::cmd_get] == 6);
    node.reset_stats();
    node.worker(1).counters.add(Metric::cmd_get);
    CHECK(node.since_reset()[Metric::cmd_get] == 1);
    CHECK(node.totals()[Metric::cmd_get] == 7);
  }
}
