#include "ringbench/options.hpp"

#include "ringbench/protocol.hpp"
#include "ringbench/units.hpp"

#include "base/numbers.hpp"
#include "base/version.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>

namespace rc::bench {
namespace {

constexpr const char* about =
    "Measures a cache server: requests and latency, and the CPU time that each request costs it.\n"
    "`ringbench compare A B` puts several side by side; `ringbench compare --help`.";
constexpr const char* about_compare =
    "Compares running cache servers: they take turns in short slices, in random order, so that\n"
    "what disturbs one disturbs all. Ratios are to the first server, with a 95 % range.";

constexpr std::uint64_t trial_ns = 5 * second_ns;

// Ends the reading: the option `name` is wrong, and how to put it right.
[[noreturn]] void reject(const std::string& name, const std::string& text) {
  throw CLI::ValidationError(name, text);
}

std::optional<double> parse_ratio(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto gets = parse_number<std::uint32_t>(text.substr(0, colon));
  const auto sets = parse_number<std::uint32_t>(text.substr(colon + 1));
  if (!gets || !sets || *gets + std::uint64_t{*sets} == 0) return std::nullopt;
  return static_cast<double>(*gets) / (static_cast<double>(*gets) + static_cast<double>(*sets));
}

Target target_of(const std::string& text) {
  const auto target = parse_target(text);
  if (!target) reject("`" + text + "`", "write [NAME=]HOST:PORT[,PID] or [NAME=]PATH[,PID]");
  return *target;
}

// One reading of a command line: declares what is known, lets CLI11 read, and gives the texts
// their meaning.
class Reader {
 public:
  explicit Reader(bool compares)
      : app_(compares ? about_compare : about, compares ? "ringbench compare" : "ringbench") {
    options_.compares = compares;
    app_.get_formatter()->column_width(34);
    declare_servers();
    // So that a script's options can be followed by those of its user.
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    declare_load();
    if (compares) {
      declare_rounds();
    } else {
      declare_length();
    }
    declare_keys_and_values();
    declare_output();
  }

  CommandLine read(int count, const char* const* words) {
    try {
      app_.parse(count, words);
      settle_load();
      settle_output();
      settle_pace();
      if (options_.compares) {
        settle_rounds();
      } else {
        settle_length();
        settle_search();
      }
      settle_trace();
    } catch (const CLI::CallForHelp&) {
      return {.options = {}, .status = 0, .text = app_.help()};
    } catch (const CLI::CallForVersion& call) {
      return {.options = {}, .status = 0, .text = std::string(call.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
      const std::string text = std::string("ringbench: error: ") + error.what();
      return {
          .options = {},
          .status = status_usage,
          .text = text + " (see " + app_.get_name() + " --help)\n",
      };
    }
    return {.options = std::move(options_), .status = 0, .text = {}};
  }

 private:
  // An option with a default, which its help shows.
  template <class T>
  void declare(const char* group, const char* names, T& target, const char* text) {
    app_.add_option(names, target, text)->group(group)->capture_default_str();
  }
  // An option that is off unless given.
  template <class T>
  void declare_bare(const char* group, const char* names, T& target, const char* text) {
    app_.add_option(names, target, text)->group(group);
  }
  [[nodiscard]] bool is_given(const char* name) const {
    const CLI::Option* option = app_.get_option_no_throw(name);
    return option != nullptr && option->count() > 0;
  }

  void declare_servers() {
    if (options_.compares) {
      app_.add_option("servers", servers_, "[NAME=]ADDRESS[,PID] of each; the first is the base")
          ->group("Target")
          ->required()
          ->expected(2, 64);
      return;
    }
    declare("Target", "server", address_, "HOST:PORT, or the path of a Unix socket");
    declare_bare("Target", "--pid", pid_, "the server's process, if its address does not tell");
  }

  void declare_load() {
    constexpr const char* group = "Load";
    declare(group, "-P,--protocol", options_.protocol, protocol_names);
    declare(group, "-c,--connections", options_.connections, "of all threads together");
    declare(group, "-d,--depth", options_.depth, "requests under way on each connection");
    declare(group, "-m,--multiget", options_.keys_per_get, "keys of each get");
    declare(group, "-T,--threads", options_.threads, "threads of this client");
    declare(group, "-r,--ratio", ratio_, "gets:sets");
    app_.add_flag("--read-through", options_.reads_through, "set what a get misses")->group(group);
    declare(group, "--ttl", options_.ttl_s, "seconds until what is set expires, 0: never");
    declare_bare(group, "-R,--rate", rate_, "open loop: so many requests per second");
    declare(group, "--arrivals", arrivals_, "in an open loop: poisson or constant");
    declare_bare(group, "-n,--requests", options_.requests, "end after so many");
    declare(group, "--warm-up", warm_up_, "run so long before measuring");
    app_.add_flag("--no-fill", no_fill_, "do not store every key first")->group(group);
    declare(group, "--seed", options_.seed, "of the random numbers");
  }

  void declare_length() {
    declare("Load", "-t,--time", length_, "how long to measure, such as 30s or 500ms");
    declare_bare("Load", "--search", goal_, "the highest rate that holds this latency: p99=1ms");
  }

  void declare_rounds() {
    declare("Load", "--rounds", options_.rounds, "turns of every server");
    declare("Load", "--slice", slice_, "length of a turn");
  }

  void declare_keys_and_values() {
    constexpr const char* group = "Keys and values";
    declare(group, "-k,--keys", options_.keys, "number of keys");
    declare(group, "--key-prefix", options_.key_prefix, "before the 15 digits of a key");
    declare(
        group,
        "-p,--popularity",
        options_.popularity,
        "uniform, zipf[:EXPONENT] or hot:SHARE:HITS:SECONDS"
    );
    declare(
        group,
        "-s,--value-size",
        options_.value_sizes,
        "100, 64-1k, 100:9,4k:1 (weighted), etc or usr"
    );
    declare_bare(
        group, "--trace", options_.trace, "replay this file, read-through; - is standard input"
    );
  }

  void declare_output() {
    app_.add_flag("--json", json_, "print JSON instead of a table")->group("Output");
    app_.add_flag("--csv", csv_, "print CSV instead of a table")->group("Output");
    declare_bare("Output", "--html", options_.html, "write a page with plots to this file as well");
    app_.add_flag(
            "--progress", options_.shows_progress, "a line each second even without a terminal"
    )
        ->group("Output");
    app_.set_version_flag("-V,--version", "ringbench " + std::string(version));
  }

  void settle_load() {
    if (options_.compares) {
      for (const std::string& text : servers_) options_.targets.push_back(target_of(text));
    } else {
      options_.targets = {{.name = address_, .address = address_, .pid = pid_}};
    }
    const auto ratio = parse_ratio(ratio_);
    if (!ratio) reject("--ratio `" + ratio_ + "`", "write GETS:SETS, such as 90:10");
    options_.get_share = *ratio;
    options_.warm_up_ns = duration_of("--warm-up", warm_up_);
    options_.fills = !no_fill_;
    at_least_one("--depth", options_.depth);
    at_least_one("--keys", options_.keys);
    at_least_one("--multiget", options_.keys_per_get);
    at_least_one("--threads", options_.threads);
    at_least_one("--requests", options_.requests);
    if (options_.connections < options_.threads) {
      reject(
          "--connections " + std::to_string(options_.connections),
          "each of the threads needs one, give at least " + std::to_string(options_.threads)
      );
    }
    constexpr std::size_t prefix_max = 235;  // With 15 digits that is a key of 250 bytes.
    if (options_.key_prefix.size() > prefix_max ||
        options_.key_prefix.find_first_of(" \t\r\n") != std::string::npos) {
      reject("--key-prefix `" + options_.key_prefix + "`", "at most 235 bytes, without spaces");
    }
  }

  void settle_output() {
    if (json_ && csv_) reject("--csv", "standard output has room for one; leave --json out");
    if (json_) options_.format = Format::json;
    if (csv_) options_.format = Format::csv;
  }

  void settle_pace() {
    if (arrivals_ != "poisson" && arrivals_ != "constant") {
      reject("--arrivals `" + arrivals_ + "`", "known are poisson and constant");
    }
    options_.arrivals = arrivals_ == "poisson" ? Arrivals::poisson : Arrivals::constant;
    if (is_given("--arrivals") && !is_given("--rate") && !is_given("--search")) {
      reject("--arrivals", "in a closed loop requests come when answers do; add --rate");
    }
    constexpr double rate_max = 1e9;
    if (!is_given("--rate")) return;
    if (!(rate_ > 0 && rate_ <= rate_max)) {
      reject("--rate", "more than 0 and at most a thousand million requests per second");
    }
    options_.rate = rate_;
  }

  void settle_length() {
    options_.length_ns = duration_of("--time", length_);
    at_least_one("--time", options_.length_ns);
    const bool is_counted = is_given("--trace") || is_given("--requests");
    if (is_counted && !is_given("--time")) options_.length_ns = ~std::uint64_t{0};
  }

  void settle_search() {
    if (!is_given("--search")) return;
    if (is_given("--rate")) reject("--search", "it finds the rate; leave --rate out");
    if (is_given("--trace")) reject("--search", "a trace can be replayed only once; leave it out");
    if (is_given("--requests")) reject("--search", "each trial has a --time; leave --requests out");
    options_.goal = parse_goal(goal_);
    if (!options_.goal) reject("--search `" + goal_ + "`", "write p99=1ms or p99.9=500us");
    if (!is_given("--time")) options_.length_ns = trial_ns;
  }

  void settle_rounds() {
    if (is_given("--requests") && !is_given("--trace")) {
      reject("--requests", "of a comparison, only a trace is cut; give --rounds and --slice");
    }
    at_least_one("--rounds", options_.rounds);
    options_.slice_ns = duration_of("--slice", slice_);
    at_least_one("--slice", options_.slice_ns);
  }

  void settle_trace() {
    if (!is_given("--trace")) return;
    for (const char* other :
         {"--keys", "--popularity", "--ratio", "--multiget", "--warm-up", "--rounds", "--slice"}) {
      if (is_given(other)) reject(other, "the trace says what is asked; leave one of the two out");
    }
    options_.reads_through = true;
    options_.fills = false;
    options_.warm_up_ns = 0;
  }

  static std::uint64_t duration_of(const char* name, const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) reject(name + (" `" + text + "`"), "write 30s, 500ms or 2m");
    return *duration;
  }

  static void at_least_one(const char* name, std::uint64_t number) {
    if (number == 0) reject(name, "must be more than 0");
  }

  CLI::App app_;
  Options options_;
  // What is read as text and means something else.
  std::vector<std::string> servers_;
  std::string address_ = "127.0.0.1:11211";
  pid_t pid_ = 0;
  double rate_ = 0;
  std::string arrivals_ = "poisson";
  std::string goal_;
  std::string ratio_ = "90:10";
  std::string length_ = "30s";
  std::string slice_ = "100ms";
  std::string warm_up_ = "2s";
  bool no_fill_ = false;
  bool json_ = false;
  bool csv_ = false;
};

std::string joined(int count, const char* const* words) {
  std::string line;
  for (int at = 0; at < count; ++at) line.append(at == 0 ? "" : " ").append(words[at]);
  return line;
}

}  // namespace

std::optional<LatencyGoal> parse_goal(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (!text.starts_with('p') || equals == std::string_view::npos) return std::nullopt;
  double percent = 0;
  const char* end = text.data() + equals;
  const auto [rest, error] = std::from_chars(text.data() + 1, end, percent);
  const auto ns = parse_duration(text.substr(equals + 1));
  const bool is_percent = error == std::errc{} && rest == end && percent > 0 && percent < 100;
  if (!is_percent || !ns || *ns == 0) return std::nullopt;
  return LatencyGoal{.share = percent / 100, .ns = *ns};
}

std::string text_of(const LatencyGoal& goal) {
  return formatted("p%.6g = ", goal.share * 100) + format_duration(goal.ns);
}

std::string load_text(const Options& options) {
  std::string text = options.protocol + ", " + counted(options.connections, "connection") +
                     ", depth " + std::to_string(options.depth) + ", " +
                     counted(options.threads, "thread") + "; ";
  if (options.trace.empty()) {
    text += formatted("%.0f %% gets", options.get_share * 100);
    if (options.keys_per_get > 1) text += " of " + counted(options.keys_per_get, "key");
    text += "; " + counted(options.keys, "key") + ", " + options.popularity + "; ";
  } else {
    text += "trace " + options.trace + "; ";
  }
  text += "values of " + options.value_sizes + " B";
  return text + (options.reads_through ? "; read-through" : "");
}

CommandLine read_command_line(int count, const char* const* words) {
  const bool compares = count > 1 && std::string_view(words[1]) == "compare";
  const int skipped = compares ? 1 : 0;
  CommandLine line = Reader(compares).read(count - skipped, words + skipped);
  if (line.options) line.options->command_line = joined(count, words);
  return line;
}

}  // namespace rc::bench
