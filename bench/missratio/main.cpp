// missratio: what the store keeps, against what other policies would have kept.

#include "common/arguments.hpp"
#include "missratio/cells.hpp"
#include "missratio/shift.hpp"

#include "base/bytes.hpp"

#include <cstdio>
#include <cstdlib>

namespace rc::bench {
namespace {

constexpr std::string_view usage =
    "usage: missratio [--traces DIR] [options]\n"
    "\n"
    "Replays traces and loads by Zipf's law through the real store, in this process, as a\n"
    "read-through cache, and through simulated policies of the same capacity: one line per\n"
    "workload and size of the cache, then the summary.\n"
    "\n"
    "  --traces DIR     also the *.bin and *.bin.xz of this folder (bench/README.md: the format)\n"
    "  --only TEXT      only workloads whose names contain it\n"
    "  --requests N     of each trace (all)\n"
    "  --load PERCENT   of the index, at most; at least half of it (58)\n"
    "  --seed N         of the store's hash (1)\n"
    "  --simulate no    leave the other policies out\n"
    "  --shift MIB      instead: the size shift at this limit, with the part of the newest half\n"
    "                   limit of bytes that is present after each step\n";

struct Options {
  std::string traces;
  std::string only;
  std::string simulate = "yes";
  std::size_t requests = SIZE_MAX;
  std::size_t load = 58;
  std::size_t seed = 1;
  std::size_t shift_mib = 0;
};

constexpr std::array<double, 3> percents = {0.1, 1, 10};
// Caches of fewer objects are rare in practice; the summary is given with and without them.
constexpr std::uint64_t items_of_a_cache = 500;

Options parse_options(Arguments& arguments, int count, char** values) {
  Options options;
  arguments.bind("--traces", options.traces);
  arguments.bind("--only", options.only);
  arguments.bind("--requests", options.requests);
  arguments.bind("--load", options.load);
  arguments.bind("--seed", options.seed);
  arguments.bind("--simulate", options.simulate);
  arguments.bind("--shift", options.shift_mib);
  arguments.parse(count, values);
  if (options.load == 0 || options.load > 80) arguments.fail("`--load` must be 1 to 80");
  return options;
}

void print_header() {
  std::printf("%-16s %5s %7s %8s", "workload", "size", "objects", "ours");
  for (const PolicyKind kind : policy_kinds) std::printf(" %8s", name_of(kind));
  std::printf(" %8s %8s %8s\n", "to best", "to slru", "same -m");
}

void print(const Cell& cell) {
  std::printf("%-16s %4g%% %7ju", cell.workload.c_str(), cell.percent, std::uintmax_t{cell.items});
  std::printf(" %8.5f", cell.ours.requests);
  for (const Misses& other : cell.others) std::printf(" %8.5f", other.requests);
  std::printf(" %8.4f %8.4f", cell.to_best(), cell.to_slru());
  if (cell.same_limit) {
    std::printf(" %8.4f\n", *cell.same_limit);
  } else {
    std::printf(" %8s\n", "-");
  }
  if (!cell.sized) return;
  std::printf("%-16s %5s %7s %8.5f", "  by bytes", "", "", cell.ours.bytes);
  for (const Misses& other : cell.others) std::printf(" %8.5f", other.bytes);
  std::printf("\n");
}

void print(const Summary& s, std::uint64_t items_min) {
  std::printf(
      "%zu cells of at least %ju objects: misses to the best policy's: mean %.4f, worst %.4f; to "
      "memcached's: mean %.4f, worst %.4f, more than 3 %% worse in %zu\n",
      s.cells,
      std::uintmax_t{items_min},
      s.mean_to_best,
      s.worst_to_best,
      s.mean_to_slru,
      s.worst_to_slru,
      s.worse_than_slru
  );
}

class Comparison {
 public:
  Comparison(const Arguments& arguments, const Options& options)
      : arguments_(arguments), options_(options) {}

  void run() {
    print_header();
    if (!options_.traces.empty()) run_traces();
    for (const ZipfLoad& load : zipf_loads()) add(make_zipf(load));
    if (options_.simulate != "yes") return;
    std::printf("\n");
    print(summarize(cells_, items_of_a_cache), items_of_a_cache);
    print(summarize(cells_, 0), 0);
    print_remarks();
  }

 private:
  void run_traces() {
    auto files = trace_files(options_.traces);
    if (!files) arguments_.fail(files.error().message);
    for (const std::string& file : files.value()) {
      auto workload = load_workload(file, options_.requests);
      if (!workload) arguments_.fail(workload.error().message);
      add(std::move(workload).value());
    }
  }

  void add(Workload workload) {
    if (workload.name.find(options_.only) == std::string::npos) return;
    const CostedWorkload costed(std::move(workload));
    for (const double percent : percents) {
      cells_.push_back(costed.measure(
          percent,
          {.load_percent = options_.load,
           .seed = options_.seed,
           .simulate = options_.simulate == "yes"}
      ));
      print(cells_.back());
      std::fflush(stdout);
    }
  }

  void print_remarks() const {
    std::size_t without = 0;
    for (const Cell& cell : cells_) without += cell.same_limit ? 0U : 1U;
    std::printf(
        "Capacity is in chunk bytes of our store, the same for all policies; beyond it the store "
        "evicts although its arena has room (no limit is small enough for most of these cells).\n"
        "same -m: misses of ours to memcached's lists, both with this limit for what each counts "
        "against it; objects of unknown size have 300 bytes. Not possible in %zu cells, whose "
        "limits are too small for our store.\n",
        without
    );
  }

  const Arguments& arguments_;
  const Options& options_;
  std::vector<Cell> cells_;
};

void print_shift(const Options& options) {
  std::printf("%-28s %9s %16s %16s\n", "step", "items", "never read", "read before");
  const std::uint64_t limit = options.shift_mib * mib;
  const auto unread = run_shift({.limit_bytes = limit, .seed = options.seed});
  const auto read = run_shift({.limit_bytes = limit, .read_before = true, .seed = options.seed});
  for (std::size_t i = 0; i < unread.size(); ++i) {
    std::printf(
        "%-28s %9ju %14.1f %% %14.1f %%\n",
        unread[i].name.c_str(),
        std::uintmax_t{unread[i].stored_items},
        100 * unread[i].newest_present,
        100 * read[i].newest_present
    );
  }
}

int missratio_main(int count, char** values) {
  Arguments arguments("missratio", usage);
  const Options options = parse_options(arguments, count, values);
  if (options.shift_mib != 0) {
    print_shift(options);
  } else {
    Comparison(arguments, options).run();
  }
  return 0;
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::missratio_main(argc, argv);
}
