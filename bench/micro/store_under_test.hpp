// A store in this process, large enough that nothing is evicted, and one thread's door to it.
//
// Thread: StoreUnderTest: any; Door: the thread that made it.
#pragma once

#include "micro/requests.hpp"

#include "base/clock.hpp"
#include "stats/counters.hpp"
#include "store/access.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rc::bench {

struct StoreSize {
  std::uint64_t items = 0;
  std::size_t value_bytes = 100;
  std::uint32_t threads = 1;
  bool huge_pages = true;
  std::uint64_t limit_bytes = 0;  // 0: what the items need, and a third more.
};

// With the same hash seed each time. Ends the program if the system does not have the memory.
[[nodiscard]] std::unique_ptr<store::Store> make_store(const StoreSize& size);

class Door {
 public:
  Door(store::Store& store, std::size_t value_bytes)
      : access_(store, counters_), value_(value_bytes, 'v') {}

  [[nodiscard]] store::Access& access() { return access_; }

  // At this second; without one, now.
  void begin_turn(UnixSeconds now);
  void begin_turn();
  void end_turn();

  // Ends the program if the store has no room: it was made large enough.
  void set(std::string_view key, store::Expiry expiry = store::Expiry::never);

  // Sets the keys of the numbers from `first` up to, not with, `last`, in turns at this second.
  void fill(
      std::uint64_t first,
      std::uint64_t last,
      UnixSeconds now,
      store::Expiry expiry = store::Expiry::never
  );

 private:
  stats::Counters counters_;
  store::Access access_;
  std::string value_;
};

}  // namespace rc::bench
