// The promise of the loop, under every misfortune the fake kernel knows: each byte that reaches a
// connection is executed once and in order, its answer arrives once and in order, and at the end
// nothing is left behind. Thousands of small worlds, each from a seed that a failure prints.
#include "echo_sink.hpp"
#include "fake_kernel.hpp"

#include "net/loop.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

constexpr std::string_view refusal = "too many\r\n";

struct Echoed {
  std::string text;
  bool has_quit = false;
};

// What EchoSink answers to `bytes`, at the latest when all is over.
Echoed expected_echo(std::string_view bytes) {
  Echoed echoed;
  std::size_t block = 0;
  while (!bytes.empty() && !echoed.has_quit) {
    std::size_t taken = std::min(block, bytes.size());
    if (block > 0) {
      block -= taken;
    } else {
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) break;
      const std::string_view line = bytes.substr(0, end);
      if (line.starts_with('#')) block = parse_number<std::size_t>(line.substr(1)).value_or(0);
      echoed.has_quit = line == "quit";
      taken = end + 1;
    }
    echoed.text += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
  }
  return echoed;
}

// One world: a fake kernel, one or two loops, some clients, and how it goes on.
class World {
 public:
  explicit World(std::uint64_t seed) : kernel_(seed, make_weather(seed)) {
    const std::uint32_t workers = 1 + static_cast<std::uint32_t>(kernel_.below(2));
    connections_max_ = kernel_.chance(0.1) ? 2 : 100;
    never_reads_ = kernel_.chance(0.1);
    stop_turn_ = kernel_.chance(0.3) ? 1 + kernel_.below(60) : ~std::size_t{0};
    // The listener is a socket of no use, only for its name: nothing is accepted from it.
    std::vector<Listener> listeners;
    listeners.push_back(Listener::adopt(::dup(0)));
    team_ = std::make_unique<Team>(
        Team::Options{
            .workers = workers,
            .connections_max = connections_max_,
            .refusal = std::string(refusal),
        },
        std::move(listeners)
    );
    for (std::uint32_t i = 0; i < workers; ++i) add_worker(i, seed);
    const std::size_t clients = 1 + kernel_.below(6);
    for (std::size_t i = 0; i < clients; ++i) add_client();
  }

  // False if it does not come to an end.
  bool run() {
    for (std::size_t turn = 0; turn < turns_max; ++turn) {
      if (turn == stop_turn_ || (stop_turn_ > turn && all_clients_are_done())) ask_to_stop(turn);
      // Not for ever: a connection that is stuck must not be saved by its breaking.
      move_clients(turn < 300);
      bool is_over = true;
      for (const auto& worker : workers_) {
        if (!worker->has_ended) worker->has_ended = !worker->loop.turn(0);
        is_over = is_over && worker->has_ended;
      }
      if (is_over) return true;
    }
    return false;
  }

  void check() {
    for (const FakeClient& client : kernel_.clients) check_client(client);
    CHECK(kernel_.open_descriptors() == 0);
    CHECK(team_->connections() == 0);
    for (const auto& worker : workers_) {
      CHECK(worker->sink.sessions.empty());
      CHECK(worker->sink.pinned.empty());
      CHECK(worker->ring.ops_in_flight() == 0);
      CHECK(worker->sink.opened == worker->sink.closed);
      const stats::Snapshot counted = worker->counters.read();
      CHECK(counted[stats::Metric::total_connections] == worker->sink.opened);
      CHECK(counted[stats::Metric::closed_connections] == worker->sink.opened);
    }
  }

  [[nodiscard]] std::uint64_t seen_ahead() const {
    std::uint64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->sink.seen_ahead;
    return sum;
  }

 private:
  static constexpr std::size_t turns_max = 30'000;

  struct Worker {
    Worker(
        FakeKernel& kernel,
        const Loop::Options& options,
        Team& team,
        std::uint64_t seed,
        double mischief
    )
        : ring(kernel, static_cast<int>(options.worker) + 1),
          sink(seed, mischief),
          loop(options, team, ring, sink, counters) {}
    stats::Counters counters;
    FakeRing ring;
    EchoSink sink;
    Loop loop;
    bool has_ended = false;
  };

  static Weather make_weather(std::uint64_t seed) {
    std::mt19937_64 random(seed * 31 + 1);
    const auto sometimes = [&](double probability) {
      return random() % 3 == 0 ? probability : 0.0;
    };
    Weather weather;
    if (random() % 4 == 0) weather.cq_entries = 1 + static_cast<std::uint32_t>(random() % 3);
    if (random() % 3 == 0) weather.buffers = 1 + static_cast<std::uint32_t>(random() % 3);
    if (random() % 3 == 0) weather.buffer_bytes = 1 + static_cast<std::uint32_t>(random() % 64);
    weather.short_send = sometimes(0.5);
    weather.ended_multishot = sometimes(0.3);
    weather.no_descriptors = sometimes(0.3);
    weather.interrupted = sometimes(0.2);
    weather.late_send = sometimes(0.7);
    weather.immediate_reset = sometimes(0.1);
    return weather;
  }

  void add_worker(std::uint32_t i, std::uint64_t seed) {
    Loop::Options options;
    options.worker = i;
    const std::size_t limits[] = {1, 100, 5000, 1024 * 1024};
    options.output_limit_bytes = limits[kernel_.below(4)];
    if (kernel_.chance(0.2)) options.send_share_bytes = 0;
    if (kernel_.chance(0.2)) options.input_share_bytes = 0;
    options.house_period_ms = 0;
    if (never_reads_) options.drain_deadline_ms = 0;
    const double mischiefs[] = {0, 0.05, 0.4};
    workers_.push_back(
        std::make_unique<Worker>(kernel_, options, *team_, seed + i, mischiefs[kernel_.below(3)])
    );
  }

  void add_client() {
    std::string script;
    const std::size_t lines = kernel_.below(40);
    // No more than a fake that delivers a byte at a time gets through in the turns it has.
    const std::size_t long_line_max =
        std::min<std::size_t>(20'000, 50 * kernel_.weather().buffer_bytes);
    for (std::size_t i = 0; i < lines; ++i) {
      std::string line(kernel_.below(kernel_.chance(0.02) ? long_line_max : 60), 'x');
      for (char& letter : line) letter = static_cast<char>('a' + kernel_.below(26));
      // The block may end anywhere: in the middle of this line or of a later one.
      if (kernel_.chance(0.1)) script += "#" + std::to_string(kernel_.below(200)) + "\n";
      if (kernel_.chance(0.005)) script += "quit\n";
      script += line + "\n";
    }
    if (kernel_.chance(0.2)) script += "incomplete";
    FakeClient& client = kernel_.connect(std::move(script));
    client.never_reads = never_reads_ && kernel_.chance(0.5);
  }

  void move_clients(bool may_reset) {
    for (FakeClient& client : kernel_.clients) {
      if (kernel_.chance(0.6)) kernel_.deliver(client);
      if (may_reset && client.is_accepted && kernel_.chance(0.001)) client.has_reset = true;
    }
    if (may_reset && kernel_.clients.size() < 12 && kernel_.chance(0.05)) add_client();
  }

  bool all_clients_are_done() {
    return std::all_of(kernel_.clients.begin(), kernel_.clients.end(), [](const FakeClient& c) {
      return c.is_closed_by_server || c.has_reset || c.never_reads;
    });
  }

  void ask_to_stop(std::size_t turn) {
    stop_turn_ = turn;
    for (const auto& worker : workers_) worker->loop.request_stop(Stop::drain);
  }

  void check_client(const FakeClient& client) const {
    // Refused; and of the refusal, the fake's socket may have taken a part or nothing.
    const bool is_refused = connections_max_ == 2 && client.read_by_server == 0;
    if (is_refused && refusal.starts_with(client.received)) {
      CHECK((client.is_closed_by_server || !client.is_accepted));
      return;
    }
    const Echoed whole = expected_echo({client.script.data(), client.delivered});
    // A connection that broke has heard the beginning.
    CHECK(std::string_view(whole.text).starts_with(client.received));
    if (client.has_reset || never_reads_ || !client.is_accepted) return;
    CHECK(client.is_closed_by_server);
    CHECK((client.received == whole.text));
  }

  FakeKernel kernel_;
  std::uint32_t connections_max_ = 0;
  bool never_reads_ = false;
  std::size_t stop_turn_ = 0;
  std::unique_ptr<Team> team_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : parse_number<std::uint64_t>(text).value_or(otherwise);
}

TEST_SUITE("net") {
  // RC_SEED=N runs from that seed, RC_RUNS=N that many worlds.
  TEST_CASE("every byte is delivered once and in order, whatever the kernel does") {
    const std::uint64_t first = number_from_environment("RC_SEED", 1);
    const std::uint64_t runs = number_from_environment("RC_RUNS", 2000);
    std::uint64_t seen_ahead = 0;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
      CAPTURE(seed);
      World world(seed);
      REQUIRE(world.run());
      world.check();
      seen_ahead += world.seen_ahead();
    }
    CHECK((runs < 100 || seen_ahead > 0));
  }
}

}  // namespace
}  // namespace rc::net
