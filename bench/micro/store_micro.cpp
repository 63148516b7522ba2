// What the store does with 1 to N threads in one process: operations per second, and how well they
// add up.
//
//   store_micro [--items N] [--value N] [--threads N] [--milliseconds N] [--rounds N] [--batch N]
//
// Each thread has its own door to the store and its own requests, written out beforehand (see
// requests.hpp); it goes through them in turns of --batch, as a server goes through its input: gets
// that follow each other are looked up together, a set is executed where it stands. Within a round
// every number of threads has its turn; ratios are taken within a round, and the medians printed.
//
// "By wall clock" is what one sees, and suffers from whatever else runs on the machine. "By CPU
// time" adds up what each thread did per second of its own CPU: what threads lose to each other,
// and not what they lose to strangers.
#include "common/arguments.hpp"
#include "common/clock.hpp"
#include "micro/requests.hpp"
#include "micro/store_under_test.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace rc::bench {
namespace {

constexpr std::size_t stream_length = 2'000'000;

struct Options {
  std::size_t items = 4'000'000;
  std::size_t value_bytes = 100;
  std::size_t threads = std::thread::hardware_concurrency();
  std::size_t milliseconds = 1000;
  std::size_t rounds = 5;
  std::size_t batch = 32;
};

struct Case {
  const char* title;
  double exponent;
  unsigned set_percent;
};
constexpr std::array cases{
    Case{"uniform, 95:5", 0.0, 5},
    Case{"uniform, 50:50", 0.0, 50},
    Case{"Zipf 0.99, 95:5", 0.99, 5},
    Case{"Zipf 0.99, 50:50", 0.99, 50},
};

// Millions of operations per second.
struct Rate {
  double wall = 0.0;
  double cpu = 0.0;
};

void pin_to_core(std::size_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core % std::thread::hardware_concurrency(), &cores);
  // Refused in some containers; then the scheduler places the thread.
  pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

// One thread at work.
class Worker {
 public:
  Worker(store::Store& store, const Options& options, const std::vector<Request>& requests)
      : door_(store, options.value_bytes), batch_(options.batch), requests_(requests) {}

  void turn() {
    door_.begin_turn();
    for (std::size_t done = 0; done < batch_; ++done) execute(next());
    look_up();
    door_.end_turn();
    operations_ += batch_;
  }

  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] std::uint64_t hits() const { return hits_; }

 private:
  const Request& next() {
    if (at_ == requests_.size()) at_ = 0;
    return requests_[at_++];
  }

  void execute(const Request& request) {
    if (request.is_set) {
      look_up();
      door_.set(request.key_text());
      return;
    }
    lookups_[waiting_++].key = request.key_text();
    if (waiting_ == lookups_.size()) look_up();
  }

  void look_up() {
    if (waiting_ == 0) return;
    const auto lookups = std::span(lookups_).first(waiting_);
    door_.access().find_many(lookups);
    for (const auto& lookup : lookups) hits_ += lookup.item ? 1U : 0U;
    waiting_ = 0;
  }

  Door door_;
  std::size_t batch_;
  const std::vector<Request>& requests_;
  std::size_t at_ = 0;
  std::array<store::Access::Lookup, store::Access::batch_max> lookups_;
  std::size_t waiting_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t hits_ = 0;
};

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        store_(make_store({
            .items = options.items,
            .value_bytes = options.value_bytes,
            .threads = static_cast<std::uint32_t>(options.threads),
        })) {
    Door(*store_, options.value_bytes).fill(0, options.items, read_clocks().wall);
  }

  void report() {
    std::printf("| load | threads | Mops/s | ratio to one | by CPU time: Mops/s | ratio to one |\n"
    );
    std::printf("|---|---:|---:|---:|---:|---:|\n");
    for (const Case& each : cases) report(each);
  }

 private:
  void report(const Case& load) {
    draw(load);
    std::vector<std::vector<Rate>> rounds(options_.rounds);
    for (std::vector<Rate>& round : rounds) {
      for (std::size_t threads = 1; threads <= options_.threads; ++threads) {
        round.push_back(run(threads));
      }
    }
    for (std::size_t threads = 1; threads <= options_.threads; ++threads) {
      const auto median_of = [&](auto&& figure) {
        std::vector<double> figures;
        for (const auto& round : rounds) figures.push_back(figure(round[threads - 1], round[0]));
        std::sort(figures.begin(), figures.end());
        return figures[figures.size() / 2];
      };
      std::printf(
          "| %s | %zu | %.2f | %.2f | %.2f | %.2f |\n",
          load.title,
          threads,
          median_of([](const Rate& rate, const Rate&) { return rate.wall; }),
          median_of([](const Rate& rate, const Rate& one) { return rate.wall / one.wall; }),
          median_of([](const Rate& rate, const Rate&) { return rate.cpu; }),
          median_of([](const Rate& rate, const Rate& one) { return rate.cpu / one.cpu; })
      );
    }
    std::fflush(stdout);
  }

  void draw(const Case& load) {
    const Zipf popularity(options_.items, load.exponent);
    requests_.clear();
    for (std::size_t thread = 0; thread < options_.threads; ++thread) {
      requests_.push_back(draw_requests(stream_length, popularity, load.set_percent, thread + 1));
    }
  }

  Rate run(std::size_t threads) {
    std::vector<Rate> rates(threads);
    std::barrier start(static_cast<std::ptrdiff_t>(threads) + 1);
    std::atomic<bool> stop{false};
    std::vector<std::thread> running;
    for (std::size_t index = 0; index < threads; ++index) {
      running.emplace_back([&, index] {
        pin_to_core(index);
        Worker worker(*store_, options_, requests_[index]);
        start.arrive_and_wait();
        rates[index] = rate_of(worker, stop);
      });
    }
    start.arrive_and_wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.milliseconds));
    // Relaxed: it only ends the loop; join() orders what was counted.
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& each : running) each.join();
    Rate sum;
    for (const Rate& each : rates) sum = {sum.wall + each.wall, sum.cpu + each.cpu};
    return sum;
  }

  static Rate rate_of(Worker& worker, const std::atomic<bool>& stop) {
    const std::uint64_t wall = now_ns();
    const std::uint64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    while (!stop.load(std::memory_order_relaxed)) worker.turn();
    const auto millions = static_cast<double>(worker.operations()) * 1e3;
    return {
        .wall = millions / static_cast<double>(now_ns() - wall),
        .cpu = millions / static_cast<double>(now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu),
    };
  }

  Options options_;
  std::unique_ptr<store::Store> store_;
  std::vector<std::vector<Request>> requests_;  // One stream per thread.
};

Options parse_options(int count, char** values) {
  Options options;
  Arguments arguments(
      "store_micro",
      "usage: store_micro [--items N] [--value BYTES] [--threads N] [--milliseconds N per run]\n"
      "                   [--rounds N] [--batch N requests per turn]\n"
  );
  arguments.bind("--items", options.items);
  arguments.bind("--value", options.value_bytes);
  arguments.bind("--threads", options.threads);
  arguments.bind("--milliseconds", options.milliseconds);
  arguments.bind("--rounds", options.rounds);
  arguments.bind("--batch", options.batch);
  arguments.parse(count, values);
  if (options.items == 0 || options.threads == 0 || options.rounds == 0 || options.batch == 0) {
    arguments.fail("no figure may be 0");
  }
  return options;
}

}  // namespace
}  // namespace rc::bench

int main(int count, char** values) {
  const rc::bench::Options options = rc::bench::parse_options(count, values);
  std::printf(
      "%zu items of 16 + %zu bytes, turns of %zu requests, medians of %zu rounds of %zu ms\n\n",
      options.items,
      options.value_bytes,
      options.batch,
      options.rounds,
      options.milliseconds
  );
  rc::bench::Bench(options).report();
  return 0;
}
