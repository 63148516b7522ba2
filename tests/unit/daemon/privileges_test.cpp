#include "daemon/privileges.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

TEST_SUITE("daemon/privileges") {
  TEST_CASE("an unknown user is an error that names it") {
    const auto result = rc::daemon::become("no-such-user");
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message == "there is no user `no-such-user` on this system");
  }

  TEST_CASE("the connections that fit follow from the limit of open files") {
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(rc::daemon::make_room_for_connections(10) == 10);
    const auto hard = static_cast<std::uint32_t>(limit.rlim_max);
    if (limit.rlim_max < 1'000'000) CHECK(rc::daemon::make_room_for_connections(hard) < hard);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
}
