#include "missratio/workloads.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>
#include <unordered_map>
#include <utility>

#include <system_error>

namespace rc::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t scan_period = 80'000;

// Numbers objects in the order of their first request, so that none is without one.
class Numbering {
 public:
  explicit Numbering(Workload& workload) : workload_(workload) {}

  void add(std::uint32_t object, std::uint32_t size_bytes) {
    const auto number = static_cast<std::uint32_t>(workload_.size_bytes.size());
    const auto [at, fresh] = numbers_.try_emplace(object, number);
    if (fresh) workload_.size_bytes.push_back(size_bytes);
    workload_.objects.push_back(at->second);
  }

 private:
  Workload& workload_;
  std::unordered_map<std::uint32_t, std::uint32_t> numbers_;
};

// Ranks from Zipf's law: the place of a random point among the sums of their weights.
class Ranks {
 public:
  explicit Ranks(const ZipfLoad& load) : sums_(load.objects) {
    double sum = 0;
    for (std::uint32_t rank = 0; rank < load.objects; ++rank) {
      sum += std::pow(rank + 1.0, -load.exponent);
      sums_[rank] = sum;
    }
  }
  std::uint32_t operator()(std::mt19937_64& random) const {
    // Of our own making, because the library's distributions differ between libraries.
    const double point = static_cast<double>(random() >> 11U) * 0x1p-53 * sums_.back();
    const auto at = std::upper_bound(sums_.begin(), sums_.end(), point);
    return static_cast<std::uint32_t>(std::min(at, sums_.end() - 1) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

// Says which objects a scan asks for between ordinary requests.
class Scanner {
 public:
  explicit Scanner(const ZipfLoad& load) : scans_(load.scans), first_(load.objects) {}

  template <class Ask>
  void after_request(Ask&& ask) {
    if (scans_.period == 0) return;
    if (++requests_ % scans_.period == 0) left_ = scans_.length;
    const bool due = scans_.between == 0 || requests_ % scans_.between == 0;
    const std::size_t now = scans_.between == 0 ? left_ : std::min<std::size_t>(left_, 1);
    for (std::size_t i = 0; due && i < now; ++i, --left_) ask(first_ + next_++ % scans_.objects);
  }

 private:
  Scans scans_;
  std::uint32_t first_;
  std::uint32_t next_ = 0;
  std::size_t left_ = 0;
  std::size_t requests_ = 0;
};

std::string quoted(const std::string& path) {
  std::string text = "'";
  for (const char c : path) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// By the program xz, so that this one needs no library for it.
Result<Trace> read_packed(const std::string& path, std::size_t requests_max) {
  std::FILE* pipe = popen(("xz -dc -- " + quoted(path)).c_str(), "r");
  if (pipe == nullptr) return system_error(errno, "cannot be unpacked by xz");
  Result<Trace> trace = read_trace(pipe, requests_max);
  const int status = pclose(pipe);
  // Cut short on purpose, it ends by a signal.
  const bool whole = trace.ok() && trace.value().size() < requests_max;
  if (whole && status != 0) return Error{.message = "cannot be unpacked by xz"};
  return trace;
}

}  // namespace

Workload workload_of(std::string name, const Trace& trace) {
  Workload workload{.name = std::move(name)};
  Numbering numbering(workload);
  for (const TraceRequest& request : trace) numbering.add(request.object, request.size_bytes);
  workload.sized = std::any_of(
      workload.size_bytes.begin(), workload.size_bytes.end(), [](auto size) { return size != 1; }
  );
  return workload;
}

Result<std::vector<std::string>> trace_files(const std::string& folder) {
  std::error_code failed;
  std::vector<std::string> files;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename();
    if (name.ends_with(".bin") || name.ends_with(".bin.xz")) files.push_back(at->path());
  }
  if (failed) return Error{failed.value(), folder + ": " + failed.message()};
  std::sort(files.begin(), files.end());
  return files;
}

Result<Workload> load_workload(const std::string& path, std::size_t requests_max) {
  const bool packed = path.ends_with(".xz");
  Result<Trace> trace = packed ? read_packed(path, requests_max) : read_trace(path, requests_max);
  if (!trace) return Error{trace.error().number, path + " " + trace.error().message};
  const std::string file = fs::path(path).filename();
  return workload_of(file.substr(0, file.find(".bin")), trace.value());
}

Workload make_zipf(const ZipfLoad& load) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "zipf-%.2f%s", load.exponent, load.scans.name);
  Workload workload{.name = name.data()};
  Numbering numbering(workload);
  const Ranks ranks(load);
  std::mt19937_64 random(load.seed);
  Scanner scanner(load);
  while (workload.objects.size() < load.requests) {
    numbering.add(ranks(random), 1);
    scanner.after_request([&](std::uint32_t object) { numbering.add(object, 1); });
  }
  return workload;
}

std::vector<ZipfLoad> zipf_loads() {
  std::vector<ZipfLoad> loads;
  for (const double exponent : {0.8, 0.99, 1.2}) {
    loads.push_back({.exponent = exponent});
    for (const Scans& scans :
         {Scans{.name = "+scan", .period = scan_period},
          Scans{.name = "+burst", .period = scan_period, .between = 0}}) {
      loads.push_back({.exponent = exponent, .scans = scans});
    }
  }
  return loads;
}

}  // namespace rc::bench
