// Results for programs, and as a page to keep: JSON, CSV, HTML.
//
// The page is one file with its plots drawn in it and the same data as --json inside; it refers to
// nothing else, so it can be mailed and read without a network.
//
// Thread: any; pure functions.
#pragma once

#include "ringbench/compare.hpp"
#include "ringbench/measure.hpp"
#include "ringbench/search.hpp"

#include <string>

namespace rc::bench {

[[nodiscard]] std::string json_of(const Measurement& measurement);
[[nodiscard]] std::string json_of(const SearchResult& result);
[[nodiscard]] std::string json_of(const Comparison& comparison);

// Rows for sets, gets and both; for each trial; for each server's turn in each round.
[[nodiscard]] std::string csv_of(const Measurement& measurement);
[[nodiscard]] std::string csv_of(const SearchResult& result);
[[nodiscard]] std::string csv_of(const Comparison& comparison);

[[nodiscard]] std::string html_of(const Measurement& measurement);
[[nodiscard]] std::string html_of(const SearchResult& result);
[[nodiscard]] std::string html_of(const Comparison& comparison);

}  // namespace rc::bench
