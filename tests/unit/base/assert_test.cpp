#include "base/assert.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace {

struct Ending {
  bool aborted = false;
  std::string said;
};

// Runs `act` in a child and tells how the child ended and what it wrote to stderr.
template <class Act>
Ending in_a_child(Act act) {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  // What stdio still holds would be written twice, by the child too.
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // The abort is expected: leave no core file, and no report of the test framework.
    const rlimit no_core{};
    setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGABRT, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    act();
    _exit(0);
  }
  close(ends[1]);
  Ending ending;
  char text[256];
  for (ssize_t n = 0; (n = read(ends[0], text, sizeof(text))) > 0;) {
    ending.said.append(text, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  ending.aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  return ending;
}

}  // namespace

TEST_SUITE("base/assert") {
  TEST_CASE("a broken assertion names its place and the expression, and aborts") {
    const Ending ending = in_a_child([] { RC_ASSERT(1 + 1 == 3); });
    CHECK(ending.aborted);
    CHECK(ending.said.find("assert_test.cpp:") != std::string::npos);
    CHECK(ending.said.find("bug in ringcached: expected 1 + 1 == 3\n") != std::string::npos);
  }

  TEST_CASE("an assertion that holds says nothing") {
    const Ending ending = in_a_child([] { RC_ASSERT(1 + 1 == 2); });
    CHECK_FALSE(ending.aborted);
    CHECK(ending.said.empty());
  }

  TEST_CASE("a debug assertion is not even evaluated in a release build") {
    bool evaluated = false;
    RC_DEBUG_ASSERT((evaluated = true));
#ifdef NDEBUG
    CHECK_FALSE(evaluated);
#else
    CHECK(evaluated);
#endif
  }
}
