// "Did you mean ...?": the nearest known name by edit distance.
// Thread: any; start-up only in practice.
#pragma once

#include <span>
#include <string_view>

namespace rc {

// The known name nearest to `typed`, or an empty view if none is near (more than a third of the
// letters, at least two, would have to change).
[[nodiscard]] std::string_view suggest(
    std::string_view typed, std::span<const std::string_view> known
);

}  // namespace rc
