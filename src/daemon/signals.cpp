#include "daemon/signals.hpp"

#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <unistd.h>

namespace rc::daemon {

namespace {

sigset_t stopping_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = stopping_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that is gone is an error of the send, not a reason to die; there is nothing to reload.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGHUP, SIG_IGN));
}

void wait_for_stop_signal() {
  const sigset_t set = stopping_signals();
  int number = 0;
  while (sigwait(&set, &number) != 0) {
  }
}

void exit_at_next_signal() {
  // _exit is one of the few functions a handler may call.
  const auto leave = [](int) { _exit(EXIT_FAILURE); };
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) static_cast<void>(std::signal(number, leave));
  const sigset_t set = stopping_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace rc::daemon
