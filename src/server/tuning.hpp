// The commands that steer parts only memcached has: slab classes, LRU lists, their crawler, flash
// storage. Nothing here needs steering, but scripts send them, so they are checked as memcached
// checks them, answered as it answers, and change nothing.
// Thread: any; a pure function.
#pragma once

#include "proto/texts.hpp"

#include <string_view>

namespace rc::server {

// The answer to such a command; `line` is all of it, the command word first.
[[nodiscard]] proto::Text answer_tuning(std::string_view line);

}  // namespace rc::server
