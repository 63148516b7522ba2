#include "common/target.hpp"

#include "base/numbers.hpp"

namespace rc::bench {

std::optional<Target> parse_target(std::string_view text) {
  const std::size_t equals = text.find('=');
  const bool has_name = equals != std::string_view::npos;
  const std::string_view place = has_name ? text.substr(equals + 1) : text;
  const std::size_t comma = place.find(',');

  Target target;
  target.address = place.substr(0, comma);
  target.name = has_name ? text.substr(0, equals) : place.substr(0, comma);
  if (target.name.empty() || target.address.empty()) return std::nullopt;
  if (comma == std::string_view::npos) return target;

  const auto pid = parse_number<pid_t>(place.substr(comma + 1));
  if (!pid || *pid <= 0) return std::nullopt;
  target.pid = *pid;
  return target;
}

}  // namespace rc::bench
