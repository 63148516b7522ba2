#include "store/access.hpp"

#include "base/assert.hpp"
#include "store/worker.hpp"

#include <utility>

namespace rc::store {

Access::Access(Store& store, stats::Counters& counters)
    : worker_(std::make_unique<Worker>(store.core(), counters)) {}
Access::~Access() = default;

void Access::begin_turn(UnixSeconds now) {
  worker_->begin_turn(now);
}

void Access::end_turn() {
  worker_->end_turn();
}

void Access::find_many(std::span<Lookup> lookups) {
  worker_->find_many(lookups);
}

Item Access::find(std::string_view key) {
  return worker_->find(key);
}

void Access::look_ahead(std::span<const std::string_view> keys) const {
  worker_->look_ahead(keys);
}

Item Access::touch(std::string_view key, Expiry expiry) {
  return worker_->touch(key, expiry);
}

Fetched Access::fetch(std::string_view key, const FetchTerms& terms) {
  return worker_->fetch(key, terms);
}

Reservation Access::reserve(
    std::string_view key, std::uint32_t client_flags, Expiry expiry, std::uint32_t value_bytes
) {
  return worker_->reserve(key, client_flags, expiry, value_bytes);
}

Stored Access::store(Draft&& draft, const WriteTerms& terms) {
  return worker_->store(std::move(draft), terms);
}

Outcome Access::erase(std::string_view key, std::optional<std::uint64_t> cas_unique) {
  return worker_->erase(key, cas_unique);
}

Stored Access::invalidate(std::string_view key, const InvalidateTerms& terms) {
  return worker_->invalidate(key, terms);
}

Arithmetic Access::add(
    std::string_view key, std::uint64_t delta, Direction direction, const ArithmeticTerms& terms
) {
  return worker_->add(key, delta, direction, terms);
}

table::Walk::Step Access::gather(table::Walk& walk, std::vector<Item>& items) {
  return worker_->gather(walk, items);
}

Item Access::glance(std::string_view key) {
  return worker_->glance(key);
}

void Access::observe_evictions(EvictionObserver* observer) {
  worker_->observe_evictions(observer);
}

std::uint32_t Access::class_number(const Item& item) const {
  return worker_->class_number(item);
}

void Access::flush_all(UnixSeconds when) {
  worker_->flush_all(when);
}

std::optional<PinToken> Access::pin(const Item& item) {
  return worker_->pin(item);
}

void Access::release(PinToken token) {
  worker_->release(token);
}

bool Access::background_step() {
  return worker_->background_step();
}

}  // namespace rc::store
