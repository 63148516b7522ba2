// Broken twins: the races with one step of the protocol left out, which must be seen to go wrong.
//
// A twin corrupts its own memory sooner or later, and then anything may happen before a wrong
// answer is counted: a failed assertion, a sanitizer's report, a loop without end. So each runs in
// a process of its own, and any of these endings shows it for broken.
#pragma once

#include "stress/fixture.hpp"

#include "base/assert.hpp"

#include <cstdio>
#include <unistd.h>

#include <sys/wait.h>

namespace rc::stress {

// A twin that has shown nothing after this many seconds is not caught.
inline constexpr unsigned twin_seconds = 20;

// True if `goes_wrong`, run in a child process, answers true or does not come to an end in time or
// in good order. Requires: it gives up by itself after twin_seconds; no other thread is running.
template <class Function>
bool is_caught(const char* name, Function goes_wrong) {
  std::fflush(stdout);
  const pid_t child = fork();
  RC_ASSERT(child >= 0);
  if (child == 0) {
    // The report of a crash that is expected would look like a failure of the test.
    RC_ASSERT(std::freopen("/dev/null", "w", stderr) != nullptr);
    // Only what cannot end any more gets that far.
    alarm(static_cast<unsigned>(3 * Deadline::seconds(twin_seconds).count()));
    const bool wrong = goes_wrong();
    std::fflush(stdout);
    _exit(wrong ? 1 : 0);
  }
  int status = 0;
  RC_ASSERT(waitpid(child, &status, 0) == child);
  const bool caught = status != 0;
  std::printf(
      "twin that %s: %s\n",
      name,
      !caught                                              ? "NOT CAUGHT"
      : WIFEXITED(status) && WEXITSTATUS(status) == 1      ? "caught"
      : WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "caught: it never ended"
                                                           : "caught: it crashed"
  );
  return caught;
}

}  // namespace rc::stress
