// What a server under test says of itself by `stats`, and what the system says of its process.
//
// Thread: one per ServerFigures; parse_stats is pure.
#pragma once

#include "common/connection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace rc::bench {

// The numbers among the values; anything else a server reports is left out.
using Stats = std::map<std::string, std::uint64_t, std::less<>>;

// Of "STAT name value" lines up to END. Nothing for any other text: not whole yet, or an error.
[[nodiscard]] std::optional<Stats> parse_stats(std::string_view text);

// 0 for a name that is not there.
[[nodiscard]] std::uint64_t value_of(const Stats& stats, std::string_view name);

class ServerFigures {
 public:
  // `pid` may be 0: then the system is not asked, and its figures are 0.
  ServerFigures(std::string_view address, pid_t pid) : connection_(address), pid_(pid) {}

  [[nodiscard]] bool valid() const { return connection_.valid(); }

  // `topic` is what follows "stats ", or empty. Empty also when the server does not know it; false
  // by valid() when it does not answer at all.
  [[nodiscard]] Stats stats(std::string_view topic = {});

  // Resident memory: now, and the most since the process began.
  [[nodiscard]] std::uint64_t resident_bytes() const;
  [[nodiscard]] std::uint64_t resident_max_bytes() const;

 private:
  [[nodiscard]] std::string ask(std::string_view request);
  [[nodiscard]] std::uint64_t status_kib(std::string_view field) const;

  Connection connection_;
  pid_t pid_;
};

}  // namespace rc::bench
