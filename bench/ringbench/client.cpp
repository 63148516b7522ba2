#include "ringbench/client.hpp"

#include "common/clock.hpp"
#include "common/dial.hpp"
#include "common/stand_in.hpp"

#include "ring/kernel_ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include <sys/prctl.h>

namespace rc::bench {
namespace {

using ring::Completion;
using ring::OpKind;

constexpr std::uint64_t silence_ns_max = 10'000'000'000;
constexpr std::uint64_t look_ns = 100'000'000;  // How often to look at the clock when idle.
constexpr std::size_t shown_bytes_max = 60;

// Control characters as they stand in C.
std::string shown(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes.substr(0, shown_bytes_max)) {
    if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\n') {
      text += "\\n";
    } else {
      text += byte >= ' ' && byte <= '~' ? byte : '?';
    }
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(
    const std::string& address, const Protocol& protocol, const ClientOptions& options
) {
  auto ring = ring::KernelRing::create({});
  if (!ring) return ring.error();
  std::unique_ptr<Client> client(new Client(protocol, options, std::move(ring).value()));
  Result<Done> opened = client->open(address);
  if (!opened) return opened.error();
  return client;
}

Client::Client(
    const Protocol& protocol, const ClientOptions& options, std::unique_ptr<ring::Ring> ring
)
    : protocol_(protocol), options_(options), ring_(std::move(ring)) {}

Client::~Client() {
  for (const auto& peer : peers_) {
    if (peer->fd >= 0) close(peer->fd);
  }
}

Result<Done> Client::open(const std::string& address) {
  for (std::uint32_t index = 0; index < options_.connections; ++index) {
    Result<int> fd = dial(address);
    if (!fd) return fd.error();
    peers_.push_back(std::make_unique<Peer>());
    peers_.back()->fd = fd.value();
    ring_->recv(fd.value(), {.kind = OpKind::recv, .index = index});
  }
  return Done{};
}

Result<Done> Client::run(Source& source, const Stint& stint) {
  const std::uint64_t cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
  begin(source, stint);
  while (!failure_ && (in_flight_ > 0 || missed_ > 0 || may_ask())) turn();
  finish();
  record_.client_cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
  record_.client_busiest_ns = record_.client_cpu_ns;
  if (failure_) return *failure_;
  return Done{};
}

void Client::begin(Source& source, const Stint& stint) {
  record_.clear();
  source_ = &source;
  stint_ = stint;
  depth_ = stint.depth == 0 ? options_.depth : stint.depth;
  start_ns_ = now_ns_ = heard_ns_ = now_ns();
  const std::uint64_t length_max = ~std::uint64_t{0} - start_ns_;
  until_ns_ = start_ns_ + std::min(stint.length_ns, length_max);
  asked_count_ = 0;
  is_exhausted_ = false;
  pace_.reset();
  free_.clear();
  if (stint.rate) {
    pace_.emplace(*stint.rate, stint.arrivals, start_ns_, stint.seed);
    // The kernel's default of 50 microseconds would delay every request that is not overdue.
    prctl(PR_SET_TIMERSLACK, 1);
  }
  for (std::uint32_t index = 0; index < peers_.size(); ++index) {
    peers_[index]->is_free = false;
    if (pace_) {
      offer(index);
    } else {
      feed(index);
    }
  }
}

void Client::turn() {
  std::array<Completion, 512> completions;
  for (const std::uint32_t index : with_output_) flush(index);
  with_output_.clear();
  ring_->submit_and_wait(wait_ns());
  const std::size_t count = ring_->reap(completions);
  now_ns_ = now_ns();
  if (count > 0 || in_flight_ == 0) heard_ns_ = now_ns_;
  for (std::size_t at = 0; at < count; ++at) handle(completions[at]);
  ring_->publish_buffers();
  if (pace_) feed_due();
  if (now_ns_ - heard_ns_ > silence_ns_max) {
    fail({.message = std::to_string(in_flight_) + " requests had no answer for 10 seconds"});
  }
}

void Client::finish() {
  record_.wall_ns = now_ns() - start_ns_;
  // What was due and could not be sent has waited at least until now: leaving it out would hide
  // the worst of a server that cannot keep up.
  if (!pace_ || failure_ || is_exhausted_) return;
  for (; pace_->due_ns() < until_ns_ && asked_count_ < stint_.requests; ++asked_count_) {
    ++record_.unsent;
    record_.get_ns.add(until_ns_ - pace_->due_ns());
    pace_->advance();
  }
}

std::uint64_t Client::wait_ns() const {
  if (!pace_ || free_.empty() || !may_ask()) return look_ns;
  const std::uint64_t due_ns = std::min(pace_->due_ns(), until_ns_);
  const std::uint64_t now = now_ns();
  return due_ns > now ? std::min(due_ns - now, look_ns) : 0;
}

bool Client::may_ask() const {
  return !is_exhausted_ && now_ns_ < until_ns_ && asked_count_ < stint_.requests;
}

// Closed loop: the next batch, if the last is done.
void Client::feed(std::uint32_t index) {
  Peer& peer = *peers_[index];
  if (!peer.requests.empty()) return;
  const std::uint64_t start_ns = now_ns();
  while (!peer.missed.empty() && peer.requests.size() < depth_) set_missed(peer, start_ns);
  while (peer.requests.size() < depth_ && ask_next(peer, start_ns)) continue;
  mark(index);
}

// Open loop: what is due, as far as there is room.
void Client::feed_due() {
  while (pace_->due_ns() <= now_ns_ && pace_->due_ns() < until_ns_ && !free_.empty()) {
    const std::uint32_t index = free_.front();
    Peer& peer = *peers_[index];
    free_.pop_front();
    peer.is_free = false;
    if (!ask_next(peer, pace_->due_ns())) return;
    pace_->advance();
    mark(index);
    offer(index);
  }
}

bool Client::ask_next(Peer& peer, std::uint64_t start_ns) {
  if (!may_ask()) return false;
  Verb verb = Verb::get;
  asked_.clear();
  if (!source_->next(now_ns_ - start_ns_, verb, asked_)) {
    is_exhausted_ = true;
    return false;
  }
  ++asked_count_;
  write(peer, verb, start_ns);
  return true;
}

void Client::set_missed(Peer& peer, std::uint64_t start_ns) {
  asked_.assign(1, peer.missed.front());
  peer.missed.pop();
  --missed_;
  write(peer, Verb::set, start_ns);
}

void Client::write(Peer& peer, Verb verb, std::uint64_t start_ns) {
  if (verb == Verb::get) {
    protocol_.write_get(peer.output, asked_);
    record_.get_keys += asked_.size();
  } else {
    protocol_.write_set(peer.output, asked_.front());
  }
  for (const Item& item : asked_) peer.items.push(item);
  peer.requests.push({
      .start_ns = start_ns,
      .answered = 0,
      .keys = static_cast<std::uint32_t>(asked_.size()),
      .verb = verb,
  });
  ++in_flight_;
}

void Client::offer(std::uint32_t index) {
  Peer& peer = *peers_[index];
  if (peer.requests.size() < depth_ && !std::exchange(peer.is_free, true)) free_.push_back(index);
}

void Client::handle(const Completion& completion) {
  const std::uint32_t index = completion.id.index;
  if (completion.id.kind == OpKind::recv) {
    on_received(index, completion);
  } else if (completion.id.kind == OpKind::send) {
    on_sent(index, completion.result);
  }
}

void Client::on_received(std::uint32_t index, const Completion& completion) {
  Peer& peer = *peers_[index];
  if (completion.result == 0) return fail({.message = "the server closed the connection"});
  if (completion.result < 0 && completion.result != -ENOBUFS) {
    return fail(system_error(-completion.result, "receive"));
  }
  record_.bytes_received += completion.bytes.size();
  if (peer.input.empty()) {
    peer.input = completion.bytes.substr(take_answers(peer, completion.bytes));
  } else {
    peer.input += completion.bytes;
    peer.input.erase(0, take_answers(peer, peer.input));
  }
  if (!completion.more) ring_->recv(peer.fd, {.kind = OpKind::recv, .index = index});
  if (pace_) {
    while (!peer.missed.empty() && peer.requests.size() < depth_) set_missed(peer, now_ns_);
    mark(index);
    offer(index);
  } else {
    feed(index);
  }
}

void Client::on_sent(std::uint32_t index, std::int32_t result) {
  Peer& peer = *peers_[index];
  if (result < 0) return fail(system_error(-result, "send"));
  peer.sent += static_cast<std::size_t>(result);
  if (peer.sent < peer.sending.size()) {
    const std::string_view rest = std::string_view(peer.sending).substr(peer.sent);
    return ring_->send(peer.fd, rest, {.kind = OpKind::send, .index = index});
  }
  peer.sending.clear();
  mark(index);
}

// Returns how many bytes were used.
std::size_t Client::take_answers(Peer& peer, std::string_view input) {
  std::size_t used = 0;
  while (used < input.size()) {
    if (peer.requests.empty()) {
      note_problem(record_.errors, input.substr(used));
      return input.size();
    }
    const Request& request = peer.requests.front();
    const std::string_view rest = input.substr(used);
    const Awaited awaited{
        .verb = request.verb, .keys = request.keys, .keys_left = request.keys - request.answered};
    const Answer answer = protocol_.parse(rest, awaited);
    if (answer.kind == AnswerKind::incomplete) break;
    on_answer(peer, answer, rest);
    used += answer.size;
  }
  return used;
}

void Client::on_answer(Peer& peer, const Answer& answer, std::string_view input) {
  Request& request = peer.requests.front();
  switch (answer.kind) {
    case AnswerKind::value:
      on_value(peer, request, answer);
      break;
    case AnswerKind::miss:
      if (request.answered < request.keys) on_miss(peer, peer.items.items()[request.answered++]);
      break;
    case AnswerKind::rest:
      while (request.answered < request.keys) {
        on_miss(peer, peer.items.items()[request.answered++]);
      }
      break;
    case AnswerKind::refused:
      note_problem(record_.refused, input);
      break;
    case AnswerKind::wrong:
      note_problem(record_.errors, input);
      break;
    case AnswerKind::incomplete:
    case AnswerKind::frame:
    case AnswerKind::stored:
      break;
  }
  if (answer.completes) complete(peer);
}

// Keys between the last one answered and this one were left out: they are misses.
void Client::on_value(Peer& peer, Request& request, const Answer& answer) {
  const std::span<Item> items = peer.items.items().first(request.keys);
  std::uint32_t at = request.answered;
  if (!answer.key.empty()) {
    const auto object = protocol_.object_of(answer.key);
    while (at < items.size() && items[at].object != object) ++at;
  }
  if (at >= items.size()) return note_problem(record_.errors, answer.key);
  while (request.answered < at) on_miss(peer, items[request.answered++]);
  ++request.answered;
  ++record_.hits;
  if (is_value_of(answer.value, items[at].object)) return;
  note_problem(record_.wrong_values, "a wrong value: " + std::string(answer.value));
}

void Client::on_miss(Peer& peer, const Item& item) {
  ++record_.misses;
  if (!options_.reads_through) return;
  peer.missed.push(item);
  ++missed_;
}

void Client::complete(Peer& peer) {
  const Request request = peer.requests.front();
  const bool is_get = request.verb == Verb::get;
  ++(is_get ? record_.gets : record_.sets);
  (is_get ? record_.get_ns : record_.set_ns).add(now_ns_ - std::min(request.start_ns, now_ns_));
  peer.items.pop(request.keys);
  peer.requests.pop();
  --in_flight_;
  done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Client::note_problem(std::uint64_t& counter, std::string_view what) {
  ++counter;
  if (record_.first_problem.empty()) record_.first_problem = shown(what);
}

void Client::mark(std::uint32_t index) {
  Peer& peer = *peers_[index];
  if (peer.output.empty() || !peer.sending.empty()) return;
  if (!std::exchange(peer.has_news, true)) with_output_.push_back(index);
}

// One send under way per connection; what is asked meanwhile goes with the next.
void Client::flush(std::uint32_t index) {
  Peer& peer = *peers_[index];
  peer.has_news = false;
  std::swap(peer.sending, peer.output);
  peer.sent = 0;
  record_.bytes_sent += peer.sending.size();
  ring_->send(peer.fd, peer.sending, {.kind = OpKind::send, .index = index});
}

void Client::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

}  // namespace rc::bench
