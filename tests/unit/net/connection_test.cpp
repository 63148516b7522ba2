#include "net/connection.hpp"

#include <doctest/doctest.h>

namespace rc::net {
namespace {

TEST_SUITE("net") {
  TEST_CASE("a reference does not find the connection that has the slot afterwards") {
    Connections connections;
    const std::uint32_t first = connections.take();
    const ConnectionRef ref{.index = first, .generation = connections[first].generation};
    CHECK(connections.find(ref) == &connections[first]);
    connections.give_back(first);
    CHECK(connections.find(ref) == nullptr);
    CHECK(connections.take() == first);
    CHECK(connections.find(ref) == nullptr);
    CHECK(connections.find({.index = 1'000'000, .generation = 0}) == nullptr);
    connections.give_back(first);
  }

  TEST_CASE("slots keep their place while others are added") {
    Connections connections;
    const std::uint32_t first = connections.take();
    const Connection* place = &connections[first];
    for (int i = 0; i < 1000; ++i) static_cast<void>(connections.take());
    CHECK(&connections[first] == place);
    CHECK(connections.open_count() == 1001);
    CHECK(connections.slot_count() < 1001 + 64);
  }
}

}  // namespace
}  // namespace rc::net
