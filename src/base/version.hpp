// The version of this build; its only source is meson.build.
#pragma once

#include <string_view>

namespace rc {

// "x.y.z": clients parse it as three numbers and some insist on 1.6.27 or newer.
inline constexpr std::string_view version = RC_VERSION;

}  // namespace rc
