#include "ringbench/value_sizes.hpp"

#include "common/random.hpp"

#include "base/bytes.hpp"
#include "base/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

namespace rc::bench {
namespace {

// What memcached's largest item limit allows and a size in 32 bits can say.
constexpr std::uint32_t size_max = 1U << 30U;

// The paper's generalized Pareto distribution has location 0 and describes sizes from 15 on.
constexpr double pareto_scale = 214.476;
constexpr double pareto_shape = 0.348238;
constexpr std::uint32_t pareto_least = 15;
constexpr std::uint32_t pareto_most = 1'000'000;  // One key in two thousand million has more.

double pareto_share_above(double size) {
  return std::pow(1.0 + pareto_shape * size / pareto_scale, -1.0 / pareto_shape);
}

std::uint32_t pareto_size(double unit) {
  const double above = (1.0 - unit) * pareto_share_above(pareto_least);
  const double size = pareto_scale / pareto_shape * (std::pow(above, -pareto_shape) - 1.0);
  const double limited = std::min(size, static_cast<double>(pareto_most));
  return std::max(static_cast<std::uint32_t>(limited), pareto_least);
}

std::optional<std::uint32_t> size_of(std::string_view text) {
  const auto size = parse_size(text);
  if (!size || *size > size_max) return std::nullopt;
  return static_cast<std::uint32_t>(*size);
}

}  // namespace

Result<ValueSizes> ValueSizes::parse(std::string_view text) {
  if (text == "etc") return etc();
  ValueSizes sizes;
  std::string_view rest = text == "usr" ? "2" : text;
  while (true) {
    const std::size_t comma = rest.find(',');
    if (!sizes.add_band(rest.substr(0, comma))) {
      return Error{
          .message = "`" + std::string(text) +
                     "` is no value size; write 100, 64-1k, 100:9,1k-4k:1, etc or usr"};
    }
    if (comma == std::string_view::npos) return sizes;
    rest.remove_prefix(comma + 1);
  }
}

std::uint32_t ValueSizes::of(std::uint64_t object) const {
  const std::uint64_t first = Random::mixed(object);
  const double wanted = Random::unit(first) * bands_.back().weight_up_to;
  const auto band = std::upper_bound(
      bands_.begin(),
      bands_.end() - 1,
      wanted,
      [](double weight, const Band& each) { return weight < each.weight_up_to; }
  );
  if (band->least == band->most) return band->least;
  const double place = Random::unit(Random::mixed(first));
  if (band->is_pareto) return pareto_size(place);
  return band->least + static_cast<std::uint32_t>(place * (band->most - band->least + 1.0));
}

ValueSizes ValueSizes::etc() {
  // Table 5: the share of values of 1 to 14 bytes; that of 0 bytes counts with 1.
  constexpr std::array<double, 14> shares = {
      0.00583,
      0.17820,
      0.09239,
      0.00018,
      0.02740,
      0.00065,
      0.00606,
      0.00023,
      0.00837,
      0.00837,
      0.08989,
      0.00092,
      0.00326,
      0.01980,
  };
  ValueSizes sizes;
  double rest = 1.0;
  for (std::uint32_t size = 1; size <= shares.size(); ++size) {
    sizes.add(shares[size - 1], {.weight_up_to = 0, .least = size, .most = size});
    rest -= shares[size - 1];
  }
  sizes.add(
      rest, {.weight_up_to = 0, .least = pareto_least, .most = pareto_most, .is_pareto = true}
  );
  return sizes;
}

bool ValueSizes::add_band(std::string_view text) {
  const std::size_t colon = text.find(':');
  std::uint32_t weight = 1;
  if (colon != std::string_view::npos) {
    weight = parse_number<std::uint32_t>(text.substr(colon + 1)).value_or(0);
  }
  const std::string_view range = text.substr(0, colon);
  const std::size_t dash = range.find('-');
  const auto least = size_of(range.substr(0, dash));
  const auto most = dash == std::string_view::npos ? least : size_of(range.substr(dash + 1));
  if (weight == 0 || !least || !most || *least > *most) return false;
  add(weight, {.weight_up_to = 0, .least = *least, .most = *most});
  return true;
}

void ValueSizes::add(double weight, Band band) {
  band.weight_up_to = weight + (bands_.empty() ? 0.0 : bands_.back().weight_up_to);
  bands_.push_back(band);
}

}  // namespace rc::bench
