// Records short histories of three threads on two colliding keys, while a fourth evicts, relocates
// and splits segments, and judges each key's history (history.hpp). Every table begins with one
// segment and is replaced by a new one when it has grown to four. Negative controls: histories
// written by hand that the judge must refuse, and tables that leave out one step of the protocol.
#include "sanitizers.hpp"
#include "stress/fixture.hpp"
#include "stress/history.hpp"
#include "stress/twin.hpp"

#include <cstdio>

namespace {

using rc::stress::Barrier;
using rc::stress::Deadline;
using rc::stress::Event;
using rc::stress::FourSegmentGeometry;
using rc::stress::Linearizer;
using rc::stress::Node;
using rc::stress::Op;
using rc::stress::Pool;
using rc::stress::Random;
using rc::stress::Worker;

constexpr std::size_t clients = 3;  // and one thread that evicts, relocates and splits
constexpr std::size_t nodes_each = 128;
constexpr std::uint64_t keys = 2;
constexpr std::size_t steps = 10;
constexpr std::uint64_t rounds_max = 30'000;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// One thread's record of a round, by key.
using Record = std::array<std::vector<Event>, keys>;

template <class Hooks>
class Recorder {
 public:
  // A broken twin loses and doubles items: its pool must bear that.
  explicit Recorder(bool is_twin) : pool_((clients + 2) * nodes_each, is_twin) { renew(); }

  struct Totals {
    std::uint64_t rounds = 0;
    std::uint64_t refused = 0;
    std::uint64_t events = 0;
    std::uint64_t splits = 0;
  };

  // Stops at the deadline, after rounds_max, or once `refusals_max` histories were refused.
  Totals run(unsigned seconds, std::uint64_t refusals_max) {
    std::vector<std::thread> running;
    for (std::size_t t = 0; t < clients + 1; ++t) {
      running.emplace_back([this, t] { rounds(t); });
    }
    const std::size_t first = (clients + 1) * nodes_each;
    Worker<Table> janitor(*table_, pool_, epochs_, first, nodes_each);
    const Deadline deadline(seconds);
    while (totals_.refused < refusals_max && !deadline.passed() &&
           (totals_.rounds < rounds_max || Deadline::extended())) {
      barrier_.wait();  // a round
      barrier_.wait();
      judge();
      empty(janitor);
      if (table_->growth().segments == 4) {
        totals_.splits += table_->growth().splits;
        renew();
        janitor.use(*table_);
      }
    }
    over_ = true;
    barrier_.wait();
    for (std::thread& thread : running) thread.join();
    return totals_;
  }

 private:
  using Table = rc::table::Table<Pool, FourSegmentGeometry, Hooks>;

  // Other keys too, so that they lie in other segments.
  void renew() {
    auto made = Table::create(
        {.slots_min = 8, .slots_max = 32, .epochs = &epochs_, .huge_pages = false},
        pool_,
        rc::Hasher{1}
    );
    RC_ASSERT(made.ok());
    table_ = std::move(made).value();
    first_key_ += keys;
  }

  void rounds(std::size_t number) {
    Worker<Table> worker(*table_, pool_, epochs_, number * nodes_each, nodes_each);
    Random random(number + 1);
    std::vector<Node> displaced;
    worker.watch_displaced(displaced);
    while (true) {
      barrier_.wait();
      if (over_) return;
      worker.use(*table_);
      for (std::size_t i = 0; i < steps; ++i) {
        if (number == clients) {
          disturb(worker, random, records_[number]);
        } else {
          const std::uint64_t began = now_ns();
          client_step(worker, random, records_[number], ++serials_[number] * 4 + number);
          record_evictions(displaced, began, records_[number]);
        }
      }
      barrier_.wait();
    }
  }

  void client_step(Worker<Table>& worker, Random& random, Record& record, std::uint64_t value) {
    const std::uint64_t key = random.below(keys);
    Event event{.argument = value, .began_ns = now_ns()};
    switch (random.below(5)) {
      case 0:
        event.op = Op::set;
        worker.set(first_key_ + key, value);
        break;
      case 1:
        event.op = Op::add;
        event.answer = worker.add(first_key_ + key, value) ? 1 : 0;
        break;
      case 2:
        event.op = Op::erase;
        event.answer = worker.erase(first_key_ + key);
        break;
      case 3:
        compare_and_set(worker, key, event, record);
        break;
      default:
        event.op = Op::get;
        event.answer = worker.get(first_key_ + key);
    }
    event.ended_ns = now_ns();
    record[key].push_back(event);
  }

  void compare_and_set(Worker<Table>& worker, std::uint64_t key, Event& event, Record& record) {
    event.op = Op::get;
    event.answer = worker.get(first_key_ + key);
    event.ended_ns = now_ns();
    record[key].push_back(event);
    event.expected = event.answer;
    event.began_ns = now_ns();
    event.op = event.expected == 0 ? Op::get : Op::compare_and_set;
    event.answer =
        event.expected == 0
            ? worker.get(first_key_ + key)
            : std::uint64_t{
                  worker.compare_and_set(first_key_ + key, event.expected, event.argument)};
  }

  void disturb(Worker<Table>& worker, Random& random, Record& record) {
    worker.relocate(first_key_ + random.below(keys));
    // A new doubling waits for three turns of everybody: ask on.
    if (random.below(3) == 0) static_cast<void>(worker.grow());
    if (random.below(4) != 0) return;
    const std::uint64_t began = now_ns();
    std::vector<Node> victims;
    worker.evict(1, [&](const Node& node) { victims.push_back(node); });
    record_evictions(victims, began, record);
  }

  // Items that left since `began` because others needed room: by the clock, or displaced from a
  // full window by an insertion.
  void record_evictions(std::vector<Node>& gone, std::uint64_t began, Record& record) {
    const std::uint64_t ended = now_ns();
    for (const Node& node : gone) {
      std::uint64_t number = 0;
      std::memcpy(&number, node.key.data(), sizeof number);
      record[number - first_key_].push_back(
          {.op = Op::evict, .answer = node.value, .began_ns = began, .ended_ns = ended}
      );
    }
    gone.clear();
  }

  // The others wait at the barrier meanwhile.
  void judge() {
    ++totals_.rounds;
    for (std::uint64_t key = 0; key < keys; ++key) {
      std::vector<Event> history;
      for (Record& record : records_) {
        history.insert(history.end(), record[key].begin(), record[key].end());
        record[key].clear();
      }
      totals_.events += history.size();
      if (history.size() <= 64 && !Linearizer(std::move(history)).linearizable()) {
        ++totals_.refused;
      }
    }
  }

  void empty(Worker<Table>& worker) {
    for (std::uint64_t key = 0; key < keys; ++key) {
      while (worker.erase(first_key_ + key) != 0) {
      }
    }
  }

  Pool pool_;
  rc::table::Epochs epochs_{clients + 2};
  std::unique_ptr<Table> table_;
  Barrier barrier_{clients + 2};
  std::array<Record, clients + 1> records_;
  std::array<std::uint64_t, clients> serials_{};
  Totals totals_;
  // Plain: ordered by the barrier.
  std::uint64_t first_key_ = 0;
  bool over_ = false;
};

bool judge_refuses_what_it_must() {
  const std::vector<Event> stale{
      {.op = Op::set, .argument = 1, .began_ns = 0, .ended_ns = 1},
      {.op = Op::set, .argument = 2, .began_ns = 2, .ended_ns = 3},
      {.op = Op::get, .answer = 1, .began_ns = 4, .ended_ns = 5},
  };
  const std::vector<Event> two_winners{
      {.op = Op::add, .argument = 1, .answer = 1, .began_ns = 0, .ended_ns = 5},
      {.op = Op::add, .argument = 2, .answer = 1, .began_ns = 1, .ended_ns = 4},
  };
  const std::vector<Event> good{
      {.op = Op::add, .argument = 1, .answer = 1, .began_ns = 0, .ended_ns = 5},
      {.op = Op::add, .argument = 2, .answer = 0, .began_ns = 1, .ended_ns = 4},
      {.op = Op::erase, .answer = 1, .began_ns = 3, .ended_ns = 8},
      {.op = Op::get, .answer = 1, .began_ns = 2, .ended_ns = 9},
      {.op = Op::get, .answer = 0, .began_ns = 6, .ended_ns = 9},
  };
  return !Linearizer(stale).linearizable() && !Linearizer(two_winners).linearizable() &&
         Linearizer(good).linearizable();
}

template <class Totals>
void print(const char* name, const Totals& totals) {
  std::printf(
      "%s: %llu rounds, %llu splits, %llu events, %llu histories refused\n",
      name,
      static_cast<unsigned long long>(totals.rounds),
      static_cast<unsigned long long>(totals.splits),
      static_cast<unsigned long long>(totals.events),
      static_cast<unsigned long long>(totals.refused)
  );
}

// True if the judge refuses a history of the twin, or the twin comes to grief.
template <class Hooks>
bool is_caught(const char* name) {
  return rc::stress::is_caught(name, [] {
    const auto totals = Recorder<Hooks>(true).run(rc::stress::twin_seconds, 1);
    print("twin", totals);
    return totals.refused > 0;
  });
}

}  // namespace

int main() {
  RC_ASSERT(judge_refuses_what_it_must());
  // What makes a twin wrong are its races, and the thread sanitizer would end the test there.
  const bool caught = rc::test::under_thread_sanitizer ||
                      (is_caught<rc::stress::PlainInsertHooks>("looks for no rivals") &&
                       is_caught<rc::stress::NoHelpHooks>("writes frozen slots") &&
                       is_caught<rc::stress::NoReloadHooks>("believes every miss") &&
                       is_caught<rc::stress::NoRecheckHooks>("inserts in either half"));
  const auto real = Recorder<rc::stress::StallingHooks>(false).run(8, 1);
  print("protocol", real);
  return caught && real.refused == 0 && real.rounds > 100 && real.splits > 100 ? 0 : 1;
}
