// Assertions for our own bugs; input errors are values, never assertions.
//
// RC_ASSERT(cond) stays on in release builds: use it where the check is cheap. RC_DEBUG_ASSERT
// disappears under NDEBUG: use it for walks and for hot loops. A failed assertion prints the place
// and the expression and aborts, because a cache that may be corrupt must not answer; the service
// manager starts a new one.
// Thread: any.
#pragma once

namespace rc {

[[noreturn]] void assertion_failed(const char* file, int line, const char* expression) noexcept;

}  // namespace rc

#define RC_ASSERT(condition) \
  (static_cast<bool>(condition) ? void() : ::rc::assertion_failed(__FILE__, __LINE__, #condition))

#ifdef NDEBUG
#define RC_DEBUG_ASSERT(condition) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define RC_DEBUG_ASSERT(condition) RC_ASSERT(condition)
#endif
