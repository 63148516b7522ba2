// Four threads do everything at once to a table in which all keys collide and which is too small
// for them: insert, replace, erase, look up, relocate, evict, with stalls between the steps. Every
// value names its key and its writer; nothing may be torn, doubled, lost, freed early or twice.
#include "stress/fixture.hpp"

#include <cstdio>

namespace {

using rc::stress::Deadline;
using rc::stress::Pool;
using rc::stress::Random;
using rc::stress::Worker;

constexpr std::size_t threads = 4;
constexpr std::size_t nodes_each = 256;
constexpr std::uint64_t keys = 48;

struct Mix {
  const char* name;
  bool evict;
};

constexpr std::uint64_t value_of(std::uint64_t key, std::uint64_t serial) {
  return (serial << 16U) | (key + 1);
}
void check(std::uint64_t key, std::uint64_t value) {
  RC_ASSERT(value == 0 || (value & 0xFFFFU) == key + 1);
}

template <class Table>
void step(Worker<Table>& worker, Random& random, std::uint64_t serial) {
  const std::uint64_t key = random.below(keys);
  const std::uint64_t value = value_of(key, serial);
  switch (random.below(8)) {
    case 0:
      worker.set(key, value);
      break;
    case 1:
      worker.add(key, value);
      break;
    case 2:
      check(key, worker.erase(key));
      break;
    case 3:
      worker.compare_and_set(key, worker.get(key), value);
      break;
    case 4:
      worker.relocate(key);
      break;
    case 5:
      worker.evict(1, [](const rc::stress::Node& node) {
        RC_ASSERT(node.live && node.value != 0);
      });
      break;
    case 6: {
      const std::uint64_t other = random.below(keys);
      const auto values = worker.get_two(key, other);
      check(key, values[0]);
      check(other, values[1]);
      break;
    }
    default:
      check(key, worker.get(key));
  }
}

// Returns the operations done.
template <class Geometry, class Hooks>
std::uint64_t run(const char* name, unsigned seconds, std::uint64_t slots) {
  using Table = rc::table::Table<Pool, Geometry, Hooks>;
  Pool pool(threads * nodes_each);
  rc::table::Epochs epochs(threads);
  auto made = Table::create({.slots_min = slots, .huge_pages = false}, pool, rc::Hasher{1});
  RC_ASSERT(made.ok());
  Table& table = *made.value();

  const Deadline deadline(seconds);
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::size_t> free{0};
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      Worker<Table> worker(table, pool, epochs, t * nodes_each, nodes_each);
      Random random(t + 1);
      std::uint64_t serial = 0;
      while (!deadline.passed()) step(worker, random, (++serial << 2U) | t);
      worker.drain();
      done += serial;
      free += worker.free_count();
    });
  }
  for (std::thread& thread : running) thread.join();

  table.check_invariants();
  RC_ASSERT(free + pool.shared_count() + table.item_count() == threads * nodes_each);
  std::printf(
      "%s: %llu operations, %llu items left, %llu displaced, %llu evicted, %llu promoted\n",
      name,
      static_cast<unsigned long long>(done.load()),
      static_cast<unsigned long long>(table.item_count()),
      static_cast<unsigned long long>(table.count(rc::table::Count::displacements)),
      static_cast<unsigned long long>(
          table.count(rc::table::Count::evictions_probation) +
          table.count(rc::table::Count::evictions_main)
      ),
      static_cast<unsigned long long>(table.count(rc::table::Count::promotions))
  );
  return done;
}

}  // namespace

int main() {
  using rc::stress::OneSlotGeometry;
  using rc::stress::StallingHooks;
  const std::uint64_t done =
      run<OneSlotGeometry, StallingHooks>("one segment, stalls", 5, 8) +
      run<OneSlotGeometry, rc::table::NoHooks>("one segment", 3, 8) +
      run<rc::table::DefaultGeometry, StallingHooks>("default geometry", 3, 448);
  return done > 1000 ? 0 : 1;
}
