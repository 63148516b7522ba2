// Result<T>: a value, or an Error that says what failed in the environment (a system call, a
// limit, a file). Expected outcomes of an operation are enums instead, and our own bugs are
// assertions; see src/README.md, "Errors".
// Thread: any.
#pragma once

#include "base/assert.hpp"

#include <string>
#include <utility>
#include <variant>

namespace rc {

// `number` is the errno behind the failure, 0 where there is none. `message` is a whole sentence
// fragment that names the place and the reason, such as "listen 127.0.0.1:11211: Address already
// in use".
struct Error {
  int number = 0;
  std::string message;
};

// An Error for a failed system call: "<what>: <text of errno>".
[[nodiscard]] Error system_error(int number, std::string what);

template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return error;` are the whole point of the type.
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Requires: ok().
  [[nodiscard]] T& value() & {
    RC_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    RC_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }

  // Requires: !ok().
  [[nodiscard]] const Error& error() const {
    RC_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// The Result of an action that has no value.
struct Done {};

}  // namespace rc
