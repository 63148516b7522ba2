// Which key is asked for next: the shape of a load.
//
// Thread: any for Popularity, which is const; draws take the caller's random numbers.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace rc::bench {

class Popularity {
 public:
  Popularity() = default;
  Popularity(const Popularity&) = delete;
  Popularity& operator=(const Popularity&) = delete;
  virtual ~Popularity() = default;

  // A key number below the number of keys. `random` is any 64 random bits, `elapsed_ns` the time
  // since the load began, for popularities that change.
  [[nodiscard]] virtual std::uint64_t draw(std::uint64_t random, std::uint64_t elapsed_ns)
      const = 0;
};

// "uniform"; "zipf" or "zipf:EXPONENT" (0.99 where none is given); "hot:SHARE:HITS:SECONDS": a
// SHARE of the keys gets a share HITS of the requests, and every SECONDS the next SHARE becomes
// the hot one. The error says what is wrong with `text`.
[[nodiscard]] Result<std::unique_ptr<Popularity>> make_popularity(
    std::string_view text, std::uint64_t keys
);

// Ranks by Zipf's law, rank r (from 0) with a weight of 1 / (r + 1)^exponent, in constant time and
// memory: rejection-inversion, after Hörmann and Derflinger, "Rejection-inversion to generate
// variates from monotone discrete distributions", ACM TOMACS 6(3), 1996. The exact table of
// common/zipf.hpp costs a walk through 8 bytes per key, and a client must not compete with the
// server for the cache.
class ZipfRanks {
 public:
  // Requires: ranks > 0, exponent > 0.
  ZipfRanks(std::uint64_t ranks, double exponent);
  [[nodiscard]] std::uint64_t operator()(std::uint64_t random) const;

 private:
  [[nodiscard]] double weight(double rank) const;
  [[nodiscard]] double area(double rank) const;
  [[nodiscard]] double rank_of(double area) const;

  double ranks_;
  double exponent_;
  double area_first_;  // Where the hat of rank 1 begins, ...
  double area_last_;   // ... and where that of the last rank ends.
  double sure_;        // So close to its rank, a draw is accepted without looking.
};

}  // namespace rc::bench
