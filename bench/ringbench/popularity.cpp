#include "ringbench/popularity.hpp"

#include "common/random.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace rc::bench {
namespace {

constexpr double default_exponent = 0.99;

class Uniform final : public Popularity {
 public:
  explicit Uniform(std::uint64_t keys) : keys_(static_cast<double>(keys)) {}
  std::uint64_t draw(std::uint64_t random, std::uint64_t /*elapsed_ns*/) const override {
    return static_cast<std::uint64_t>(Random::unit(random) * keys_);
  }

 private:
  double keys_;
};

class Zipf final : public Popularity {
 public:
  Zipf(std::uint64_t keys, double exponent) : keys_(keys), ranks_(keys, exponent) {}
  // Popular keys are spread over the numbers: keys are stored in their order, and neighbours in a
  // server's memory should not be neighbours in popularity. Times a prime is a permutation.
  std::uint64_t draw(std::uint64_t random, std::uint64_t /*elapsed_ns*/) const override {
    constexpr std::uint64_t prime = 2'654'435'761;
    return keys_ % prime == 0 ? ranks_(random) : ranks_(random) * prime % keys_;
  }

 private:
  std::uint64_t keys_;
  ZipfRanks ranks_;
};

class HotSet final : public Popularity {
 public:
  HotSet(std::uint64_t keys, double share, double hits, double seconds)
      : keys_(keys),
        hot_keys_(std::max(1.0, std::floor(static_cast<double>(keys) * share))),
        hits_(hits),
        shift_ns_(seconds * 1e9) {}

  std::uint64_t draw(std::uint64_t random, std::uint64_t elapsed_ns) const override {
    const double first = Random::unit(random);
    const double second = Random::unit(Random::mixed(random));
    if (first >= hits_) return static_cast<std::uint64_t>(second * static_cast<double>(keys_));
    const auto shifts = static_cast<std::uint64_t>(static_cast<double>(elapsed_ns) / shift_ns_);
    const auto start = shifts * static_cast<std::uint64_t>(hot_keys_);
    return (start + static_cast<std::uint64_t>(second * hot_keys_)) % keys_;
  }

 private:
  std::uint64_t keys_;
  double hot_keys_;
  double hits_;
  double shift_ns_;
};

// The numbers after the name, or nothing where one of them is none.
std::optional<std::vector<double>> numbers_of(std::string_view text) {
  std::vector<double> numbers;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    double number = 0;
    const char* end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, number);
    if (error != std::errc{} || rest != end || !(number > 0)) return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

Result<std::unique_ptr<Popularity>> make_popularity(std::string_view text, std::uint64_t keys) {
  const std::string_view name = text.substr(0, text.find(':'));
  const auto numbers = numbers_of(text.substr(std::min(name.size() + 1, text.size())));
  const auto wrong = [&](const char* form) {
    return Error{.message = "`" + std::string(text) + "` is no popularity; " + form};
  };
  if (name == "uniform") {
    if (!numbers || !numbers->empty()) return wrong("`uniform` takes no numbers");
    return std::unique_ptr<Popularity>(new Uniform(keys));
  }
  if (name == "zipf") {
    if (!numbers || numbers->size() > 1) return wrong("write zipf or zipf:EXPONENT");
    const double exponent = numbers->empty() ? default_exponent : numbers->front();
    return std::unique_ptr<Popularity>(new Zipf(keys, exponent));
  }
  if (name == "hot") {
    if (!numbers || numbers->size() != 3 || (*numbers)[0] > 1 || (*numbers)[1] > 1) {
      return wrong("write hot:SHARE:HITS:SECONDS, such as hot:0.1:0.9:10");
    }
    return std::unique_ptr<Popularity>(new HotSet(keys, (*numbers)[0], (*numbers)[1], (*numbers)[2])
    );
  }
  return wrong("known are uniform, zipf[:EXPONENT] and hot:SHARE:HITS:SECONDS");
}

ZipfRanks::ZipfRanks(std::uint64_t ranks, double exponent)
    : ranks_(static_cast<double>(ranks)),
      exponent_(exponent),
      area_first_(area(1.5) - 1.0),
      area_last_(area(ranks_ + 0.5)),
      sure_(2.0 - rank_of(area(2.5) - weight(2.0))) {}

std::uint64_t ZipfRanks::operator()(std::uint64_t random) const {
  while (true) {
    const double at = area_last_ + Random::unit(random) * (area_first_ - area_last_);
    const double exact = rank_of(at);
    const double rank = std::clamp(std::floor(exact + 0.5), 1.0, ranks_);
    if (rank - exact <= sure_ || at >= area(rank + 0.5) - weight(rank)) {
      return static_cast<std::uint64_t>(rank) - 1;
    }
    random = Random::mixed(random);
  }
}

double ZipfRanks::weight(double rank) const {
  return std::exp(-exponent_ * std::log(rank));
}

// The integral of the weight: (rank^(1 - exponent) - 1) / (1 - exponent), whose limit at an
// exponent of 1 is the logarithm. expm1 keeps it exact near there.
double ZipfRanks::area(double rank) const {
  const double log_rank = std::log(rank);
  const double power = (1.0 - exponent_) * log_rank;
  return std::abs(power) < 1e-12 ? log_rank : std::expm1(power) / (1.0 - exponent_);
}

double ZipfRanks::rank_of(double area) const {
  // Rounding may take it a trifle below -1, where the logarithm ends.
  const double power = std::max(area * (1.0 - exponent_), -1.0);
  return std::abs(power) < 1e-12 ? std::exp(area) : std::exp(std::log1p(power) / (1.0 - exponent_));
}

}  // namespace rc::bench
