#include "net/team.hpp"

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("the worker with the fewest connections gets the next one, equals take turns") {
    Team team({.workers = 3, .connections_max = 100, .refusal = ""}, {});
    CHECK(team.admit() == Team::refused);
    for (std::uint32_t i = 0; i < 3; ++i) team.set_ring(i, 10);
    CHECK(team.admit() == 0);
    CHECK(team.admit() == 1);
    CHECK(team.admit() == 2);
    team.leave(1);
    CHECK(team.admit() == 1);
    CHECK(team.connections() == 3);
  }

  TEST_CASE("a worker without a ring gets none") {
    Team team({.workers = 2, .connections_max = 100, .refusal = ""}, {});
    team.set_ring(0, 10);
    team.set_ring(1, 11);
    team.set_ring(1, -1);
    for (int i = 0; i < 5; ++i) CHECK(team.admit() == 0);
  }

  TEST_CASE("no more are admitted than the limit says") {
    Team team({.workers = 2, .connections_max = 3, .refusal = ""}, {});
    team.set_ring(0, 10);
    team.set_ring(1, 11);
    for (int i = 0; i < 3; ++i) CHECK(team.admit() != Team::refused);
    CHECK(team.admit() == Team::refused);
    team.leave(0);
    CHECK(team.admit() != Team::refused);
  }
}

}  // namespace
}  // namespace rc::net
