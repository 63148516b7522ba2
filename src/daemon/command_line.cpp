#include "daemon/command_line.hpp"

#include "base/numbers.hpp"
#include "base/suggest.hpp"
#include "base/version.hpp"
#include "daemon/extended.hpp"
#include "daemon/option_table.hpp"
#include "server/listen_entry.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <getopt.h>
#include <iterator>
#include <optional>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace rc::daemon {

namespace {

constexpr std::uint64_t item_size_min_bytes = kib;
constexpr std::uint64_t item_size_limit_bytes = gib;
constexpr std::uint64_t memory_min_bytes = 8 * mib;
constexpr std::uint32_t threads_max = 256;

// The parser of one run of the program: collects Settings, remembers the first thing wrong.
class Parser {
 public:
  explicit Parser(CommandLine& line) : line_(line) {}

  [[nodiscard]] bool failed() const { return !error_.empty(); }
  [[nodiscard]] Error error() const { return Error{0, error_}; }
  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  void take(char letter, std::string_view value);
  void check_together();

 private:
  // Each of these takes the letters it knows, and says whether this was one of them.
  [[nodiscard]] bool take_network(char letter, std::string_view value);
  [[nodiscard]] bool take_limit(char letter, std::string_view value);
  [[nodiscard]] bool take_service(char letter, std::string_view value);
  [[nodiscard]] bool take_process(char letter, std::string_view value);
  [[nodiscard]] bool take_foreign(char letter, std::string_view value);
  void take_port(std::string_view value);
  void take_unix_mode(std::string_view value);
  void take_protocol(std::string_view value);
  void take_extended(std::string_view value);
  void take_listen(std::string_view value);
  void take_size(char letter, std::string_view value);
  std::uint32_t number(char letter, std::string_view value, std::uint32_t min, std::uint32_t max);
  void bad_value(char letter, std::string_view value, std::string_view expected);

  CommandLine& line_;
  std::string error_;
};

const OptionRow& row_of(char letter) {
  return *std::find_if(
      std::begin(option_rows),
      std::end(option_rows),
      [letter](const OptionRow& row) { return row.letter == letter; }
  );
}

std::string option_text(char letter) {
  return std::string("-") + letter + "/--" + std::string(row_of(letter).name);
}

void Parser::bad_value(char letter, std::string_view value, std::string_view expected) {
  fail(
      "`" + std::string(value) + "` is no value for " + option_text(letter) + ": expected " +
      std::string(expected)
  );
}

std::uint32_t Parser::number(
    char letter, std::string_view value, std::uint32_t min, std::uint32_t max
) {
  const std::optional<std::uint32_t> n = parse_number<std::uint32_t>(value);
  if (n && *n >= min && *n <= max) return *n;
  bad_value(letter, value, "a number from " + std::to_string(min) + " to " + std::to_string(max));
  return min;
}

void Parser::take_listen(std::string_view value) {
  // memcached separates with commas or semicolons, and the option may be repeated.
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(",;"), value.size());
    if (end > 0) {
      const Result<server::ListenEntry> entry = server::parse_listen_entry(value.substr(0, end));
      if (!entry.ok()) return fail(entry.error().message);
      line_.settings.listen.emplace_back(value.substr(0, end));
    }
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

void Parser::take_size(char letter, std::string_view value) {
  const bool memory = letter == 'm';
  const std::optional<std::uint64_t> bytes = parse_size(value, memory ? mib : 1);
  if (!bytes || *bytes == 0) {
    bad_value(letter, value, memory ? "MiB, or a number with k, m or g" : "bytes, or k, m or g");
    return;
  }
  (memory ? line_.settings.memory_bytes : line_.settings.item_size_max_bytes) = *bytes;
}

void Parser::take_port(std::string_view value) {
  // memcached's -1 and our 0 mean the same: any free port.
  line_.settings.port =
      value == "-1" ? std::uint16_t{0} : static_cast<std::uint16_t>(number('p', value, 0, 65535));
}

void Parser::take_unix_mode(std::string_view value) {
  if (value.empty() || value.size() > 4 || value.find_first_not_of("01234567") < value.size()) {
    return bad_value('a', value, "permissions in octal, such as 0700");
  }
  line_.settings.unix_mode = static_cast<std::uint32_t>(std::stoul(std::string(value), nullptr, 8));
}

void Parser::take_protocol(std::string_view value) {
  if (value == "auto" || value == "auto-negotiate") {
    line_.settings.protocol = server::Protocol::any;
  } else if (value == "ascii") {
    line_.settings.protocol = server::Protocol::ascii;
  } else if (value == "binary") {
    line_.settings.protocol = server::Protocol::binary;
  } else {
    bad_value('B', value, "auto, ascii or binary");
  }
}

void Parser::take_extended(std::string_view value) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(','), value.size());
    if (end > 0) {
      const Result<Done> applied = apply_extended(value.substr(0, end), line_);
      if (!applied) fail(applied.error().message);
    }
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

bool Parser::take_network(char letter, std::string_view value) {
  server::Settings& settings = line_.settings;
  switch (letter) {
    case 'l':
      take_listen(value);
      return true;
    case 'p':
      take_port(value);
      return true;
    case 's':
      settings.unix_socket = value;
      return true;
    case 'a':
      take_unix_mode(value);
      return true;
    case 'B':
      take_protocol(value);
      return true;
    case 'U':
      settings.udp_port = static_cast<std::uint16_t>(number(letter, value, 0, 65535));
      return true;
    default:
      return false;
  }
}

bool Parser::take_limit(char letter, std::string_view value) {
  server::Settings& settings = line_.settings;
  switch (letter) {
    case 'm':
    case 'I':
      take_size(letter, value);
      return true;
    case 'c':
      settings.connections_max = number(letter, value, 1, 1'000'000);
      return true;
    case 't':
      settings.threads = number(letter, value, 1, threads_max);
      return true;
    case 'R':
      settings.requests_per_turn = number(letter, value, 1, 1'000'000);
      return true;
    case 'b':
      settings.backlog = number(letter, value, 1, 1'000'000);
      return true;
    default:
      return false;
  }
}

bool Parser::take_service(char letter, std::string_view value) {
  server::Settings& settings = line_.settings;
  switch (letter) {
    case 'M':
      settings.evict = false;
      return true;
    case 'A':
      settings.allow_shutdown = true;
      return true;
    case 'F':
      settings.allow_flush = false;
      return true;
    case 'X':
      settings.allow_dump = false;
      return true;
    case 'W':
      settings.allow_watch = false;
      return true;
    case 'D':
      if (value.size() != 1) bad_value(letter, value, "one character");
      settings.prefix_delimiter = value.empty() ? ':' : value[0];
      settings.count_prefixes = true;
      return true;
    case 'v':
      ++settings.verbosity;
      return true;
    default:
      return false;
  }
}

bool Parser::take_process(char letter, std::string_view value) {
  switch (letter) {
    case 'd':
      line_.process.detach = true;
      return true;
    case 'P':
      line_.process.pid_file = value;
      return true;
    case 'u':
      line_.settings.user = value;
      return true;
    case 'k':
      line_.process.lock_memory = true;
      return true;
    case 'r':
      line_.process.core_dumps = true;
      return true;
    case 'h':
      line_.action = Action::print_help;
      return true;
    case 'V':
      line_.action = Action::print_version;
      return true;
    case 'i':
      line_.action = Action::print_license;
      return true;
    default:
      return false;
  }
}

// Options of memcached that change nothing here, or that cannot be served without harm.
bool Parser::take_foreign(char letter, std::string_view value) {
  switch (letter) {
    case 'C':
    case 'L':
    case 'N':
    case 'f':
    case 'n':
      line_.notices.push_back(option_text(letter) + " has no effect here");
      return true;
    case 'e':
      line_.notices.push_back(
          option_text(letter) + " has no effect: the cache is empty after a restart"
      );
      return true;
    case 'S':
    case 'Y':
      fail(
          option_text(letter) +
          ": clients cannot be authenticated, and to serve everybody instead "
          "would not be what was asked for"
      );
      return true;
    case 'Z':
      fail(option_text(letter) + ": TLS is not served; put a TLS proxy in front");
      return true;
    case 'o':
      take_extended(value);
      return true;
    default:
      return false;
  }
}

void Parser::take(char letter, std::string_view value) {
  const bool taken = take_network(letter, value) || take_limit(letter, value) ||
                     take_service(letter, value) || take_process(letter, value) ||
                     take_foreign(letter, value);
  RC_ASSERT(taken);
}

void Parser::check_together() {
  const server::Settings& settings = line_.settings;
  if (settings.memory_bytes < memory_min_bytes) {
    fail(
        "-m/--memory is " + format_size(settings.memory_bytes) + ": at least " +
        format_size(memory_min_bytes) + " is needed"
    );
  }
  if (settings.item_size_max_bytes < item_size_min_bytes ||
      settings.item_size_max_bytes > item_size_limit_bytes) {
    fail(
        "-I/--item-size-max must lie between " + format_size(item_size_min_bytes) + " and " +
        format_size(item_size_limit_bytes)
    );
  }
  if (settings.item_size_max_bytes > settings.memory_bytes / 2) {
    fail(
        "-I/--item-size-max is " + format_size(settings.item_size_max_bytes) +
        ", more than half of the memory (" + format_size(settings.memory_bytes) +
        "): raise -m/--memory or lower it"
    );
  }
}

std::string short_options() {
  // '+': stop at the first word that is no option; ':' first: tell missing values apart.
  std::string text = "+:";
  for (const OptionRow& row : option_rows) {
    text += row.letter;
    if (!row.argument.empty()) text += ':';
  }
  return text;
}

// Ours and memcached's long forms.
std::vector<option> long_options() {
  std::vector<option> options;
  for (const OptionRow& row : option_rows) {
    const int argument = row.argument.empty() ? no_argument : required_argument;
    for (const std::string_view name : {row.name, row.alias}) {
      // The names are literals and so end in NUL.
      if (!name.empty()) options.push_back(option{name.data(), argument, nullptr, row.letter});
    }
  }
  options.push_back(option{});
  return options;
}

std::string unknown_option(std::string_view typed) {
  std::string message = "unknown option `" + std::string(typed) + "`";
  std::array<std::string_view, std::size(option_rows)> names{};
  std::transform(
      std::begin(option_rows),
      std::end(option_rows),
      names.begin(),
      [](const OptionRow& row) { return row.name; }
  );
  if (typed.substr(0, 2) == "--") {
    const std::string_view name = typed.substr(2, typed.find('=') - 2);
    const std::string_view meant = suggest(name, names);
    if (!meant.empty()) message += "; did you mean `--" + std::string(meant) + "`?";
  }
  return message + " (--help lists all)";
}

bool called_memcached(const char* program) {
  const std::string_view path(program);
  return path.substr(path.rfind('/') + 1) == "memcached";
}

void set_defaults(CommandLine& line, const Machine& machine) {
  server::Settings& settings = line.settings;
  if (line.as_memcached) {
    settings.threads = 4;
    settings.memory_bytes = 64 * mib;
    settings.connections_max = 1024;
    return;
  }
  settings.threads = std::clamp(machine.cores, 1U, threads_max);
  settings.memory_bytes = std::max(64 * mib, std::min(gib, machine.memory_bytes / 4));
  settings.connections_max = 10'000;
}

void default_listen(CommandLine& line) {
  if (!line.settings.listen.empty() || !line.settings.unix_socket.empty()) return;
  line.settings.listen = {line.as_memcached ? "*" : "127.0.0.1"};
}

}  // namespace

Machine this_machine() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  Machine machine;
  machine.cores = std::max(1U, std::thread::hardware_concurrency());
  if (pages > 0 && page_bytes > 0) {
    machine.memory_bytes =
        static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  }
  return machine;
}

Result<CommandLine> parse_command_line(int argc, char* const* argv, const Machine& machine) {
  CommandLine line;
  line.as_memcached = argc > 0 && called_memcached(argv[0]);
  set_defaults(line, machine);

  Parser parser(line);
  const std::string letters = short_options();
  const auto names = long_options();
  optind = 0;  // glibc: start over, so that the parser can run more than once in a process
  opterr = 0;
  while (!parser.failed()) {
    const int before = std::max(optind, 1);
    const int letter = getopt_long(argc, argv, letters.c_str(), names.data(), nullptr);
    if (letter == -1) break;
    if (letter == ':') {
      parser.fail("the option `" + std::string(argv[before]) + "` needs a value");
    } else if (letter == '?') {
      parser.fail(unknown_option(argv[before]));
    } else {
      parser.take(static_cast<char>(letter), optarg == nullptr ? "" : optarg);
    }
  }
  if (optind < argc) parser.fail(std::string("unexpected word `") + argv[optind] + "`");
  if (line.action == Action::serve) parser.check_together();
  if (parser.failed()) return parser.error();
  default_listen(line);
  return line;
}

}  // namespace rc::daemon
