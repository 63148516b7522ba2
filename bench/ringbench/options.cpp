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
    "Measures a cache server: requests and latency, and the CPU time that each request costs it.";

constexpr std::uint64_t trial_ns = 5 * second_ns;

// What is read as text and means something else.
struct Texts {
  std::string address = "127.0.0.1:11211";
  std::uint32_t pid = 0;
  double rate = 0;
  std::string arrivals = "poisson";
  std::string goal;
  std::string ratio = "90:10";
  std::string length = "30s";
  std::string warm_up = "2s";
  bool no_fill = false;
};

void add_target(CLI::App& app, Texts& texts) {
  app.add_option("server", texts.address, "HOST:PORT, or the path of a Unix socket")
      ->group("Target")
      ->capture_default_str();
  app.add_option("--pid", texts.pid, "the server's process, if its address does not tell")
      ->group("Target");
}

void add_load(CLI::App& app, Options& options, Texts& texts) {
  const auto add = [&](const char* names, auto& target, const char* text) {
    return app.add_option(names, target, text)->group("Load")->capture_default_str();
  };
  add("-P,--protocol", options.protocol, protocol_names);
  add("-c,--connections", options.connections, "connections of all threads together");
  add("-d,--depth", options.depth, "requests under way on each connection");
  add("-m,--multiget", options.keys_per_get, "keys of each get");
  add("-T,--threads", options.threads, "threads of this client");
  add("-r,--ratio", texts.ratio, "gets:sets");
  app.add_flag("--read-through", options.reads_through, "set what a get misses")->group("Load");
  add("--ttl", options.ttl_s, "seconds until what is set expires, 0: never");
  app.add_option("-R,--rate", texts.rate, "open loop: so many requests per second")->group("Load");
  add("--arrivals", texts.arrivals, "of requests in an open loop: poisson or constant");
  app.add_option("--search", texts.goal, "the highest rate that holds this latency: p99=1ms")
      ->group("Load");
  add("-t,--time", texts.length, "how long to measure, such as 30s or 500ms");
  app.add_option("-n,--requests", options.requests, "end after so many")->group("Load");
  add("--warm-up", texts.warm_up, "run so long before measuring");
  app.add_flag("--no-fill", texts.no_fill, "do not store every key first")->group("Load");
  add("--seed", options.seed, "of the random numbers");
}

void add_keys_and_values(CLI::App& app, Options& options) {
  const auto add = [&](const char* names, auto& target, const char* text) {
    return app.add_option(names, target, text)->group("Keys and values")->capture_default_str();
  };
  add("-k,--keys", options.keys, "number of keys");
  add("--key-prefix", options.key_prefix, "before the 15 digits of a key");
  add("-p,--popularity", options.popularity, "uniform, zipf[:EXPONENT] or hot:SHARE:HITS:SECONDS");
  add("-s,--value-size", options.value_sizes, "100, 64-1k, 100:9,4k:1 (weighted), etc or usr");
  app.add_option("--trace", options.trace, "replay this file, read-through; - is standard input")
      ->group("Keys and values");
}

void add_output(CLI::App& app, Options& options) {
  app.add_flag("--progress", options.shows_progress, "a line each second even without a terminal")
      ->group("Output");
  app.set_version_flag("-V,--version", "ringbench " + std::string(version));
}

std::optional<double> parse_ratio(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto gets = parse_number<std::uint32_t>(text.substr(0, colon));
  const auto sets = parse_number<std::uint32_t>(text.substr(colon + 1));
  if (!gets || !sets || *gets + std::uint64_t{*sets} == 0) return std::nullopt;
  return static_cast<double>(*gets) / (static_cast<double>(*gets) + static_cast<double>(*sets));
}

// What is wrong with the options, or nothing; also gives the texts their meaning.
std::string settle(Options& options, const Texts& texts, const CLI::App& app) {
  const auto ratio = parse_ratio(texts.ratio);
  if (!ratio) return "--ratio `" + texts.ratio + "`: write GETS:SETS, such as 90:10";
  options.get_share = *ratio;
  const auto length = parse_duration(texts.length);
  if (!length || *length == 0) return "--time `" + texts.length + "`: write 30s, 500ms or 2m";
  options.length_ns = *length;
  const auto warm_up = parse_duration(texts.warm_up);
  if (!warm_up) return "--warm-up `" + texts.warm_up + "`: write 2s, 500ms or 0";
  options.warm_up_ns = *warm_up;
  options.fills = !texts.no_fill;
  options.targets = {{.name = texts.address, .address = texts.address, .pid = texts.pid}};
  if (options.depth == 0) return "--depth 0: at least 1";
  if (options.keys == 0) return "--keys 0: at least 1";
  if (options.keys_per_get == 0) return "--multiget 0: at least 1";
  if (options.threads == 0) return "--threads 0: at least 1";
  if (options.requests == 0) return "--requests 0: at least 1";
  if (options.connections < options.threads) {
    return "--connections " + std::to_string(options.connections) +
           ": each of the threads needs one, give at least " + std::to_string(options.threads);
  }
  constexpr std::size_t prefix_max = 235;  // With 15 digits that is a key of 250 bytes.
  if (options.key_prefix.size() > prefix_max ||
      options.key_prefix.find_first_of(" \t\r\n") != std::string::npos) {
    return "--key-prefix `" + options.key_prefix + "`: at most 235 bytes, without spaces";
  }
  for (const char* other : {"--keys", "--popularity", "--ratio", "--multiget", "--warm-up"}) {
    if (options.trace.empty() || app.count(other) == 0) continue;
    return std::string(other) + ": the trace says what is asked; leave one of the two out";
  }
  const bool is_counted = !options.trace.empty() || app.count("--requests") > 0;
  if (is_counted && app.count("--time") == 0) options.length_ns = ~std::uint64_t{0};
  if (!options.trace.empty()) {
    options.reads_through = true;
    options.fills = false;
    options.warm_up_ns = 0;
  }
  return {};
}

// The pace of an open loop; what is wrong with it, or nothing.
std::string settle_pace(Options& options, const Texts& texts, const CLI::App& app) {
  const bool has_rate = app.count("--rate") > 0;
  const bool searches = app.count("--search") > 0;
  if (texts.arrivals != "poisson" && texts.arrivals != "constant") {
    return "--arrivals `" + texts.arrivals + "`: known are poisson and constant";
  }
  options.arrivals = texts.arrivals == "poisson" ? Arrivals::poisson : Arrivals::constant;
  if (app.count("--arrivals") > 0 && !has_rate && !searches) {
    return "--arrivals: in a closed loop requests come when answers do; add --rate or --search";
  }
  constexpr double rate_max = 1e9;
  if (has_rate && !(texts.rate > 0 && texts.rate <= rate_max)) {
    return "--rate: more than 0 and at most a thousand million requests per second";
  }
  if (has_rate) options.rate = texts.rate;
  if (!searches) return {};
  if (has_rate) return "--search: it finds the rate; leave --rate out";
  if (!options.trace.empty()) return "--search: a trace can be replayed only once; leave it out";
  if (app.count("--requests") > 0) return "--search: each trial has a --time; leave --requests out";
  options.goal = parse_goal(texts.goal);
  if (!options.goal) return "--search `" + texts.goal + "`: write p99=1ms or p99.9=500us";
  if (app.count("--time") == 0) options.length_ns = trial_ns;
  return {};
}

std::string joined(int count, const char* const* words) {
  std::string line;
  for (int at = 0; at < count; ++at) line.append(at == 0 ? "" : " ").append(words[at]);
  return line;
}

CommandLine usage_error(const std::string& what) {
  return {
      .options = {},
      .status = status_usage,
      .text = "ringbench: error: " + what + " (see ringbench --help)\n"};
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

CommandLine read_command_line(int count, const char* const* words) {
  Options options;
  Texts texts;
  CLI::App app(about, "ringbench");
  app.get_formatter()->column_width(34);
  add_target(app, texts);
  // So that a script's options can be followed by those of its user.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_load(app, options, texts);
  add_keys_and_values(app, options);
  add_output(app, options);
  try {
    app.parse(count, words);
  } catch (const CLI::CallForHelp&) {
    return {.options = {}, .status = 0, .text = app.help()};
  } catch (const CLI::CallForVersion& call) {
    return {.options = {}, .status = 0, .text = std::string(call.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }
  std::string wrong = settle(options, texts, app);
  if (wrong.empty()) wrong = settle_pace(options, texts, app);
  if (!wrong.empty()) return usage_error(wrong);
  options.command_line = joined(count, words);
  return {.options = std::move(options), .status = 0, .text = {}};
}

}  // namespace rc::bench
