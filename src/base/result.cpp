#include "base/result.hpp"

#include <system_error>

namespace rc {

Error system_error(int number, std::string what) {
  // generic_category().message() is the thread-safe spelling of strerror().
  what += ": ";
  what += std::generic_category().message(number);
  return Error{number, std::move(what)};
}

}  // namespace rc
