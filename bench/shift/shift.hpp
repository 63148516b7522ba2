// Runs the phases of a size shift against one server and watches its memory meanwhile.
//
// Everything is stored with one set per object, each answered. Whether an object is still there is
// asked with a cas that cannot match: EXISTS or NOT_FOUND answers it, no value travels, and neither
// ringcached nor memcached takes it for a use of the item.
//
// Thread: one.
#pragma once

#include "common/pipeline.hpp"
#include "common/server_figures.hpp"
#include "shift/phases.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rc::bench {

// The server's memory at one moment.
struct MemorySample {
  std::uint64_t time_ns = 0;  // Since the first phase began.
  std::uint64_t resident_bytes = 0;
  std::uint64_t live_bytes = 0;  // What `stats` calls bytes: items with their headers.
};

struct PhaseReport {
  std::uint64_t objects = 0;
  std::uint64_t refused = 0;   // Sets that the server would not take.
  std::uint64_t failures = 0;  // Replies that fit no request of ours.
  std::uint64_t wall_ns = 0;
  MemorySample end;
  std::uint64_t newest_bytes = 0;   // Of the newest objects, those that were asked for,
  std::uint64_t present_bytes = 0;  // and those that were there.
};

class Shift {
 public:
  Shift(std::string_view address, pid_t pid) : address_(address), figures_(address, pid) {}

  // False when a connection cannot be opened; errno says why.
  [[nodiscard]] bool connect(std::size_t connections);

  // Stores `fill_bytes` of the phase's objects, then looks for the newest `newest_bytes` of them.
  // False when the server went away; errno says why.
  [[nodiscard]] bool run(
      std::size_t index,
      const Phase& phase,
      std::uint64_t fill_bytes,
      std::uint64_t newest_bytes,
      PhaseReport& report
  );

  // Also taken by run(), about ten per second.
  [[nodiscard]] bool sample();
  [[nodiscard]] const std::vector<MemorySample>& samples() const { return samples_; }
  [[nodiscard]] ServerFigures& figures() { return figures_; }

 private:
  std::string_view address_;
  ServerFigures figures_;
  Pipeline pipeline_;
  std::vector<MemorySample> samples_;
  std::uint64_t start_ns_ = 0;
};

}  // namespace rc::bench
