#include "base/log.hpp"

#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

// What `act` writes to stderr, at most a pipe's worth.
template <class Act>
std::string stderr_of(Act act) {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  const int kept = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  act();
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(ends[1]);
  std::string said;
  char text[256];
  for (ssize_t n = 0; (n = read(ends[0], text, sizeof(text))) > 0;) {
    said.append(text, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  return said;
}

}  // namespace

TEST_SUITE("base/log") {
  using rc::Log;
  using rc::LogLevel;

  TEST_CASE("an event is one line, and only what is wrong names its level") {
    CHECK(stderr_of([] { Log().write(LogLevel::notice, "ready"); }) == "ready\n");
    CHECK(stderr_of([] { Log().write(LogLevel::error, "no"); }) == "ringcached: error: no\n");
    CHECK(stderr_of([] { Log().write(LogLevel::warning, "hm"); }) == "ringcached: warning: hm\n");
  }

  TEST_CASE("events less important than the threshold are not written") {
    CHECK(stderr_of([] { Log().write(LogLevel::info, "a"); }).empty());
    CHECK(stderr_of([] { Log(LogLevel::info).write(LogLevel::debug, "a"); }).empty());
    CHECK(stderr_of([] { Log(LogLevel::debug).write(LogLevel::debug, "a"); }) == "a\n");
    CHECK(stderr_of([] { Log(LogLevel::error).write(LogLevel::warning, "a"); }).empty());
  }

  TEST_CASE("whether an event would be written can be asked before it is put together") {
    CHECK(Log(LogLevel::info).enabled(LogLevel::info));
    CHECK_FALSE(Log(LogLevel::info).enabled(LogLevel::debug));
  }
}
