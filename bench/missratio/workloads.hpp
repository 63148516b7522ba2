// What the miss-ratio bench replays: traces from a folder, and loads made up by Zipf's law.
// Thread: one.
#pragma once

#include "common/trace.hpp"

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rc::bench {

struct Workload {
  std::string name;
  bool sized = false;                       // objects differ in size
  std::vector<std::uint32_t> objects{};     // one per request, dense from 0
  std::vector<std::uint32_t> size_bytes{};  // of each object: what its first request said
};

[[nodiscard]] Workload workload_of(std::string name, const Trace& trace);

// All *.bin and *.bin.xz of a folder, in alphabetical order; the latter by the program xz.
[[nodiscard]] Result<std::vector<std::string>> trace_files(const std::string& folder);
[[nodiscard]] Result<Workload> load_workload(const std::string& path, std::size_t requests_max);

// Now and then somebody reads `length` objects one after the other, none of them Zipf's, going
// round `objects` of them.
struct Scans {
  const char* name = "";
  std::size_t period = 0;  // ordinary requests between the beginnings of two; 0: no scans
  std::size_t length = 20'000;
  std::uint32_t objects = 200'000;
  // Ordinary requests between two of a scan. 0: nothing else is asked for while it lasts.
  std::size_t between = 1;
};

struct ZipfLoad {
  double exponent = 0.99;
  std::uint32_t objects = 100'000;
  std::size_t requests = 2'000'000;
  Scans scans{};
  std::uint64_t seed = 1;
};

[[nodiscard]] Workload make_zipf(const ZipfLoad& load);

// Exponents 0.8, 0.99 and 1.2, each without scans, with scans amid the load and with bursts.
[[nodiscard]] std::vector<ZipfLoad> zipf_loads();

}  // namespace rc::bench
