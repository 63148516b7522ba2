#include "shift/shift.hpp"

#include "common/clock.hpp"
#include "common/keys.hpp"
#include "common/stand_in.hpp"

#include <cerrno>
#include <string>

namespace rc::bench {
namespace {

constexpr std::string_view key_prefix = "s";
constexpr std::uint64_t sample_every_ns = 100'000'000;
constexpr std::size_t probes_max = 50'000;

class Storing final : public Work {
 public:
  Storing(Shift& shift, std::size_t index, const Phase& phase, std::uint64_t fill_bytes)
      : shift_(shift), index_(index), phase_(phase), fill_bytes_(fill_bytes) {}

  bool write(std::string& output, std::uint64_t& token) override {
    if (bytes_ >= fill_bytes_) return false;
    token = count_++;
    const std::size_t size = size_of(phase_, token);
    bytes_ += bytes_of(phase_, token);
    output += "set ";
    append_key(output, key_prefix, object_number(index_, token));
    output += " 0 0 " + std::to_string(size) + "\r\n";
    append_value(output, object_number(index_, token), size);
    output += "\r\n";
    return true;
  }

  void on_reply(std::uint64_t, const Reply& reply) override {
    if (reply.kind == ReplyKind::stored) return;
    ++(reply.kind == ReplyKind::refused ? refused_ : failures_);
  }

  bool between_turns() override {
    const std::uint64_t now = now_ns();
    if (now - sampled_ns_ < sample_every_ns) return true;
    sampled_ns_ = now;
    return shift_.sample();
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  Shift& shift_;
  std::size_t index_;
  const Phase& phase_;
  std::uint64_t fill_bytes_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t sampled_ns_ = 0;
};

// Asks for the objects of `numbers`, and adds up the bytes of those that are there.
class Looking final : public Work {
 public:
  Looking(std::size_t index, const Phase& phase, const std::vector<std::uint64_t>& numbers)
      : index_(index), phase_(phase), numbers_(numbers) {}

  bool write(std::string& output, std::uint64_t& token) override {
    if (next_ == numbers_.size()) return false;
    token = numbers_[next_++];
    asked_bytes_ += bytes_of(phase_, token);
    output += "cas ";
    append_key(output, key_prefix, object_number(index_, token));
    output += " 0 0 1 18446744073709551615\r\nx\r\n";
    return true;
  }

  void on_reply(std::uint64_t token, const Reply& reply) override {
    if (reply.kind == ReplyKind::exists) present_bytes_ += bytes_of(phase_, token);
    if (reply.kind != ReplyKind::exists && reply.kind != ReplyKind::not_found) ++failures_;
  }

  [[nodiscard]] std::uint64_t asked_bytes() const { return asked_bytes_; }
  [[nodiscard]] std::uint64_t present_bytes() const { return present_bytes_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  std::size_t index_;
  const Phase& phase_;
  const std::vector<std::uint64_t>& numbers_;
  std::size_t next_ = 0;
  std::uint64_t asked_bytes_ = 0;
  std::uint64_t present_bytes_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace

bool Shift::connect(std::size_t connections) {
  start_ns_ = now_ns();
  return figures_.valid() && pipeline_.connect(address_, connections) && sample();
}

bool Shift::run(
    std::size_t index,
    const Phase& phase,
    std::uint64_t fill_bytes,
    std::uint64_t newest_bytes,
    PhaseReport& report
) {
  const std::uint64_t start = now_ns();
  Storing storing(*this, index, phase, fill_bytes);
  if (!pipeline_.run(storing) || !sample()) return false;
  report.end = samples_.back();
  report.wall_ns = now_ns() - start;
  report.objects = storing.count();
  report.refused = storing.refused();

  const std::vector<std::uint64_t> numbers =
      newest(phase, storing.count(), newest_bytes, probes_max);
  Looking looking(index, phase, numbers);
  if (!pipeline_.run(looking)) return false;
  report.newest_bytes = looking.asked_bytes();
  report.present_bytes = looking.present_bytes();
  report.failures = storing.failures() + looking.failures();
  return true;
}

bool Shift::sample() {
  const Stats stats = figures_.stats();
  if (stats.empty()) {
    errno = ECONNRESET;
    return false;
  }
  samples_.push_back({
      .time_ns = now_ns() - start_ns_,
      .resident_bytes = figures_.resident_bytes(),
      .live_bytes = value_of(stats, "bytes"),
  });
  return true;
}

}  // namespace rc::bench
