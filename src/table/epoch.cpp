#include "table/epoch.hpp"

#include "base/assert.hpp"

namespace rc::table {

Epochs::Epochs(std::size_t participants_max)
    : seat_count_(participants_max), seats_(std::make_unique<Seat[]>(participants_max)) {}

std::uint64_t Epochs::limbo_bytes() const noexcept {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < seat_count_; ++i) {
    // Relaxed: a figure.
    total += seats_[i].limbo_bytes.load(std::memory_order_relaxed);
  }
  return total;
}

std::uint64_t Epochs::current() const noexcept {
  return global_.load(std::memory_order_seq_cst);
}

std::size_t Epochs::laggards() const noexcept {
  const std::uint64_t now = current();
  std::size_t behind = 0;
  for (std::size_t i = 0; i < seat_count_; ++i) {
    const std::uint64_t announced = seats_[i].announced.load(std::memory_order_relaxed);
    if (announced != 0 && announced < now) ++behind;
  }
  return behind;
}

Epochs::Seat& Epochs::take_seat() noexcept {
  std::size_t seat = 0;
  // Acquire: pairs with the release of the previous owner in ~Participant.
  while (seats_[seat].taken.exchange(true, std::memory_order_acquire)) {
    ++seat;
    RC_ASSERT(seat < seat_count_);
  }
  return seats_[seat];
}

void Epochs::try_advance() noexcept {
  std::uint64_t now = global_.load(std::memory_order_seq_cst);
  for (std::size_t i = 0; i < seat_count_; ++i) {
    // Sequentially consistent: pairs with enter. Either this load sees the announcement, or the
    // announcing thread's check of the epoch came later and sees ours. It also acquires what the
    // participant unlinked in turns that have ended.
    const std::uint64_t announced = seats_[i].announced.load(std::memory_order_seq_cst);
    if (announced != 0 && announced != now) return;
  }
  // A failure means that somebody else advanced: as good.
  global_.compare_exchange_strong(now, now + 1, std::memory_order_seq_cst);
}

Participant::Participant(Epochs& epochs) : epochs_(epochs), seat_(epochs.take_seat()) {}

Participant::~Participant() {
  RC_ASSERT(!inside() && pending_ == 0);
  seat_.taken.store(false, std::memory_order_release);
}

void Participant::enter() noexcept {
  RC_DEBUG_ASSERT(!inside());
  std::uint64_t now = epochs_.global_.load(std::memory_order_seq_cst);
  // Announce, then check that the epoch is still the announced one. Sequentially consistent on
  // both sides: see try_advance. Once the check holds, the epoch cannot pass now + 1.
  while (true) {
    seat_.announced.store(now, std::memory_order_seq_cst);
    const std::uint64_t again = epochs_.global_.load(std::memory_order_seq_cst);
    if (again == now) break;
    now = again;
  }
  local_ = now;
}

void Participant::leave() noexcept {
  RC_DEBUG_ASSERT(inside());
  local_ = 0;
  // Release: what was read and unlinked in this turn comes before whatever follows from its end.
  seat_.announced.store(0, std::memory_order_release);
}

void Participant::retire(Handle handle, std::uint64_t bytes) {
  RC_DEBUG_ASSERT(inside());
  // The epoch of now, which may be one later than ours: see epoch.hpp. Loaded after unlinking.
  const std::uint64_t now = epochs_.current();
  Generation& generation = limbo_[now % generations];
  // What is left of three or more epochs ago is safe.
  if (generation.epoch != now) release(generation);
  generation.epoch = now;
  generation.items.push_back({.handle = handle, .bytes = bytes});
  ++pending_;
  // Relaxed, and no read-modify-write: only the owner writes it, others read a figure.
  const std::uint64_t before = seat_.limbo_bytes.load(std::memory_order_relaxed);
  seat_.limbo_bytes.store(before + bytes, std::memory_order_relaxed);
}

std::uint64_t Participant::limbo_bytes() const noexcept {
  return seat_.limbo_bytes.load(std::memory_order_relaxed);
}

void Participant::collect() {
  epochs_.try_advance();
  // Acquire at least: what ended turns read comes before the reuse of the memory.
  const std::uint64_t now = epochs_.global_.load(std::memory_order_seq_cst);
  for (Generation& generation : limbo_) {
    if (generation.epoch + generations <= now) release(generation);
  }
}

void Participant::release(Generation& generation) {
  // Vectors keep their capacity: a steady load allocates nothing here.
  safe_.insert(safe_.end(), generation.items.begin(), generation.items.end());
  generation.items.clear();
}

void Participant::settle(const Retired& retired) noexcept {
  --pending_;
  const std::uint64_t before = seat_.limbo_bytes.load(std::memory_order_relaxed);
  seat_.limbo_bytes.store(before - retired.bytes, std::memory_order_relaxed);
}

}  // namespace rc::table
