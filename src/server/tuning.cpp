#include "server/tuning.hpp"

#include "base/numbers.hpp"
#include "proto/scan.hpp"
#include "store/size_class.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>

namespace rc::server {

namespace {

using proto::Text;

// The words of a line. What is not there is empty, so no rule can read beyond the end; what is
// beyond the last place is counted only.
struct Words {
  static constexpr std::size_t places = 8;

  explicit Words(std::string_view line) {
    proto::TokenCursor tokens(line);
    for (; tokens.more(); ++count) {
      const std::string_view word = tokens.next();
      if (count < places) words[count] = word;
    }
  }

  [[nodiscard]] std::string_view operator[](std::size_t i) const { return words[i]; }

  std::array<std::string_view, places> words{};
  std::size_t count = 0;
};

std::optional<std::uint32_t> number(std::string_view word) {
  return parse_number<std::uint32_t>(word);
}

std::optional<double> fraction(std::string_view word) {
  double value = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (failure != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

Text ok_if(bool good, Text otherwise) {
  return good ? Text::ok : otherwise;
}

bool is_class(std::string_view word) {
  const auto id = number(word);
  return id && *id >= 1 && *id <= store::class_count;
}

// "all", or classes separated by commas.
bool are_classes(std::string_view list) {
  if (list == "all" || list == "hash") return true;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (!is_class(list.substr(0, end))) return false;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return true;
}

Text slabs_reassign(const Words& words) {
  // memcached takes a source of -1 for "whichever has a page to spare".
  const bool any_source = words[2] == "-1";
  if ((!any_source && !number(words[2])) || !number(words[3])) return Text::bad_line;
  if (words[2] == words[3]) return Text::slabs_same;
  return ok_if((any_source || is_class(words[2])) && is_class(words[3]), Text::slabs_bad_class);
}

Text slabs_automove(const Words& words) {
  const auto level = number(words[2]);
  if (!level) return Text::bad_line;
  return ok_if(*level <= 2, Text::error);
}

Text slabs_automove_ratio(const Words& words) {
  return ok_if(fraction(words[3]).has_value(), Text::bad_line);
}

Text slabs_automove_window(const Words& words) {
  const auto window = number(words[3]);
  if (!window) return Text::bad_line;
  return ok_if(*window >= 2 && *window <= 10'000, Text::automove_window);
}

Text lru_mode(const Words& words) {
  return ok_if(words[2] == "flat" || words[2] == "segmented", Text::error);
}

Text lru_tune(const Words& words) {
  const auto hot = number(words[2]);
  const auto warm = number(words[3]);
  const auto hot_age = fraction(words[4]);
  const auto warm_age = fraction(words[5]);
  if (!hot || !warm || !hot_age || !warm_age) return Text::error;
  if (std::uint64_t{*hot} + *warm > 80) return Text::lru_shares;
  return ok_if(*hot_age > 0 && *warm_age > 0, Text::lru_ages);
}

Text lru_temp_ttl(const Words& words) {
  return ok_if(parse_number<std::int32_t>(words[2]).has_value(), Text::error);
}

Text always_ok(const Words&) {
  return Text::ok;
}

Text crawler_sleep(const Words& words) {
  const auto microseconds = number(words[2]);
  if (!microseconds) return Text::bad_line;
  return ok_if(*microseconds <= 1'000'000, Text::crawler_sleep);
}

Text crawler_to_crawl(const Words& words) {
  return ok_if(number(words[2]).has_value(), Text::bad_line);
}

Text crawl(const Words& words) {
  return ok_if(are_classes(words[2]), Text::crawler_bad_class);
}

Text extstore(const Words& words) {
  static constexpr std::string_view names[] = {
      "compact_under",
      "drop_under",
      "drop_unread",
      "free_memchunks",
      "item_age",
      "item_size",
      "low_ttl",
      "max_frag",
      "max_sleep",
      "recache_rate",
  };
  const bool known = std::find(std::begin(names), std::end(names), words[1]) != std::end(names);
  return ok_if(known && fraction(words[2]).has_value(), Text::error);
}

Text no_tls(const Words&) {
  return Text::no_tls;
}

// The first rule whose words match and whose count is reached answers; so no rule reads a word
// that was not sent.
struct Rule {
  std::string_view command;
  std::string_view verb;  // empty: any
  std::string_view noun;  // the word after the verb; empty: any
  std::size_t words_min;
  Text (*answer)(const Words&);
};

constexpr Rule rules[] = {
    {"slabs", "reassign", "", 4, slabs_reassign},
    {"slabs", "automove", "ratio", 4, slabs_automove_ratio},
    {"slabs", "automove", "freeratio", 4, slabs_automove_ratio},
    {"slabs", "automove", "window", 4, slabs_automove_window},
    {"slabs", "automove", "", 3, slabs_automove},
    {"lru", "mode", "", 3, lru_mode},
    {"lru", "tune", "", 6, lru_tune},
    {"lru", "temp_ttl", "", 3, lru_temp_ttl},
    {"lru_crawler", "enable", "", 2, always_ok},
    {"lru_crawler", "disable", "", 2, always_ok},
    {"lru_crawler", "sleep", "", 3, crawler_sleep},
    {"lru_crawler", "tocrawl", "", 3, crawler_to_crawl},
    {"lru_crawler", "crawl", "", 3, crawl},
    {"extstore", "", "", 3, extstore},
    {"refresh_certs", "", "", 1, no_tls},
};

}  // namespace

Text answer_tuning(std::string_view line) {
  const Words words(line);
  for (const Rule& rule : rules) {
    if (rule.command != words[0] || words.count < rule.words_min) continue;
    if (!rule.verb.empty() && rule.verb != words[1]) continue;
    if (!rule.noun.empty() && rule.noun != words[2]) continue;
    return rule.answer(words);
  }
  return Text::error;
}

}  // namespace rc::server
