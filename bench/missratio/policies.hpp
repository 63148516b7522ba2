// Cache policies in simulation, to compare the store's own with.
//
// Each holds objects of known cost up to a capacity and answers whether a requested object was
// there; if it was not, it is stored, as a read-through cache does. An object that costs more than
// the capacity is never stored. The simulations keep exact lists and know nothing of memory,
// threads or time: they are what the policies could do at best.
//
//   fifo    first in, first out.
//   lru     the least recently used goes.
//   sieve   a list in order of arrival, a hand from old to new, one bit (Zhang et al., 2024).
//   s3fifo  a small queue of a tenth, a main queue, a ghost queue (Yang et al., 2023).
//   slru    memcached's HOT, WARM and COLD lists with its default shares of 20 and 40 %, its
//           maintainer always up to date; the ages that also move items are not simulated.
// Thread: one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace rc::bench {

class Policy {
 public:
  // `costs` are those of objects 0, 1, ...; they outlive the policy.
  Policy(std::span<const std::uint64_t> costs, std::uint64_t capacity)
      : costs_(costs), capacity_(capacity) {}
  virtual ~Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // True if the object was there.
  virtual bool request(std::uint32_t object) = 0;

 protected:
  [[nodiscard]] std::uint64_t cost(std::uint32_t object) const { return costs_[object]; }
  [[nodiscard]] std::uint64_t capacity() const { return capacity_; }

 private:
  std::span<const std::uint64_t> costs_;
  std::uint64_t capacity_;
};

enum class PolicyKind : std::uint8_t { fifo, lru, sieve, s3fifo, slru };
inline constexpr std::array<PolicyKind, 5> policy_kinds = {
    PolicyKind::fifo, PolicyKind::lru, PolicyKind::sieve, PolicyKind::s3fifo, PolicyKind::slru};

[[nodiscard]] const char* name_of(PolicyKind kind);

[[nodiscard]] std::unique_ptr<Policy> make_policy(
    PolicyKind kind, std::span<const std::uint64_t> costs, std::uint64_t capacity
);

}  // namespace rc::bench
