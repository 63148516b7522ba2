#include "common/pipeline.hpp"

namespace rc::bench {
namespace {

// A batch ends at whichever comes first. Large enough that a machine busy with other things does
// not make both sides wait for their turn all the time, small enough to stay in the cache.
constexpr std::size_t batch_requests_max = 1024;
constexpr std::size_t batch_bytes_max = 128 * 1024;

}  // namespace

bool Pipeline::connect(std::string_view address, std::size_t connections) {
  tokens_.resize(connections);
  return connections_.open(address, connections);
}

bool Pipeline::run(Work& work) {
  for (std::size_t index = 0; index < connections_.size(); ++index) {
    if (!send_batch(work, index)) return false;
  }
  while (active_ > 0) {
    ready_.clear();
    if (!connections_.wait(ready_)) return false;
    for (const std::size_t index : ready_) {
      if (!advance(work, index)) return false;
    }
    if (!work.between_turns()) return false;
  }
  return true;
}

bool Pipeline::send_batch(Work& work, std::size_t index) {
  std::string& output = connections_[index].output();
  std::deque<std::uint64_t>& tokens = tokens_[index];
  std::uint64_t token = 0;
  while (tokens.size() < batch_requests_max && output.size() < batch_bytes_max &&
         work.write(output, token)) {
    tokens.push_back(token);
  }
  if (tokens.empty()) return true;
  ++active_;
  return connections_.flush(index);
}

bool Pipeline::advance(Work& work, std::size_t index) {
  Connection& connection = connections_[index];
  std::deque<std::uint64_t>& tokens = tokens_[index];
  while (!tokens.empty()) {
    const Reply reply = next_reply(connection.input());
    if (reply.kind == ReplyKind::incomplete) return true;
    work.on_reply(tokens.front(), reply);
    tokens.pop_front();
    connection.consume(reply.size);
  }
  --active_;
  return send_batch(work, index);
}

}  // namespace rc::bench
