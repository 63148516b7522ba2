// ttl: stores items that expire, reads none of them, and watches how soon they leave memory and
// what other requests notice of it. Prints "name value" lines; bench/expiry makes a table of them.

#include "common/arguments.hpp"
#include "common/clock.hpp"
#include "common/histogram.hpp"
#include "common/keys.hpp"
#include "common/pipeline.hpp"
#include "common/server_figures.hpp"
#include "common/stand_in.hpp"
#include "common/target.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <poll.h>

namespace rc::bench {
namespace {

constexpr std::string_view usage =
    "usage: ttl --server [NAME=]ADDRESS[,PID] [options]\n"
    "\n"
    "Stores items that live for ever and as many that do not, then only gets one of the former,\n"
    "again and again, until the latter are gone.\n"
    "\n"
    "  --items N         of each kind (1000000)\n"
    "  --value-size N    bytes (100)\n"
    "  --ttl N           seconds (2)\n"
    "  --give-up N       seconds after the last expired (60)\n";

constexpr std::string_view lasting_prefix = "k";
constexpr std::string_view mortal_prefix = "t";
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t quiet_ns = 2 * second_ns;
constexpr std::uint64_t look_every_ns = 20'000'000;

struct Options {
  std::vector<std::string> servers;
  std::size_t items = 1'000'000;
  std::size_t value_bytes = 100;
  std::size_t ttl_s = 2;
  std::size_t give_up_s = 60;
};

class Storing final : public Work {
 public:
  Storing(std::string_view prefix, const Options& options, std::size_t ttl_s)
      : prefix_(prefix),
        items_(options.items),
        value_bytes_(options.value_bytes),
        head_(" 0 " + std::to_string(ttl_s) + " " + std::to_string(value_bytes_) + "\r\n") {}

  bool write(std::string& output, std::uint64_t& token) override {
    if (next_ == items_) return false;
    token = next_++;
    output += "set ";
    append_key(output, prefix_, token);
    output += head_;
    append_value(output, token, value_bytes_);
    output += "\r\n";
    return true;
  }
  void on_reply(std::uint64_t, const Reply& reply) override {
    if (reply.kind != ReplyKind::stored) ++failures_;
  }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  std::string_view prefix_;
  std::uint64_t items_;
  std::size_t value_bytes_;
  const std::string head_;
  std::uint64_t next_ = 0;
  std::uint64_t failures_ = 0;
};

// One get at a time, each timed.
class Prober {
 public:
  explicit Prober(std::string_view address) : connection_(address), request_("get ") {
    append_key(request_, lasting_prefix, 0);
    request_ += "\r\n";
  }

  // False when the connection was lost.
  [[nodiscard]] bool get(Histogram& durations) {
    const std::uint64_t start = now_ns();
    connection_.output() += request_;
    if (!connection_.flush()) return false;
    while (!connection_.input().ends_with("END\r\n")) {
      pollfd readable{.fd = connection_.fd(), .events = POLLIN, .revents = 0};
      if (poll(&readable, 1, 30'000) != 1 || !connection_.receive()) return false;
    }
    connection_.consume(connection_.input().size());
    durations.add(now_ns() - start);
    return true;
  }

 private:
  Connection connection_;
  std::string request_;
};

class Expiry {
 public:
  Expiry(const Options& options, const Target& target)
      : options_(options),
        target_(target),
        figures_(target.address, target.pid),
        prober_(target.address) {}

  // False when the server went away, or would not store; errno says why.
  [[nodiscard]] bool run() {
    if (!store(lasting_prefix, 0) || !probe_quiet()) return false;
    if (!store(mortal_prefix, options_.ttl_s)) return false;
    const std::uint64_t dead_ns = now_ns() + options_.ttl_s * second_ns;
    bool more = true;
    while (more) {
      const std::uint64_t now = now_ns();
      if (now > dead_ns + options_.give_up_s * second_ns) break;
      more = held() > options_.items;
      gone_s_ = (static_cast<double>(now) - static_cast<double>(dead_ns)) / 1e9;
      if (!probe_until(now + look_every_ns, busy_)) return false;
    }
    left_ = held() - options_.items;
    return true;
  }

  void print() const {
    const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    std::printf("server %s\n", target_.name.c_str());
    std::printf("gone_s %.2f\nleft %ju\n", gone_s_, std::uintmax_t{left_});
    std::printf("quiet_p999_us %.1f\n", us(quiet_.percentile(0.999)));
    std::printf("quiet_longest_us %.1f\n", us(quiet_.max()));
    std::printf("busy_p999_us %.1f\n", us(busy_.percentile(0.999)));
    std::printf("busy_longest_us %.1f\n", us(busy_.max()));
  }

 private:
  bool store(std::string_view prefix, std::size_t ttl_s) {
    Pipeline pipeline;
    Storing storing(prefix, options_, ttl_s);
    errno = 0;
    return pipeline.connect(target_.address, 4) && pipeline.run(storing) && storing.failures() == 0;
  }

  std::uint64_t held() { return value_of(figures_.stats(), "curr_items"); }

  bool probe_quiet() { return probe_until(now_ns() + quiet_ns, quiet_); }

  bool probe_until(std::uint64_t end_ns, Histogram& durations) {
    while (now_ns() < end_ns) {
      if (!prober_.get(durations)) return false;
    }
    return true;
  }

  Options options_;
  Target target_;
  ServerFigures figures_;
  Prober prober_;
  Histogram quiet_;  // Before there was anything that expires.
  Histogram busy_;   // From the last set until all was gone.
  double gone_s_ = 0.0;
  std::uint64_t left_ = 0;
};

int ttl_main(int count, char** values) {
  Options options;
  Arguments arguments("ttl", usage);
  arguments.bind("--server", options.servers);
  arguments.bind("--items", options.items);
  arguments.bind("--value-size", options.value_bytes);
  arguments.bind("--ttl", options.ttl_s);
  arguments.bind("--give-up", options.give_up_s);
  arguments.parse(count, values);
  if (options.servers.empty()) arguments.fail("no `--server` is given");
  if (options.items == 0 || options.ttl_s == 0) arguments.fail("no figure may be 0");
  for (const std::string& text : options.servers) {
    const std::optional<Target> target = parse_target(text);
    if (!target) arguments.fail("`--server` is not [NAME=]ADDRESS[,PID]: `" + text + "`");
    Expiry expiry(options, *target);
    if (!expiry.run()) {
      const char* why = errno == 0 ? "it refused an item" : std::strerror(errno);
      std::fprintf(stderr, "ttl: error: %s: %s\n", target->name.c_str(), why);
      return 1;
    }
    expiry.print();
  }
  return 0;
}

}  // namespace
}  // namespace rc::bench

int main(int argc, char** argv) {
  return rc::bench::ttl_main(argc, argv);
}
