// Epoch reclamation: when may the memory of an unlinked item be used again?
//
// Readers take no references. A thread that works with the index is a participant: it enters at
// the beginning of its turn and leaves before it may block. What it unlinks it retires; the
// memory comes back through reclaim once every turn that was under way then has ended.
//
// How: a global epoch moves from g to g+1 when every participant inside announced g. A participant
// that entered at l can hold the epoch at l+1 at most. What is retired is noted with the epoch of
// that moment, e, so:
//   - who entered at e+2 or later sees everything unlinked by turns that entered at e: they have
//     ended (each announced a later epoch or left, a release store that the advancing thread
//     acquired before its own release of the new epoch, which the later turn acquired);
//   - while somebody who entered at e+1 or earlier is inside, the epoch is at most e+2.
// Hence it is free when the epoch has reached e+3: three generations of limbo per participant.
//
// The epoch of that moment, and not the one at which the retiring turn entered: while a segment is
// split, an item that is erased in the new half leaves a frozen word in the old one, which another
// turn takes away, the one that splits. That turn may have entered later than the one that erases,
// but it has entered, so at e or earlier.
//
// A participant that stays inside for ever stops all reclamation: limbo then grows with what is
// unlinked. It is counted; the owner of the memory stops taking new items when limbo exceeds its
// share (Epochs::limbo_bytes), so a stuck thread costs a bounded amount.
// Thread: Epochs any; a Participant belongs to one thread at a time.
#pragma once

#include "base/cacheline.hpp"
#include "table/words.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace rc::table {

// Something unlinked, whose memory is not free yet.
struct Retired {
  Handle handle = Handle::none;
  std::uint64_t bytes = 0;
};

class Epochs {
 public:
  explicit Epochs(std::size_t participants_max);

  // Memory that is retired and not handed back, over all participants.
  [[nodiscard]] std::uint64_t limbo_bytes() const noexcept;
  [[nodiscard]] std::uint64_t current() const noexcept;
  // Participants inside that hold the epoch back, and so all reclamation.
  [[nodiscard]] std::size_t laggards() const noexcept;
  // Moves the epoch on by one if every participant inside has announced the present one. When it
  // has moved on by two since it was read, all turns that were under way then have ended.
  void try_advance() noexcept;

 private:
  friend class Participant;

  // One line each, because its owner writes it twice per turn.
  struct alignas(cache_line_bytes) Seat {
    std::atomic<std::uint64_t> announced{0};  // 0: outside
    std::atomic<std::uint64_t> limbo_bytes{0};
    std::atomic<bool> taken{false};
  };

  Seat& take_seat() noexcept;

  std::size_t seat_count_;
  std::unique_ptr<Seat[]> seats_;
  alignas(cache_line_bytes) std::atomic<std::uint64_t> global_{1};
};

class Participant {
 public:
  // Requires: fewer than participants_max others exist. `epochs` must outlive it.
  explicit Participant(Epochs& epochs);
  // Requires: outside, and nothing in limbo (drain first).
  ~Participant();
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  // Begins a turn: what is found from now on stays readable until leave.
  void enter() noexcept;
  // Ends it. Nothing found inside may be used any more.
  void leave() noexcept;
  [[nodiscard]] bool inside() const noexcept { return local_ != 0; }

  // Requires: inside, and the item is unlinked.
  void retire(Handle handle, std::uint64_t bytes);

  // Hands back what is safe: on_free(Retired) for each, and some before that on_soon(Retired),
  // which may fetch its memory. May be called inside or outside a turn. Returns how many.
  template <class OnFree, class OnSoon>
  std::size_t reclaim(OnFree&& on_free, OnSoon&& on_soon) {
    if (pending_ == 0) return 0;
    collect();
    std::size_t freed = 0;
    // Taken from the end one at a time: on_free may retire or reclaim nothing itself, but it may
    // be long, and what it has not seen yet must stay counted.
    while (!safe_.empty()) {
      if (safe_.size() > soon) on_soon(safe_[safe_.size() - 1 - soon]);
      const Retired retired = safe_.back();
      safe_.pop_back();
      settle(retired);
      on_free(retired);
      ++freed;
    }
    return freed;
  }

  template <class OnFree>
  std::size_t reclaim(OnFree&& on_free) {
    return reclaim(on_free, [](const Retired&) {});
  }

  [[nodiscard]] std::uint64_t limbo_bytes() const noexcept;
  [[nodiscard]] std::size_t limbo_count() const noexcept { return pending_; }

 private:
  struct Generation {
    std::uint64_t epoch = 0;
    std::vector<Retired> items;
  };
  static constexpr std::uint64_t generations = 3;
  // As many are freed between on_soon and on_free.
  static constexpr std::size_t soon = 4;

  // Moves every generation that is old enough to safe_.
  void collect();
  void release(Generation& generation);
  void settle(const Retired& retired) noexcept;

  Epochs& epochs_;
  Epochs::Seat& seat_;
  std::uint64_t local_ = 0;  // the epoch announced, 0 outside
  std::size_t pending_ = 0;  // in the generations and in safe_
  std::array<Generation, generations> limbo_{};
  std::vector<Retired> safe_;
};

}  // namespace rc::table
