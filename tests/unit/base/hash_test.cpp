#include "base/hash.hpp"

#include <doctest/doctest.h>

TEST_SUITE("base/hash") {
  TEST_CASE("the same key under the same seed hashes the same") {
    const rc::Hasher a{1};
    const rc::Hasher b{1};
    CHECK(a("key") == b("key"));
    CHECK(a("key") != a("kez"));
  }

  TEST_CASE("another seed gives other hashes, so collisions cannot be aimed") {
    CHECK(rc::Hasher{1}("key") != rc::Hasher{2}("key"));
    CHECK(rc::Hasher::random()("key") != rc::Hasher::random()("key"));
  }
}
