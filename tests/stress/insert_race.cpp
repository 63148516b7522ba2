// Two threads meet at a barrier and insert the same key where it is absent, many times. Exactly
// one may succeed. The same race on the broken twin, which does not look for rivals after placing,
// must show duplicates: a random stress does not find them, so a race that finds none there proves
// nothing here.
#include "stress/fixture.hpp"

#include <cstdio>
#include <string_view>

namespace {

using rc::stress::Barrier;
using rc::stress::Deadline;
using rc::stress::OneSlotGeometry;
using rc::stress::Pool;
using rc::stress::Random;
using rc::stress::Worker;

constexpr std::uint64_t rounds_max = 200'000;
constexpr std::size_t nodes_each = 64;

// A yield between looking and choosing is what the broken twin needs on a machine of few cores.
template <bool Broken>
struct RaceHooks : rc::table::NoHooks {
  static constexpr bool omit_rescan = Broken;
  static void at(rc::table::Point point) {
    if (point != rc::table::Point::scanned && point != rc::table::Point::placed) return;
    thread_local Random random(std::hash<std::thread::id>{}(std::this_thread::get_id()));
    if (random.below(8) == 0) sched_yield();
  }
};

// Two slots at home, two more at distance 1.
struct PairGeometry {
  static constexpr std::size_t slots = 2;
  static constexpr std::size_t buckets = 2;
  static constexpr std::array<std::uint8_t, 2> offsets{0, 1};
  [[nodiscard]] static constexpr rc::Hash fold(rc::Hash) {
    return rc::Hash{0x0002'0000'0000'0000U};
  }
};

struct Totals {
  std::uint64_t rounds = 0;
  std::uint64_t duplicates = 0;   // rounds that left the key twice
  std::uint64_t wrong_words = 0;  // rounds in which not exactly one insertion said "inserted"
};

template <class Hooks>
class Race {
 public:
  Race() {
    auto made = Table::create({.slots_min = 4, .huge_pages = false}, pool_, rc::Hasher{1});
    RC_ASSERT(made.ok());
    table_ = std::move(made).value();
  }

  Totals run(bool until_first) {
    const Deadline deadline(until_first ? 10 : 8);
    std::thread rival([&] { rival_rounds(); });
    Worker<Table> worker(*table_, pool_, epochs_, 0, nodes_each);
    while (totals_.rounds < rounds_max || Deadline::extended()) {
      if (deadline.passed() || (until_first && totals_.duplicates >= 10)) break;
      round(worker);
    }
    over_ = true;  // published by the barrier
    barrier_.wait();
    rival.join();
    return totals_;
  }

 private:
  using Table = rc::table::Table<Pool, PairGeometry, Hooks>;

  void round(Worker<Table>& worker) {
    const std::uint64_t key = 100 + totals_.rounds;
    // 0 to 2 strangers at home: the rivals meet at home, across, or both away.
    const std::uint64_t strangers = totals_.rounds % 3;
    for (std::uint64_t i = 0; i < strangers; ++i) worker.add(i, 1);
    key_ = key;
    barrier_.wait();
    const bool mine = worker.add(key, 1);
    barrier_.wait();
    ++totals_.rounds;
    if (mine == theirs_) ++totals_.wrong_words;
    if (copies(key) != 1) ++totals_.duplicates;
    while (worker.erase(key) != 0) {
    }
    for (std::uint64_t i = 0; i < strangers; ++i) worker.erase(i);
  }

  void rival_rounds() {
    Worker<Table> worker(*table_, pool_, epochs_, nodes_each, nodes_each);
    while (true) {
      barrier_.wait();
      if (over_) return;
      theirs_ = worker.add(key_, 2);
      barrier_.wait();
    }
  }

  std::size_t copies(std::uint64_t number) const {
    std::size_t count = 0;
    const auto key = rc::stress::key_of_number(number);
    table_->for_each([&](rc::table::Handle handle) {
      if (pool_.at(handle).key == key) ++count;
    });
    return count;
  }

  Pool pool_{2 * nodes_each};
  rc::table::Epochs epochs_{2};
  std::unique_ptr<Table> table_;
  Barrier barrier_{2};
  Totals totals_;
  // Plain: the barrier orders them.
  std::uint64_t key_ = 0;
  bool theirs_ = false;
  bool over_ = false;
};

void print(std::string_view name, const Totals& totals) {
  std::printf(
      "%.*s: %llu rounds, %llu duplicates, %llu without exactly one winner\n",
      static_cast<int>(name.size()),
      name.data(),
      static_cast<unsigned long long>(totals.rounds),
      static_cast<unsigned long long>(totals.duplicates),
      static_cast<unsigned long long>(totals.wrong_words)
  );
}

}  // namespace

int main() {
  const Totals twin = Race<RaceHooks<true>>().run(true);
  print("broken twin", twin);
  const Totals real = Race<RaceHooks<false>>().run(false);
  print("protocol", real);
  const bool good =
      twin.duplicates > 0 && real.rounds > 1000 && real.duplicates == 0 && real.wrong_words == 0;
  return good ? 0 : 1;
}
