#include "common/target.hpp"

#include "base/numbers.hpp"

namespace rc::bench {

std::optional<Target> parse_target(std::string_view text) {
  const std::size_t name_end = text.find(',');
  if (name_end == 0 || name_end == std::string_view::npos) return std::nullopt;
  const std::size_t address_end = text.find(',', name_end + 1);

  Target target;
  target.name = text.substr(0, name_end);
  target.address = text.substr(name_end + 1, address_end - name_end - 1);
  if (target.address.find(':') == std::string::npos) return std::nullopt;
  if (address_end == std::string_view::npos) return target;

  const auto pid = parse_number<pid_t>(text.substr(address_end + 1));
  if (!pid) return std::nullopt;
  target.pid = *pid;
  return target;
}

}  // namespace rc::bench
