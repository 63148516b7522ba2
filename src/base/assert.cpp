#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace rc {

void assertion_failed(const char* file, int line, const char* expression) noexcept {
  std::fprintf(stderr, "%s:%d: bug in ringcached: expected %s\n", file, line, expression);
  std::abort();
}

}  // namespace rc
