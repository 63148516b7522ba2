#include "missratio/shift.hpp"

#include "missratio/store_cache.hpp"

#include "base/bytes.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <utility>

namespace rc::bench {
namespace {

struct Sizes {
  const char* name;
  std::uint32_t bytes_min;
  std::uint32_t bytes_max;
};
// The first fills the cache; it is measured like the others.
constexpr std::array<Sizes, 8> steps = {{
    {"300 B, into an empty cache", 300, 300},
    {"100 B", 100, 100},
    {"700 B", 700, 700},
    {"4 KB", 4096, 4096},
    {"50 B to 100 KB", 50, 100 * 1024},
    {"100 B again", 100, 100},
    {"1 MB", 1000 * 1024, 1000 * 1024},
    {"300 B again", 300, 300},
}};
constexpr double stored_limits = 1.3;
constexpr double newest_limits = 0.5;
// Everything is read so many times on the average before it is forgotten.
constexpr std::size_t reads_each = 6;

class Shift {
 public:
  explicit Shift(const ShiftOptions& options)
      : options_(options), random_(options.seed), cache_(make_store(options)) {}

  ShiftStep run(const Sizes& sizes) {
    ShiftStep step{.name = sizes.name};
    newest_.clear();
    newest_bytes_ = 0;
    const double wanted = stored_limits * static_cast<double>(options_.limit_bytes);
    for (double stored = 0; stored < wanted;) {
      const Object object{next_++, draw(sizes)};
      stored += bytes_of(object);
      ++step.stored_items;
      if (!cache_.put(object.number, object.value_bytes)) ++step.refused_items;
      remember(object);
    }
    step.newest_present = present();
    if (options_.read_before) read_all();
    return step;
  }

 private:
  struct Object {
    std::uint32_t number;
    std::uint32_t value_bytes;
  };

  static std::unique_ptr<store::Store> make_store(const ShiftOptions& options) {
    auto made = store::Store::create({
        .limit_bytes = options.limit_bytes,
        .huge_pages = false,
        .hash_seed = options.seed,
    });
    if (made) return std::move(made).value();
    std::fprintf(stderr, "missratio: error: %s\n", made.error().message.c_str());
    std::exit(1);
  }
  static double bytes_of(const Object& object) {
    return StoreCache::key_bytes + static_cast<double>(object.value_bytes);
  }
  // Log-uniform between the bounds.
  std::uint32_t draw(const Sizes& sizes) {
    const double point = static_cast<double>(random_() >> 11U) * 0x1p-53;
    const double ratio = static_cast<double>(sizes.bytes_max) / sizes.bytes_min;
    return static_cast<std::uint32_t>(sizes.bytes_min * std::pow(ratio, point));
  }
  // Keeps the newest half limit.
  void remember(const Object& object) {
    newest_.push_back(object);
    newest_bytes_ += bytes_of(object);
    const double wanted = newest_limits * static_cast<double>(options_.limit_bytes);
    while (newest_bytes_ - bytes_of(newest_.front()) >= wanted) {
      newest_bytes_ -= bytes_of(newest_.front());
      newest_.pop_front();
    }
  }
  [[nodiscard]] double present() const {
    double bytes = 0;
    for (const Object& object : newest_) {
      if (cache_.holds(object.number)) bytes += bytes_of(object);
    }
    return bytes / newest_bytes_;
  }
  void read_all() {
    for (std::size_t i = 0; i < reads_each * newest_.size(); ++i) {
      const Object& object = newest_[random_() % newest_.size()];
      cache_.request(object.number, object.value_bytes);
    }
  }

  ShiftOptions options_;
  std::mt19937_64 random_;
  StoreCache cache_;
  std::uint32_t next_ = 0;
  std::deque<Object> newest_;
  double newest_bytes_ = 0;
};

}  // namespace

std::vector<ShiftStep> run_shift(const ShiftOptions& options) {
  Shift shift(options);
  std::vector<ShiftStep> results;
  for (const Sizes& sizes : steps) results.push_back(shift.run(sizes));
  return results;
}

}  // namespace rc::bench
