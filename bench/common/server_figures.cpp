#include "common/server_figures.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <poll.h>

namespace rc::bench {
namespace {

constexpr int answer_ms_max = 30'000;

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

// Whether the answer to a `stats` request is whole: END, or the one line of an error.
bool is_whole(std::string_view text) {
  if (!text.ends_with("\r\n")) return false;
  return text.ends_with("END\r\n") || !text.starts_with("STAT ");
}

}  // namespace

std::optional<Stats> parse_stats(std::string_view text) {
  Stats stats;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (line == "END") return stats;
    if (!line.starts_with("STAT ")) return std::nullopt;
    line.remove_prefix(5);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto value = parse_number<std::uint64_t>(line.substr(space + 1));
    if (value) stats.emplace(line.substr(0, space), *value);
  }
  return std::nullopt;
}

std::uint64_t value_of(const Stats& stats, std::string_view name) {
  const auto found = stats.find(name);
  return found == stats.end() ? 0 : found->second;
}

Stats ServerFigures::stats(std::string_view topic) {
  std::string request = "stats";
  if (!topic.empty()) request.append(" ").append(topic);
  return parse_stats(ask(request + "\r\n")).value_or(Stats{});
}

std::string ServerFigures::ask(std::string_view request) {
  connection_.output() += request;
  if (!connection_.flush()) return {};
  while (!is_whole(connection_.input())) {
    pollfd readable{.fd = connection_.fd(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, answer_ms_max) != 1 || !connection_.receive()) return {};
  }
  std::string answer(connection_.input());
  connection_.consume(answer.size());
  return answer;
}

std::uint64_t ServerFigures::resident_bytes() const {
  return status_kib("VmRSS:") * 1024;
}

std::uint64_t ServerFigures::resident_max_bytes() const {
  return status_kib("VmHWM:") * 1024;
}

std::uint64_t ServerFigures::status_kib(std::string_view field) const {
  if (pid_ == 0) return 0;
  std::FILE* status = std::fopen(("/proc/" + std::to_string(pid_) + "/status").c_str(), "r");
  if (status == nullptr) return 0;
  std::array<char, 256> line;
  std::uint64_t kib = 0;
  while (std::fgets(line.data(), line.size(), status) != nullptr) {
    std::string_view rest(line.data());
    if (!rest.starts_with(field)) continue;
    rest.remove_prefix(std::min(rest.find_first_of("0123456789"), rest.size()));
    kib = parse_number<std::uint64_t>(rest.substr(0, rest.find(' '))).value_or(0);
  }
  std::fclose(status);
  return kib;
}

}  // namespace rc::bench
