#include "server/execute_store.hpp"

#include "base/assert.hpp"
#include "server/reply.hpp"
#include "server/reply_binary.hpp"
#include "server/reply_meta.hpp"
#include "server/watch_events.hpp"

#include <utility>

namespace rc::server {

namespace {

using proto::Request;
using proto::Text;
using stats::Metric;

store::Mode mode_of(const Request& request) {
  // A version to replace makes a set or a replace a cas; an add has nothing to compare with, and
  // append and prepend keep their mode.
  const bool compares = request.with.has(proto::With::compare_cas);
  switch (request.mode) {
    case proto::Mode::set:
      return compares ? store::Mode::cas : store::Mode::set;
    case proto::Mode::add:
      return store::Mode::add;
    case proto::Mode::replace:
      return compares ? store::Mode::cas : store::Mode::replace;
    case proto::Mode::append:
      return store::Mode::append;
    case proto::Mode::prepend:
      return store::Mode::prepend;
  }
  RC_ASSERT(false && "a mode of no kind");
  return store::Mode::set;
}

void append_error(net::Output& out, const proto::Echo& echo, store::Outcome why) {
  const bool too_large = why == store::Outcome::too_large;
  if (echo.dialect == proto::Dialect::binary) return append_binary_outcome(out, echo, why);
  const bool silent = echo.quiet && echo.dialect == proto::Dialect::classic;
  append_text(out, too_large ? Text::too_large : Text::no_memory_storing, silent);
}

// A set that fails must not leave the old value behind for readers to take for the new one; an ms
// not in any mode.
bool failure_erases(const Request& request) {
  const bool is_set = request.mode == proto::Mode::set;
  switch (request.echo.dialect) {
    case proto::Dialect::classic:
      return is_set && !request.with.has(proto::With::compare_cas);
    case proto::Dialect::meta:
      return true;
    case proto::Dialect::binary:
      return is_set;
  }
  return false;
}

void refuse_value(const Request& request, store::Outcome why, Context& context, net::Output& out) {
  const bool too_large = why == store::Outcome::too_large;
  context.counters.add(too_large ? Metric::store_too_large : Metric::store_no_memory);
  tell_refused(request, mode_of(request), why, context);
  if (failure_erases(request)) static_cast<void>(context.access.erase(request.key));
  append_error(out, request.echo, why);
}

void count_cas(store::Outcome outcome, stats::Counters& counters) {
  if (outcome == store::Outcome::stored) counters.add(Metric::cas_hits);
  if (outcome == store::Outcome::exists) counters.add(Metric::cas_badval);
  if (outcome == store::Outcome::not_found) counters.add(Metric::cas_misses);
}

// Apart, because a note is large and seldom needed.
[[gnu::noinline]] store::Stored store_and_tell(
    store::Draft&& draft, const store::WriteTerms& terms, Context& context
) {
  const StoreNote note(draft.item(), terms.mode, context);
  const store::Stored stored = context.access.store(std::move(draft), terms);
  note.finish(stored.outcome, context);
  return stored;
}

Text text_of(store::Outcome outcome) {
  switch (outcome) {
    case store::Outcome::stored:
      return Text::stored;
    case store::Outcome::not_stored:
      return Text::not_stored;
    case store::Outcome::exists:
      return Text::exists;
    case store::Outcome::not_found:
      return Text::not_found;
    case store::Outcome::too_large:
      return Text::too_large;
    case store::Outcome::out_of_memory:
      return Text::no_memory_storing;
  }
  return Text::error;
}

}  // namespace

StoreTerms terms_of(const Request& request, UnixSeconds now) {
  StoreTerms terms{.write = {.mode = mode_of(request)}, .echo = request.echo};
  if (request.with.none()) return terms;
  if (request.with.has(proto::With::compare_cas)) terms.write.cas_unique = request.cas;
  if (request.with.has(proto::With::new_cas)) terms.write.new_cas = request.new_cas;
  terms.write.accepts_stale = request.with.has(proto::With::invalidate);
  if (request.with.has(proto::With::vivify)) {
    terms.write.vivify = store::expiry_from_wire(request.vivify_exptime, now);
  }
  return terms;
}

store::Draft reserve_value(const Request& request, Context& context, net::Output& out) {
  context.prefixes.set(request.key);
  const auto expiry = store::expiry_from_wire(request.exptime, context.now.wall);
  store::Reservation reservation =
      context.access.reserve(request.key, request.client_flags, expiry, request.value_bytes);
  if (reservation.outcome == store::Outcome::stored) return std::move(reservation.draft);
  refuse_value(request, reservation.outcome, context, out);
  return {};
}

void finish_store(
    store::Draft&& draft, const StoreTerms& terms, Context& context, net::Output& out
) {
  const std::uint32_t sent_bytes = draft.value_bytes();
  const store::Stored stored = context.watched == 0
                                   ? context.access.store(std::move(draft), terms.write)
                                   : store_and_tell(std::move(draft), terms.write, context);
  const store::Outcome outcome = stored.outcome;
  context.counters.add(Metric::cmd_set);
  if (terms.write.mode == store::Mode::cas) count_cas(outcome, context.counters);
  // An append that grows beyond the limit, or finds no room for the whole, fails this late.
  if (outcome == store::Outcome::too_large) context.counters.add(Metric::store_too_large);
  if (outcome == store::Outcome::out_of_memory) context.counters.add(Metric::store_no_memory);
  switch (terms.echo.dialect) {
    case proto::Dialect::classic:
      return append_text(out, text_of(outcome), terms.echo.quiet);
    case proto::Dialect::meta: {
      const bool done = outcome == store::Outcome::stored;
      const proto::MetaFacts facts{
          .value_bytes = done ? stored.value_bytes : sent_bytes, .cas = stored.cas};
      return append_meta_outcome(out, terms.echo, outcome, proto::meta_store_answers, facts);
    }
    case proto::Dialect::binary:
      return append_binary_outcome(out, terms.echo, outcome, terms.write.mode, stored.cas);
  }
}

void refuse_chunk(const StoreTerms& terms, Context& context, net::Output& out) {
  context.counters.add(Metric::cmd_set);
  const bool silent = terms.echo.quiet && terms.echo.dialect == proto::Dialect::classic;
  append_text(out, Text::bad_chunk, silent);
}

}  // namespace rc::server
