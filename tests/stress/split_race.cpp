// Three threads change keys of their own while a fourth grows the table from one segment to four
// under their hands, again and again. Since nobody else writes a key, its owner knows what every
// operation must answer and what is there at the end. Negative controls: each step of the split
// protocol that a thread meeting it must take is left out in turn, and must show.
#include "sanitizers.hpp"
#include "stress/fixture.hpp"
#include "stress/twin.hpp"

#include <cstdio>

namespace {

using rc::stress::Barrier;
using rc::stress::Deadline;
using rc::stress::FourSegmentGeometry;
using rc::stress::Pool;
using rc::stress::Random;
using rc::stress::Worker;

constexpr std::size_t owners = 3;
constexpr std::size_t keys_each = 2;
constexpr std::size_t steps = 16;
constexpr std::size_t nodes_each = 128;
constexpr std::uint64_t rounds_max = 20'000;

struct Totals {
  std::uint64_t rounds = 0;
  std::uint64_t helped = 0;
  std::uint64_t wrong = 0;
};

template <class Hooks>
class Race {
 public:
  explicit Race(bool is_twin) : is_twin_(is_twin), pool_((owners + 2) * nodes_each, is_twin) {
    renew();
  }

  // A twin stops when it has shown itself.
  Totals run(unsigned seconds) {
    const Deadline deadline(seconds);
    std::vector<std::thread> running;
    for (std::size_t t = 0; t < owners; ++t) running.emplace_back([this, t] { own(t); });
    running.emplace_back([this] { split(); });
    Worker<Table> janitor(*table_, pool_, epochs_, (owners + 1) * nodes_each, nodes_each);
    while (!deadline.passed() && (totals_.rounds < rounds_max || Deadline::extended())) {
      barrier_.wait();  // a round
      barrier_.wait();
      judge(janitor);
      if (is_twin_ && wrong() != 0) break;
      renew();
    }
    over_ = true;  // published by the barrier
    barrier_.wait();
    for (std::thread& thread : running) thread.join();
    totals_.wrong = wrong();
    return totals_;
  }

 private:
  using Table = rc::table::Table<Pool, FourSegmentGeometry, Hooks>;
  using Values = std::array<std::uint64_t, keys_each>;

  void renew() {
    auto made = Table::create(
        {.slots_min = 8, .slots_max = 32, .epochs = &epochs_, .huge_pages = false, .evict = false},
        pool_,
        rc::Hasher{1}
    );
    RC_ASSERT(made.ok());
    table_ = std::move(made).value();
    first_key_ += owners * keys_each;
  }

  [[nodiscard]] std::uint64_t wrong() const {
    return wrong_.load(std::memory_order_relaxed) + pool_.faults();
  }
  void require(bool truth) {
    RC_ASSERT(truth || is_twin_);
    if (!truth) wrong_.fetch_add(1, std::memory_order_relaxed);
  }

  void own(std::size_t number) {
    Worker<Table> worker(*table_, pool_, epochs_, number * nodes_each, nodes_each);
    Random random(number + 1);
    while (true) {
      barrier_.wait();
      if (over_) return;
      worker.use(*table_);
      Values& values = values_[number];
      values.fill(0);
      for (std::size_t i = 0; i < steps; ++i) {
        const std::uint64_t mine = random.below(keys_each);
        act(worker, random, first_key_ + number * keys_each + mine, values[mine]);
      }
      barrier_.wait();
    }
  }

  // `value` is what the key holds, 0 for nothing.
  void act(Worker<Table>& worker, Random& random, std::uint64_t key, std::uint64_t& value) {
    const std::uint64_t fresh = random() | 1U;
    switch (random.below(6)) {
      case 0:
        worker.set(key, fresh);
        value = fresh;
        break;
      case 1:
        require(worker.add(key, fresh) == (value == 0));
        if (value == 0) value = fresh;
        break;
      case 2:
        require(worker.erase(key) == value);
        value = 0;
        break;
      case 3:
        worker.relocate(key);
        break;
      case 4:
        require(worker.get_two(key, key)[1] == value);
        break;
      default:
        require(worker.get(key) == value);
    }
  }

  void split() {
    Worker<Table> worker(*table_, pool_, epochs_, owners * nodes_each, nodes_each);
    while (true) {
      barrier_.wait();
      if (over_) return;
      worker.use(*table_);
      while (worker.grow() != rc::table::Growth::full) sched_yield();
      barrier_.wait();
    }
  }

  void judge(Worker<Table>& janitor) {
    janitor.use(*table_);
    ++totals_.rounds;
    totals_.helped += table_->growth().helped;
    if (!is_twin_) table_->check_invariants();
    for (std::size_t i = 0; i < owners * keys_each; ++i) {
      require(janitor.erase(first_key_ + i) == values_[i / keys_each][i % keys_each]);
    }
    require(table_->item_count() == 0);
  }

  bool is_twin_;
  Pool pool_;
  rc::table::Epochs epochs_{owners + 2};
  std::unique_ptr<Table> table_;
  Barrier barrier_{owners + 2};
  Totals totals_;
  std::atomic<std::uint64_t> wrong_{0};
  // Plain: the barrier orders them.
  std::array<Values, owners> values_{};
  std::uint64_t first_key_ = 0;
  bool over_ = false;
};

template <class Hooks>
Totals run(const char* name, bool is_twin, unsigned seconds) {
  const Totals totals = Race<Hooks>(is_twin).run(seconds);
  std::printf(
      "%s: %llu rounds, helped %llu times, %llu wrong\n",
      name,
      static_cast<unsigned long long>(totals.rounds),
      static_cast<unsigned long long>(totals.helped),
      static_cast<unsigned long long>(totals.wrong)
  );
  return totals;
}

template <class Hooks>
bool is_caught(const char* name) {
  return rc::stress::is_caught(name, [] {
    return run<Hooks>("twin", true, rc::stress::twin_seconds).wrong != 0;
  });
}

}  // namespace

int main() {
  // What makes a twin wrong are its races, and the thread sanitizer would end the test there.
  const bool caught = rc::test::under_thread_sanitizer ||
                      (is_caught<rc::stress::NoHelpHooks>("writes frozen slots") &&
                       is_caught<rc::stress::NoReloadHooks>("believes every miss") &&
                       is_caught<rc::stress::NoRecheckHooks>("inserts in either half"));
  const Totals real = run<rc::stress::StallingHooks>("protocol", false, 8);
  return caught && real.wrong == 0 && real.rounds > 100 && real.helped > 0 ? 0 : 1;
}
