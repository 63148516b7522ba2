#include "missratio/store_cache.hpp"

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "store/core.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace rc::bench {
namespace {

constexpr UnixSeconds now{1'700'000'000};
constexpr unsigned requests_per_turn = 32;

std::unique_ptr<store::Store> required(Result<std::unique_ptr<store::Store>> made) {
  if (made) return std::move(made).value();
  std::fprintf(stderr, "missratio: error: %s\n", made.error().message.c_str());
  std::exit(1);
}

}  // namespace

StoreCache::StoreCache(std::unique_ptr<store::Store> store)
    : store_(std::move(store)), access_(std::make_unique<store::Access>(*store_, counters_)) {
  access_->begin_turn(now);
}

StoreCache::~StoreCache() {
  access_->end_turn();
}

StoreCache::Outcome StoreCache::request(std::uint32_t object, std::uint32_t value_bytes) {
  if (get(object)) return {.hit = true};
  return {.refused = !put(object, value_bytes)};
}

bool StoreCache::get(std::uint32_t object) {
  count_request();
  const Key key = key_of(object);
  return static_cast<bool>(access_->find({key.data(), key.size()}));
}

bool StoreCache::put(std::uint32_t object, std::uint32_t value_bytes) {
  count_request();
  const Key key = key_of(object);
  auto reserved = access_->reserve({key.data(), key.size()}, 0, store::Expiry::never, value_bytes);
  if (reserved.outcome != store::Outcome::stored) return false;
  const std::string_view bytes = value(value_bytes);
  RC_ASSERT(reserved.draft.append(bytes) == bytes.size());
  return access_->store(std::move(reserved.draft), {}).outcome == store::Outcome::stored;
}

bool StoreCache::holds(std::uint32_t object) const {
  const store::Core& core = store_->core();
  const Key bytes = key_of(object);
  const std::string_view key{bytes.data(), bytes.size()};
  return static_cast<bool>(core.index->peek(key, core.hash(key)));
}

StoreCache::Key StoreCache::key_of(std::uint32_t object) {
  constexpr std::string_view digits = "0123456789abcdef";
  Key key;
  for (char& c : key) {
    c = digits[object & 15U];
    object >>= 4U;
  }
  return key;
}

std::string_view StoreCache::value(std::uint32_t bytes) {
  if (zeros_.size() < bytes) zeros_.resize(bytes);
  return std::string_view(zeros_).substr(0, bytes);
}

void StoreCache::count_request() {
  if (++requests_in_turn_ < requests_per_turn) return;
  requests_in_turn_ = 0;
  access_->end_turn();
  access_->begin_turn(now);
}

Result<std::unique_ptr<store::Store>> store_of_capacity(const CapacityOptions& options) {
  store::Options with;
  with.item_size_max_bytes = options.value_bytes_max + kib;
  // Room for limbo and for emptying pages, which the capacity leaves unused.
  with.limit_bytes = 2 * options.capacity + 8 * with.item_size_max_bytes + 64 * mib;
  with.live_bytes_max = options.capacity;
  with.slots = std::max<std::uint64_t>(options.items * 100 / options.load_percent, 1);
  with.hash_seed = options.seed;
  with.huge_pages = false;
  return store::Store::create(with);
}

Costs::Costs(std::uint32_t value_bytes_max)
    : scratch_(required(store_of_capacity(
          {.capacity = 8 * (value_bytes_max + mib), .items = 1, .value_bytes_max = value_bytes_max}
      ))) {}

std::uint64_t Costs::of(std::uint32_t value_bytes) {
  const auto live = [this] {
    const store::Figures figures = scratch_.figures();
    return figures.chunk_bytes - figures.limbo_bytes - figures.pinned_dead_bytes;
  };
  RC_ASSERT(scratch_.put(0, value_bytes));
  return live();
}

}  // namespace rc::bench
