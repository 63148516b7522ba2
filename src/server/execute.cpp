#include "server/execute.hpp"

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/numbers.hpp"
#include "base/version.hpp"
#include "proto/scan.hpp"
#include "server/answer.hpp"
#include "server/execute_stats.hpp"
#include "server/reply.hpp"
#include "server/reply_binary.hpp"
#include "server/reply_meta.hpp"
#include "server/tuning.hpp"
#include "server/watch_events.hpp"

#include <csignal>
#include <optional>
#include <unistd.h>

namespace rc::server {

namespace {

using proto::Request;
using proto::Text;
using stats::Metric;

using proto::Dialect;
using proto::With;

// The fields of a request that count only with their bit.
std::optional<std::uint64_t> compared_cas(const Request& request) {
  return request.with.has(With::compare_cas) ? std::optional(request.cas) : std::nullopt;
}
std::optional<std::uint64_t> new_cas(const Request& request) {
  return request.with.has(With::new_cas) ? std::optional(request.new_cas) : std::nullopt;
}
std::optional<store::Expiry> touched_expiry(const Request& request, UnixSeconds now) {
  if (!request.with.has(With::touch)) return std::nullopt;
  return store::expiry_from_wire(request.exptime, now);
}
std::optional<store::Expiry> vivified_expiry(const Request& request, UnixSeconds now) {
  if (!request.with.has(With::vivify)) return std::nullopt;
  return store::expiry_from_wire(request.vivify_exptime, now);
}

// md with I or x leaves something there.
store::Outcome erase_or_invalidate(const Request& request, Context& context) {
  const bool stale = request.with.has(With::invalidate);
  const bool empties = request.with.has(With::keep_empty);
  if (!stale && !empties) return context.access.erase(request.key, compared_cas(request));
  const store::InvalidateTerms terms{
      .cas_unique = compared_cas(request),
      .new_cas = new_cas(request),
      .expiry = touched_expiry(request, context.now.wall),
      .stale = stale,
      .empties = empties};
  return context.access.invalidate(request.key, terms).outcome;
}

void erase(const Request& request, Context& context, net::Output& out) {
  context.prefixes.erase(request.key);
  const DeletionNote note(request, context);
  const store::Outcome outcome = erase_or_invalidate(request, context);
  note.finish(outcome, context);
  const bool erased = outcome == store::Outcome::stored;
  context.counters.add(erased ? Metric::delete_hits : Metric::delete_misses);
  switch (request.echo.dialect) {
    case Dialect::classic:
      return append_text(out, erased ? Text::deleted : Text::not_found, request.echo.quiet);
    case Dialect::meta:
      return append_meta_outcome(out, request.echo, outcome);
    case Dialect::binary:
      return append_binary_outcome(out, request.echo, outcome);
  }
}

// Whether the flag `first` stands before the flag `second`.
bool comes_before(std::string_view flags, char first, char second) {
  proto::TokenCursor tokens(flags);
  while (tokens.more()) {
    const char letter = tokens.next()[0];
    if (letter == first || letter == second) return letter == first;
  }
  return false;
}

// Flags act in their order: a new item has the expiry of whichever of the two comes last.
bool touches_after_vivify(const Request& request) {
  const bool both = request.with.has(With::touch) && request.with.has(With::vivify);
  return both && comes_before(request.echo.flags, 'N', 'T');
}

store::FetchTerms fetch_terms(const Request& request, UnixSeconds now) {
  store::FetchTerms terms{
      .is_use = !request.with.has(With::no_bump),
      .touch = touched_expiry(request, now),
      .vivify = vivified_expiry(request, now),
      .touch_after_vivify = touches_after_vivify(request),
      .new_cas = new_cas(request)};
  if (request.with.has(With::recache)) {
    terms.recache_below_s = request.recache_ttl;
    terms.recache_after_touch = comes_before(request.echo.flags, 'T', 'R');
  }
  return terms;
}

void fetch(const Request& request, Context& context, net::Output& out) {
  const store::FetchTerms terms = fetch_terms(request, context.now.wall);
  const store::Fetched fetched = context.access.fetch(request.key, terms);
  const bool hit = fetched.outcome == store::Fetched::Outcome::found;
  tell_get(request.key, hit ? fetched.item : store::Item(), context);
  if (terms.touch) {
    context.counters.add(Metric::cmd_touch);
    context.counters.add(hit ? Metric::touch_hits : Metric::touch_misses);
  } else {
    context.counters.add(Metric::cmd_get);
    context.counters.add(hit ? Metric::get_hits : Metric::get_misses);
  }
  context.prefixes.get(request.key, hit);
  append_fetched(ask_of(request), terms, fetched, context, out);
}

void inspect(const Request& request, Context& context, net::Output& out) {
  const store::Fetched fetched = context.access.fetch(request.key, {.is_use = false});
  context.counters.add(Metric::cmd_meta);
  tell_get(request.key, fetched.item, context);
  if (!fetched.item) return append_short(out, "EN\r\n");
  append_meta_inspection(out, context.access, request.echo.key, fetched.item, context.now.wall);
}

void append_number(net::Output& out, std::uint64_t number, bool quiet) {
  if (quiet) return;
  char* const begin = out.reserve(proto::number_line_max);
  out.commit(static_cast<std::size_t>(proto::write_number_line(begin, number) - begin));
}

void append_count(
    const Request& request,
    const store::ArithmeticTerms& terms,
    const store::Arithmetic& result,
    UnixSeconds now,
    net::Output& out
) {
  proto::MetaFacts facts{
      .cas = result.cas, .ttl_before_s = store::seconds_left(result.expiry_before, now)};
  const bool created = result.outcome == store::Arithmetic::Outcome::created;
  tell_changes_of_time(facts, terms.touch, created ? terms.vivify : std::nullopt, now);
  switch (request.echo.dialect) {
    case Dialect::classic:
      return append_number(out, result.value, request.echo.quiet);
    case Dialect::meta:
      if (request.returns.has(proto::Return::value)) {
        return append_meta_number(out, request.echo, result.value, facts);
      }
      return append_meta_outcome(
          out, request.echo, store::Outcome::stored, proto::meta_number_answers, facts
      );
    case Dialect::binary:
      return append_binary_number(out, request.echo, result.value, result.cas);
  }
}

// Why there is no new value.
void refuse_count(const Request& request, store::Arithmetic::Outcome why, net::Output& out) {
  using Why = store::Arithmetic::Outcome;
  const bool binary = request.echo.dialect == Dialect::binary;
  if (why == Why::not_found || why == Why::exists) {
    const auto outcome = why == Why::exists ? store::Outcome::exists : store::Outcome::not_found;
    if (binary) return append_binary_outcome(out, request.echo, outcome);
    if (request.echo.dialect == Dialect::meta) {
      return append_meta_outcome(out, request.echo, outcome);
    }
    return append_text(out, Text::not_found, request.echo.quiet);
  }
  const bool numeric = why != Why::non_numeric;
  if (binary) {
    const auto status = numeric ? proto::Status::out_of_memory : proto::Status::non_numeric;
    return append_binary_error(out, request.echo, status);
  }
  const bool silent = request.echo.quiet && request.echo.dialect == Dialect::classic;
  append_text(out, numeric ? Text::no_memory : Text::non_numeric, silent);
}

void arithmetic(const Request& request, Context& context, net::Output& out) {
  const bool decrement = request.with.has(With::decrement);
  const auto direction = decrement ? store::Direction::decrement : store::Direction::increment;
  store::ArithmeticTerms terms{
      .cas_unique = compared_cas(request),
      .new_cas = new_cas(request),
      .touch = touched_expiry(request, context.now.wall),
      .vivify = vivified_expiry(request, context.now.wall),
      .touch_after_vivify = touches_after_vivify(request)};
  if (terms.vivify) terms.initial = request.initial;
  // To compare with 0 is to compare with nothing here, as in memcached.
  if (terms.cas_unique == std::uint64_t{0}) terms.cas_unique.reset();

  tell_get(request.key, context);
  const store::Arithmetic result = context.access.add(request.key, request.delta, direction, terms);
  using Outcome = store::Arithmetic::Outcome;
  if (result.outcome == Outcome::created) tell_created(request.key, context);
  if (result.outcome == Outcome::ok) {
    context.counters.add(decrement ? Metric::decr_hits : Metric::incr_hits);
  } else if (result.outcome == Outcome::not_found || result.outcome == Outcome::created) {
    context.counters.add(decrement ? Metric::decr_misses : Metric::incr_misses);
  }
  const bool counted = result.outcome == Outcome::ok || result.outcome == Outcome::created;
  if (counted) return append_count(request, terms, result, context.now.wall, out);
  refuse_count(request, result.outcome, out);
}

void touch(const Request& request, Context& context, net::Output& out) {
  const auto expiry = store::expiry_from_wire(request.exptime, context.now.wall);
  const store::Item item = context.access.touch(request.key, expiry);
  const bool found = static_cast<bool>(item);
  tell_get(request.key, item, context);
  context.counters.add(Metric::cmd_touch);
  context.counters.add(found ? Metric::touch_hits : Metric::touch_misses);
  append_text(out, found ? Text::touched : Text::not_found, request.echo.quiet);
}

// 0 and negative delays mean now; the others are read like an expiry time.
UnixSeconds flush_moment(std::int64_t delay, UnixSeconds now) {
  if (delay <= 0) return now;
  return UnixSeconds{store::count(store::expiry_from_wire(delay, now))};
}

void flush_all(const Request& request, Context& context, net::Output& out) {
  const bool binary = request.echo.dialect == Dialect::binary;
  if (!context.node.settings().allow_flush) {
    if (binary) return append_binary_error(out, request.echo, proto::Status::auth_failure);
    return append_text(out, Text::flush_not_allowed, request.echo.quiet);
  }
  context.access.flush_all(flush_moment(request.exptime, context.now.wall));
  context.counters.add(Metric::cmd_flush);
  if (binary) return append_binary_ok(out, request.echo);
  append_text(out, Text::ok, request.echo.quiet);
}

After shutdown(const Request& request, Context& context, net::Output& out) {
  proto::TokenCursor arguments(request.rest);
  const std::string_view mode = arguments.next();
  const bool graceful = mode == "graceful";
  if (!context.node.settings().allow_shutdown) {
    append_text(out, Text::shutdown_disabled);
    return After::go_on;
  }
  if (!graceful && !mode.empty()) {
    append_text(out, Text::shutdown_mode);
    return After::go_on;
  }
  // Ends the daemon as an operator's signal would; both kinds drain.
  static_cast<void>(::kill(::getpid(), graceful ? SIGUSR1 : SIGINT));
  return After::close;
}

// memcached's bounds and words.
proto::Text change_memory_limit(std::uint64_t limit_mib, store::Store& store) {
  constexpr std::uint64_t least_mib = 8;
  constexpr std::uint64_t most_mib = 1'000'000'000;
  if (limit_mib < least_mib) return Text::memlimit_too_small;
  if (limit_mib > most_mib) return Text::memlimit_not_mib;
  return store.set_limit(limit_mib * mib) ? Text::ok : Text::memlimit_failed;
}

// `debugtime <seconds>` is the one of these commands that does something here.
Text tune(std::string_view line, Node& node) {
  proto::TokenCursor words(line);
  if (words.next() != "debugtime") return answer_tuning(line);
  const auto seconds = parse_number<std::uint32_t>(words.next());
  return seconds && node.put_forward(*seconds) ? Text::ok : Text::error;
}

void tell_version(const Request& request, net::Output& out) {
  if (request.echo.dialect == Dialect::binary) {
    return append_binary_text(out, request.echo, version);
  }
  append_short(out, "VERSION ");
  append_short(out, version);
  append_short(out, proto::line_end);
}

}  // namespace

After execute(const Request& request, Context& context, net::Output& out) {
  switch (request.op) {
    case proto::Op::erase:
      erase(request, context, out);
      return After::go_on;
    case proto::Op::arithmetic:
      arithmetic(request, context, out);
      return After::go_on;
    case proto::Op::touch:
      touch(request, context, out);
      return After::go_on;
    case proto::Op::flush_all:
      flush_all(request, context, out);
      return After::go_on;
    case proto::Op::stats:
      execute_stats(request, context, out);
      return After::go_on;
    case proto::Op::version:
      tell_version(request, out);
      return After::go_on;
    case proto::Op::verbosity:
      context.node.set_verbosity(static_cast<std::uint32_t>(request.delta));
      append_text(out, Text::ok, request.echo.quiet);
      return After::go_on;
    case proto::Op::memory_limit:
      append_text(
          out, change_memory_limit(request.delta, context.node.store()), request.echo.quiet
      );
      return After::go_on;
    case proto::Op::shutdown:
      return shutdown(request, context, out);
    case proto::Op::tune:
      append_text(out, tune(request.rest, context.node));
      return After::go_on;
    case proto::Op::fetch:
      fetch(request, context, out);
      return After::go_on;
    case proto::Op::inspect:
      inspect(request, context, out);
      return After::go_on;
    case proto::Op::noop:
      if (request.echo.dialect == Dialect::binary) append_binary_ok(out, request.echo);
      if (request.echo.dialect == Dialect::meta) append_short(out, "MN\r\n");
      return After::go_on;
    case proto::Op::quit:
      if (request.echo.dialect == Dialect::binary) append_binary_ok(out, request.echo);
      return After::close;
    case proto::Op::get:
    case proto::Op::store:
    case proto::Op::watch:
      break;
  }
  RC_ASSERT(false && "a session drives get, store and watch itself");
  return After::close;
}

}  // namespace rc::server
