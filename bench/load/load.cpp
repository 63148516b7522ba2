#include "load/load.hpp"

#include "common/keys.hpp"
#include "common/stand_in.hpp"

#include "base/numbers.hpp"

#include <algorithm>

namespace rc::bench {
namespace {

constexpr std::size_t pass_batch = 64;

}  // namespace

Load::Load(const LoadOptions& options, CpuClock server_clock, std::uint64_t seed)
    : options_(options),
      server_clock_(server_clock),
      replies_due_(options.connections, 0),
      set_tail_(" 0 0 " + std::to_string(options.value_size_bytes) + "\r\n"),
      random_state_(seed * 2 + 1) {}

bool Load::connect(std::string_view address) {
  return connections_.open(address, options_.connections);
}

bool Load::pass(Operation operation) {
  const LoadOptions wanted = options_;
  options_.operation = operation;
  options_.depth = pass_batch;
  passing_ = true;
  pass_next_ = 0;
  const bool completed = exchange();
  passing_ = false;
  options_ = wanted;
  return completed && totals_.failures == 0;
}

bool Load::run(std::uint64_t slice_ns, LoadTotals& totals) {
  totals_ = {};
  const std::uint64_t wall_ns = now_ns();
  const std::uint64_t server_ns = server_clock_.used_ns();
  const std::uint64_t client_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  deadline_ns_ = wall_ns + slice_ns;
  const bool completed = exchange();
  totals_.wall_ns = now_ns() - wall_ns;
  totals_.server_cpu_ns = server_clock_.used_ns() - server_ns;
  totals_.client_cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - client_ns;
  totals = totals_;
  return completed;
}

bool Load::exchange() {
  now_ns_ = now_ns();
  for (std::size_t index = 0; index < options_.connections; ++index) {
    if (!send_batch(index)) return false;
  }
  while (active_ > 0) {
    ready_.clear();
    if (!connections_.wait(ready_)) return false;
    now_ns_ = now_ns();
    for (const std::size_t index : ready_) {
      if (!advance(index)) return false;
    }
  }
  return true;
}

// Sends nothing when the slice or the pass is over.
bool Load::send_batch(std::size_t index) {
  if (passing_ ? pass_next_ >= options_.key_count : now_ns_ >= deadline_ns_) return true;
  std::string& output = connections_[index].output();
  std::size_t count = options_.depth;
  if (passing_) count = std::min<std::uint64_t>(count, options_.key_count - pass_next_);
  replies_due_[index] = options_.operation == Operation::multiget ? 1 : count;
  for (std::size_t sent = 0; sent < replies_due_[index]; ++sent) {
    if (options_.operation == Operation::set) {
      write_set(output);
    } else {
      write_get(output);
    }
  }
  ++active_;
  return connections_.flush(index);
}

bool Load::advance(std::size_t index) {
  Connection& connection = connections_[index];
  while (true) {
    const Reply reply = next_reply(connection.input());
    if (reply.kind == ReplyKind::incomplete) return true;
    on_reply(reply);
    connection.consume(reply.size);
    if (reply.kind == ReplyKind::value) continue;
    if (replies_due_[index] == 0 || --replies_due_[index] > 0) continue;
    --active_;
    if (!send_batch(index)) return false;
  }
}

void Load::write_set(std::string& output) {
  const std::uint64_t key = next_key();
  output += "set ";
  append_key(output, options_.key_prefix, key);
  output += set_tail_;
  append_value(output, key, options_.value_size_bytes);
  output += "\r\n";
}

void Load::write_get(std::string& output) {
  const std::size_t keys = options_.operation == Operation::multiget ? options_.depth : 1;
  output += "get";
  for (std::size_t added = 0; added < keys; ++added) {
    output += ' ';
    append_key(output, options_.key_prefix, next_key());
  }
  output += "\r\n";
}

void Load::on_reply(const Reply& reply) {
  switch (reply.kind) {
    case ReplyKind::value:
      ++totals_.hits;
      if (!is_right(reply)) ++totals_.failures;
      break;
    case ReplyKind::end:
      totals_.keys += options_.operation == Operation::multiget ? options_.depth : 1;
      if (options_.operation == Operation::set) ++totals_.failures;
      break;
    case ReplyKind::stored:
      ++totals_.keys;
      if (options_.operation != Operation::set) ++totals_.failures;
      break;
    case ReplyKind::incomplete:
    case ReplyKind::exists:
    case ReplyKind::not_found:
    case ReplyKind::refused:
    case ReplyKind::version:
    case ReplyKind::unexpected:
      ++totals_.failures;
      break;
  }
}

bool Load::is_right(const Reply& reply) const {
  if (!reply.key.starts_with(options_.key_prefix)) return false;
  const auto number = parse_number<std::uint64_t>(reply.key.substr(options_.key_prefix.size()));
  return number && reply.value.size() == options_.value_size_bytes &&
         is_value_of(reply.value, *number);
}

std::uint64_t Load::next_key() {
  if (passing_) return pass_next_++;
  // xorshift64*, then scaled without a division: uniform enough, and a few cycles.
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  const std::uint64_t high = (random_state_ * 0x2545f4914f6cdd1dULL) >> 32;
  return (high * options_.key_count) >> 32;
}

}  // namespace rc::bench
