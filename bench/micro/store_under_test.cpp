#include "micro/store_under_test.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>

namespace rc::bench {
namespace {

// What an item may cost beside its key and value, generously.
constexpr std::uint64_t overhead_bytes = 64;
// As many as a server executes between two waits, roughly.
constexpr std::uint64_t turn_requests = 32;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "error: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace

std::unique_ptr<store::Store> make_store(const StoreSize& size) {
  const std::uint64_t item_bytes = key_digits + 1 + size.value_bytes + overhead_bytes;
  store::Options options;
  options.limit_bytes = size.limit_bytes != 0 ? size.limit_bytes : size.items * item_bytes * 4 / 3;
  options.limit_bytes = std::max(options.limit_bytes, 64 * mib);
  options.workers_max = size.threads;
  options.huge_pages = size.huge_pages;
  options.hash_seed = 1;
  auto made = store::Store::create(options);
  if (!made) fail(made.error().message);
  return std::move(made).value();
}

void Door::begin_turn(UnixSeconds now) {
  access_.begin_turn(now);
}

void Door::begin_turn() {
  begin_turn(read_clocks().wall);
}

void Door::end_turn() {
  access_.background_step();
  access_.end_turn();
}

void Door::set(std::string_view key, store::Expiry expiry) {
  const auto bytes = static_cast<std::uint32_t>(value_.size());
  store::Reservation reservation = access_.reserve(key, 0, expiry, bytes);
  if (reservation.outcome != store::Outcome::stored) fail("the store has no room");
  reservation.draft.append(std::span<const char>(value_));
  const store::Stored stored = access_.store(std::move(reservation.draft), {});
  if (stored.outcome != store::Outcome::stored) fail("the store refused an item");
}

void Door::fill(std::uint64_t first, std::uint64_t last, UnixSeconds now, store::Expiry expiry) {
  while (first < last) {
    begin_turn(now);
    for (std::uint64_t in_turn = 0; in_turn < turn_requests && first < last; ++in_turn) {
      set(make_request(first++, true).key_text(), expiry);
    }
    end_turn();
  }
}

}  // namespace rc::bench
