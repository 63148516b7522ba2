#include "missratio/policies.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using rc::bench::make_policy;
using rc::bench::PolicyKind;

namespace {

// One letter per request, 'a' is object 0; answers 'h' for a hit and '.' for a miss.
std::string replay(
    PolicyKind kind,
    std::uint64_t capacity,
    const std::string& requests,
    std::vector<std::uint64_t> costs = std::vector<std::uint64_t>(26, 1)
) {
  const auto policy = make_policy(kind, costs, capacity);
  std::string answers;
  for (const char c : requests) {
    answers += policy->request(static_cast<std::uint32_t>(c - 'a')) ? 'h' : '.';
  }
  return answers;
}

}  // namespace

TEST_SUITE("bench/policies") {
  TEST_CASE("fifo forgets the first that came, lru the last that was used") {
    CHECK(
        replay(PolicyKind::fifo, 3, "abcadab") ==
        "...h.."
        "."
    );
    CHECK(replay(PolicyKind::lru, 3, "abcadab") == "...h.h.");
  }

  TEST_CASE("sieve keeps a used object in its place and lets the hand go on") {
    CHECK(replay(PolicyKind::sieve, 3, "abcadab") == "...h.h.");
    // The hand has passed a, which is the oldest: the next victims are c and d.
    CHECK(replay(PolicyKind::sieve, 3, "abcadeacd") == "...h..h..");
  }

  TEST_CASE("s3fifo sends a returning object straight into main") {
    // Small holds one in ten: b to k push a out of it, into the ghosts; used in main, a stays.
    const std::string flood = "lmnopqrstuvwxyz";
    CHECK(replay(PolicyKind::s3fifo, 10, "abcdefghijkaa" + flood + "a").back() == 'h');
    CHECK(replay(PolicyKind::s3fifo, 10, "bcdefghijkaa" + flood + "a").back() == '.');
  }

  TEST_CASE("memcached's lists keep what was used twice from a flood, and no more than that") {
    const std::string full = "bcdefghijk";
    const std::string flood = "lmnopqrstuvwxyz";
    CHECK(replay(PolicyKind::slru, 10, full + "aaa" + flood + "a").back() == 'h');
    CHECK(replay(PolicyKind::slru, 10, full + "aa" + flood + "a").back() == '.');
  }

  TEST_CASE("capacity is the sum of costs, and what exceeds it is never stored") {
    for (const PolicyKind kind : rc::bench::policy_kinds) {
      CAPTURE(rc::bench::name_of(kind));
      CHECK(replay(kind, 10, "abab", {6, 4}) == "..hh");
      CHECK(replay(kind, 10, "abb", {6, 5}) == "..h");
      CHECK(replay(kind, 10, "aba", {6, 5}) == "...");
      CHECK(replay(kind, 10, "abab", {11, 4}) == "...h");
    }
  }
}
