// Which sanitizer watches this build. Its shadow memory makes the process larger than the code
// under test, so tests that look at resident memory ask here; and the thread sanitizer objects to
// the races that a broken twin has on purpose.
#pragma once

namespace rc::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
#else
inline constexpr bool under_thread_sanitizer = false;
#endif

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool under_sanitizer = under_thread_sanitizer || __has_feature(address_sanitizer);
#else
inline constexpr bool under_sanitizer = under_thread_sanitizer;
#endif

}  // namespace rc::test
