#include "replay/replay.hpp"

#include "common/stand_in.hpp"

#include "base/numbers.hpp"

#include <array>
#include <utility>

namespace rc::bench {
namespace {

void append_number(std::uint64_t number, std::string& output) {
  std::array<char, number_text_max> digits;
  output.append(digits.data(), write_number(digits.data(), number));
}

}  // namespace

Replay::Replay(ReplayOptions options, CpuClock server_clock)
    : options_(std::move(options)), server_clock_(server_clock), clients_(options_.connections) {}

bool Replay::connect(std::string_view address) {
  return connections_.open(address, options_.connections);
}

bool Replay::run(std::span<const TraceRequest> requests) {
  pending_ = requests;
  const std::uint64_t wall_ns = now_ns();
  const std::uint64_t server_ns = server_clock_.used_ns();
  const std::uint64_t client_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  const bool completed = exchange();
  totals_.wall_ns += now_ns() - wall_ns;
  totals_.server_cpu_ns += server_clock_.used_ns() - server_ns;
  totals_.client_cpu_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - client_ns;
  return completed;
}

bool Replay::exchange() {
  for (std::size_t index = 0; index < clients_.size(); ++index) {
    if (!start_next(index)) return false;
  }
  while (active_ > 0) {
    ready_.clear();
    if (!connections_.wait(ready_)) return false;
    for (const std::size_t index : ready_) {
      if (!advance(index)) return false;
    }
  }
  return true;
}

bool Replay::start_next(std::size_t index) {
  Client& client = clients_[index];
  if (pending_.empty()) return true;
  client = {.state = State::getting, .request = pending_.front()};
  pending_ = pending_.subspan(1);
  ++active_;

  std::string& output = connections_[index].output();
  output += "get ";
  append_key(client.request.object, output);
  output += "\r\n";
  return connections_.flush(index);
}

bool Replay::advance(std::size_t index) {
  Connection& connection = connections_[index];
  while (true) {
    const Reply reply = next_reply(connection.input());
    if (reply.kind == ReplyKind::incomplete) return true;
    if (!on_reply(index, reply)) return false;
    connection.consume(reply.size);
  }
}

bool Replay::on_reply(std::size_t index, const Reply& reply) {
  Client& client = clients_[index];
  switch (client.state) {
    case State::idle:
      ++totals_.errors;
      return true;
    case State::getting:
    case State::hit:
      on_get_reply(client, reply, connections_[index].output());
      break;
    case State::setting:
      if (reply.kind == ReplyKind::refused) {
        ++totals_.refused;
      } else if (reply.kind != ReplyKind::stored) {
        ++totals_.errors;
      }
      client.state = State::idle;
      break;
  }
  if (client.state == State::setting) return connections_.flush(index);
  if (client.state != State::idle) return true;
  --active_;
  return start_next(index);
}

void Replay::on_get_reply(Client& client, const Reply& reply, std::string& output) {
  const TraceRequest& request = client.request;
  if (reply.kind == ReplyKind::value && client.state == State::getting) {
    if (!is_value_of(reply.value, request.object)) ++totals_.wrong_values;
    client.state = State::hit;
  } else if (reply.kind == ReplyKind::end && client.state == State::hit) {
    ++totals_.hits;
    client.state = State::idle;
  } else if (reply.kind == ReplyKind::end) {
    ++totals_.misses;
    write_set(request, output);
    client.state = State::setting;
  } else {
    // Counted as a miss too, so that hits and misses add up to the requests.
    ++totals_.errors;
    ++totals_.misses;
    client.state = State::idle;
  }
}

void Replay::write_set(const TraceRequest& request, std::string& output) const {
  output += "set ";
  append_key(request.object, output);
  output += " 0 0 ";
  append_number(size_of(request), output);
  output += "\r\n";
  append_value(output, request.object, size_of(request));
  output += "\r\n";
}

void Replay::append_key(std::uint32_t object, std::string& output) const {
  output += options_.key_prefix;
  append_number(object, output);
}

std::size_t Replay::size_of(const TraceRequest& request) const {
  return request.size_bytes > 1 ? request.size_bytes : options_.default_size_bytes;
}

}  // namespace rc::bench
