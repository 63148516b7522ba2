#include "server/session.hpp"

#include "proto/binary_parse.hpp"
#include "proto/key_guess.hpp"
#include "proto/scan.hpp"
#include "server/answer.hpp"
#include "server/execute.hpp"
#include "server/execute_store.hpp"
#include "server/reply.hpp"
#include "server/reply_binary.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace rc::server {

namespace {

using proto::Parsed;
using proto::Request;
using proto::Verdict;

// A request costs four units of the connection's share of a turn, a further key of a multiget one:
// that is about how their costs compare.
constexpr std::int64_t request_cost = 4;
constexpr std::int64_t key_cost = 1;
// A step of a dump looks at some hundreds of items, one behind the other in the index.
constexpr std::int64_t dump_step_cost = 64;

// The first byte of a TLS handshake record: to answer it with text helps nobody.
constexpr char tls_greeting = '\x16';

bool may_dump(proto::Op op) {
  return op == proto::Op::tune || op == proto::Op::stats;
}

bool ends_value(std::string_view bytes) {
  return bytes[0] == '\r' && bytes[1] == '\n';
}

// Adds the keys of `list`, which lies in the input that begins at `input`, until the batch is full.
// `line_end` is where the line ends in the input.
void add_keys(
    GetBatch& batch,
    std::string_view list,
    const char* input,
    std::size_t line_end,
    bool returns_cas
) {
  proto::TokenCursor cursor(list);
  for (bool more = cursor.more(); more && !batch.full();) {
    const std::string_view key = cursor.next();
    more = cursor.more();
    const std::size_t end = more ? static_cast<std::size_t>(cursor.position() - input) : line_end;
    batch.add(
        key,
        {.input_end = static_cast<std::uint32_t>(end),
         .line_left = static_cast<std::uint32_t>(line_end - end),
         .returns_cas = returns_cas}
    );
  }
}

}  // namespace

// One call of on_bytes: the input, how far it is consumed, and who helps.
struct Session::Visit {
  std::string_view bytes;
  net::Output& out;
  Context& context;
  std::int64_t share;
  std::size_t position = 0;
  std::size_t looked_ahead = 0;  // how far

  [[nodiscard]] std::string_view rest() const { return bytes.substr(position); }
};

net::Consumed Session::on_bytes(std::string_view bytes, net::Output& out, Context& context) {
  // Relaxed: see ConnectionRecord. A watcher is called although its peer does nothing.
  if (!is_watching()) {
    record_.last_active_s.store(count(context.now.wall), std::memory_order_relaxed);
  }
  context.connection_id = record_.id;
  Visit visit{
      .bytes = bytes,
      .out = out,
      .context = context,
      .share = context.node.settings().requests_per_turn * request_cost};
  Step step;
  while (!step) step = advance(visit);
  return {.bytes = visit.position, .next = *step};
}

void Session::on_close(Context& context) {
  if (pending_) context.pending.put_back(std::move(pending_));
}

Session::Step Session::advance(Visit& visit) {
  switch (phase()) {
    case Phase::greeting:
      return greet(visit);
    case Phase::commands:
    case Phase::keys:
      return serve(visit);
    case Phase::value:
      return receive_value(visit);
    case Phase::swallow:
      return skip_value(visit);
    case Phase::dump:
      return go_on_dumping(visit);
    case Phase::watch:
      return go_on_watching(visit);
  }
  RC_ASSERT(false && "a phase of no kind");
  return net::Next::abort;
}

Session::Step Session::greet(const Visit& visit) {
  if (visit.bytes.empty()) return net::Next::receive;
  const auto first = static_cast<std::uint8_t>(visit.bytes.front());
  binary_ = first == proto::binary_request_magic && allowed_ != Protocol::ascii;
  if (visit.bytes.front() == tls_greeting) return net::Next::close;
  if (!binary_ && allowed_ == Protocol::binary) return net::Next::close;
  set_phase(Phase::commands);
  return {};
}

// Looks ahead over the retrievals at the head of the input, answers them together, and executes
// what stands behind them.
Session::Step Session::serve(Visit& visit) {
  Request& request = visit.context.request;
  const Parsed parsed = collect(visit, request);
  const GetBatch& batch = visit.context.batch;
  if (batch.empty() && parsed.verdict == Verdict::incomplete) {
    searched_ = static_cast<std::uint32_t>(visit.rest().size());
    return net::Next::receive;
  }
  if (visit.share <= 0) {
    visit.context.counters.add(stats::Metric::conn_yields);
    return net::Next::yield;
  }
  if (visit.out.full()) return net::Next::blocked;
  if (batch.empty()) return act(visit, parsed, request);
  if (!answer(visit)) return net::Next::blocked;
  // What was parsed behind the batch is still right, if this turn has a share for it.
  if (parsed.verdict == Verdict::incomplete || visit.share <= 0 || visit.out.full()) return {};
  return act(visit, parsed, request);
}

Session::Step Session::act(Visit& visit, const Parsed& parsed, const Request& request) {
  switch (parsed.verdict) {
    case Verdict::incomplete:
      return {};
    case Verdict::close:
      broke_off_ = true;
      return net::Next::close;
    case Verdict::refused:
      consume(visit, parsed.line_bytes);
      refuse(visit, parsed, request);
      broke_off_ = parsed.closes;
      if (parsed.closes) return net::Next::close;
      left_ = parsed.swallow_bytes;
      if (left_ != 0) set_phase(Phase::swallow);
      break;
    case Verdict::request:
      if (request.op == proto::Op::store)
        look_ahead(visit, parsed.line_bytes + request.value_bytes);
      consume(visit, parsed.line_bytes);
      if (request.op == proto::Op::store) {
        begin_value(visit, request);
      } else if (request.op == proto::Op::watch) {
        begin_watch(visit, request);
      } else if (may_dump(request.op) && begin_dump(visit, request)) {
        break;
      } else if (execute(request, visit.context, visit.out) == After::close) {
        return net::Next::close;
      }
      break;
  }
  visit.share -= request_cost;
  return {};
}

// In a pipeline of stores, whose next one has `bytes` and an end: starts to fetch what that and the
// ones behind it will touch, so that the latencies overlap.
void Session::look_ahead(Visit& visit, std::size_t bytes) {
  constexpr std::size_t value_end_max = 2;
  if (visit.position < visit.looked_ahead || visit.rest().size() <= bytes + value_end_max) return;
  std::array<std::string_view, store::Access::batch_max> keys;
  std::size_t count = 0;
  proto::KeyGuess guess(visit.rest());
  while (count < keys.size() && !guess.rest().empty()) keys[count++] = guess.next();
  visit.looked_ahead = visit.bytes.size() - guess.rest().size();
  visit.context.access.look_ahead(std::span(keys).first(count));
}

// False if the request is not one for a dump.
bool Session::begin_dump(Visit& visit, const Request& request) {
  proto::Text refusal = proto::Text::none;
  const std::optional<DumpOrder> order = read_dump_order(request, visit.context.node, refusal);
  if (!order) return false;
  if (refusal != proto::Text::none) {
    append_text(visit.out, refusal);
    return true;
  }
  dump_ = std::make_unique<Dump>(*order, visit.out);
  set_phase(Phase::dump);
  return true;
}

Session::Step Session::go_on_dumping(Visit& visit) {
  if (visit.share <= 0) return net::Next::yield;
  if (visit.out.full()) return net::Next::blocked;
  visit.share -= dump_step_cost;
  if (dump_->step(visit.context, visit.out)) return {};
  dump_.reset();
  set_phase(Phase::commands);
  return {};
}

void Session::begin_watch(Visit& visit, const Request& request) {
  const std::optional<WatchMask> kinds = read_watch_order(request.rest);
  Node& node = visit.context.node;
  if (!node.settings().allow_watch) return append_text(visit.out, proto::Text::watch_not_allowed);
  if (!kinds) return append_text(visit.out, proto::Text::error);
  watcher_ = node.watchers().join(*kinds);
  if (!watcher_) return append_text(visit.out, proto::Text::too_many_watchers);
  append_text(visit.out, proto::Text::ok);
  set_phase(Phase::watch);
}

// Whatever the peer says from now on is dropped; it ends the watch by closing the connection.
Session::Step Session::go_on_watching(Visit& visit) {
  consume(visit, visit.rest().size());
  watcher_->drain(visit.out);
  return net::Next::wait;
}

// Fills the worker's batch; what it returns is the request behind the batch, parsed into `request`,
// or `incomplete` where nothing is to be done behind it yet.
Parsed Session::collect(const Visit& visit, Request& request) const {
  GetBatch& batch = visit.context.batch;
  batch.clear();
  std::size_t at = visit.position;
  if (phase() == Phase::keys) {
    collect_rest_of_line(visit);
    if (batch.full() || touches_) return {};
    at += left_;
  }
  while (!batch.full()) {
    const std::size_t searched = at == visit.position ? searched_ : 0;
    const std::string_view rest = visit.bytes.substr(at);
    const Parsed parsed =
        binary_ ? proto::parse_binary(rest, request) : proto::parse_text(rest, request, searched);
    if (parsed.verdict != Verdict::request || request.op != proto::Op::get) return parsed;
    if (request.echo.dialect != proto::Dialect::classic) {
      at += parsed.line_bytes;
      batch.add(request, at);
      continue;
    }

    // The keys of a gat change items one by one: it has a batch of its own.
    const bool touches = request.with.has(proto::With::touch);
    if (touches && !batch.empty()) return {};
    at += parsed.line_bytes;
    const bool returns_cas = request.returns.has(proto::Return::cas);
    const char* const list_end = request.rest.data() + request.rest.size();
    const std::string_view list(
        request.key.data(), static_cast<std::size_t>(list_end - request.key.data())
    );
    add_keys(batch, list, visit.bytes.data(), at, returns_cas);
    if (touches) {
      // Of a gat, whose line has a sign and 32 bits.
      batch.set_touch(static_cast<std::int32_t>(request.exptime));
      return {};
    }
  }
  return {};
}

void Session::refuse(Visit& visit, const Parsed& parsed, const Request& request) const {
  if (binary_) return append_binary_error(visit.out, request.echo, parsed.status);
  append_text(visit.out, parsed.reply);
}

void Session::collect_rest_of_line(const Visit& visit) const {
  GetBatch& batch = visit.context.batch;
  // The line was whole and its keys were checked when it was parsed.
  std::string_view list = visit.bytes.substr(visit.position, left_ - 1);
  if (!list.empty() && list.back() == '\r') list.remove_suffix(1);
  add_keys(batch, list, visit.bytes.data(), visit.position + left_, returns_cas_);
  if (touches_) batch.set_touch(exptime_);
}

// False if the output filled up on the way.
bool Session::answer(Visit& visit) {
  GetBatch& batch = visit.context.batch;
  const std::size_t keys_done = answer_batch(batch, visit.context, visit.out);
  const bool complete = keys_done == batch.size();
  commit(visit, batch, keys_done);
  return complete;
}

// Takes over where the batch stands behind its first `keys_done` keys.
void Session::commit(Visit& visit, const GetBatch& batch, std::size_t keys_done) {
  for (std::size_t i = 0; i < keys_done; ++i) {
    visit.share -= batch.mark(i).ends_request() ? request_cost : key_cost;
  }
  const GetBatch::Mark& mark = batch.mark(keys_done - 1);
  visit.position = mark.input_end;
  searched_ = 0;
  left_ = mark.line_left;
  returns_cas_ = mark.returns_cas;
  touches_ = batch.touches();
  exptime_ = batch.exptime();
  set_phase(mark.ends_request() ? Phase::commands : Phase::keys);
}

void Session::begin_value(Visit& visit, const Request& request) {
  const StoreTerms terms = terms_of(request, visit.context.now.wall);
  const std::size_t bytes = std::size_t{request.value_bytes} + terms.value_end_bytes();
  store::Draft draft = reserve_value(request, visit.context, visit.out);
  if (!draft) {
    left_ = static_cast<std::uint32_t>(bytes);
    if (left_ != 0) set_phase(Phase::swallow);
    return;
  }
  const std::string_view rest = visit.rest();
  if (rest.size() >= bytes) {
    consume(visit, draft.append(std::span(rest)));
    finish_value(visit, std::move(draft), terms);
    return;
  }
  pending_ = visit.context.pending.take(std::move(draft), terms);
  set_phase(Phase::value);
}

Session::Step Session::receive_value(Visit& visit) {
  store::Draft& draft = pending_->draft;
  consume(visit, draft.append(std::span(visit.rest())));
  const std::size_t end_bytes = pending_->terms.value_end_bytes();
  if (draft.remaining() != 0 || visit.rest().size() < end_bytes) return net::Next::receive;

  set_phase(Phase::commands);
  finish_value(visit, std::move(draft), pending_->terms);
  visit.context.pending.put_back(std::move(pending_));
  return {};
}

// Requires: the draft is complete and the bytes behind the value are there. Whatever they are, they
// belong to the request.
void Session::finish_value(Visit& visit, store::Draft&& draft, const StoreTerms& terms) {
  const std::size_t end_bytes = terms.value_end_bytes();
  const bool well_formed = end_bytes == 0 || ends_value(visit.rest());
  consume(visit, end_bytes);
  if (well_formed) {
    finish_store(std::move(draft), terms, visit.context, visit.out);
  } else {
    refuse_chunk(terms, visit.context, visit.out);
  }
}

Session::Step Session::skip_value(Visit& visit) {
  const std::size_t skipped = std::min<std::size_t>(left_, visit.rest().size());
  consume(visit, skipped);
  left_ -= static_cast<std::uint32_t>(skipped);
  if (left_ != 0) return net::Next::receive;
  set_phase(Phase::commands);
  return {};
}

void Session::consume(Visit& visit, std::size_t bytes) {
  visit.position += bytes;
  searched_ = 0;
}

}  // namespace rc::server
