// What a run counted. Every thread of the client keeps one, and they add up.
//
// Thread: one.
#pragma once

#include "common/histogram.hpp"

#include <cstdint>
#include <string>

namespace rc::bench {

struct Record {
  Histogram get_ns;  // How long each request took, those unsent included.
  Histogram set_ns;

  std::uint64_t gets = 0;  // Answered; a multiget is one.
  std::uint64_t sets = 0;
  std::uint64_t get_keys = 0;  // Asked for.
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t wrong_values = 0;  // Hits that were not what had been stored.
  std::uint64_t refused = 0;       // Understood, but not done, such as "out of memory".
  std::uint64_t errors = 0;        // Answers that fit no request of ours.
  std::uint64_t unsent = 0;        // Due at the chosen rate, and not sent before the end.
  std::string first_problem;       // The first bad answer's beginning.

  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;

  std::uint64_t wall_ns = 0;
  std::uint64_t client_cpu_ns = 0;
  std::uint64_t client_busiest_ns = 0;  // CPU time of the busiest thread.

  [[nodiscard]] std::uint64_t requests() const { return gets + sets; }
  [[nodiscard]] std::uint64_t keys() const { return get_keys + sets; }
  [[nodiscard]] std::uint64_t problems() const { return wrong_values + refused + errors; }
  // Whether nothing went wrong. A load that reads through may be refused some of its sets: a cache
  // need not take every object, such as one too large.
  [[nodiscard]] bool is_right(bool reads_through) const {
    return problems() == (reads_through ? refused : 0);
  }

  // Adds another thread's record of the same run, or another part of the run when `in_turn`.
  void merge(const Record& other, bool in_turn = false);
  // Forgets everything and keeps the memory.
  void clear();
};

}  // namespace rc::bench
