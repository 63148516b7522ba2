#include "server/answer.hpp"

#include "base/assert.hpp"
#include "server/reply.hpp"
#include "server/reply_binary.hpp"
#include "server/reply_meta.hpp"
#include "server/watch_events.hpp"

#include <array>
#include <span>
#include <string_view>

namespace rc::server {

namespace {

using proto::Text;
using stats::Metric;

// The reply to a meta or binary look-up.
void append_single(
    const Ask& ask,
    const store::Item& item,
    const proto::MetaFacts& facts,
    Context& context,
    net::Output& out
) {
  if (ask.echo.dialect == proto::Dialect::meta) {
    if (!item) return append_meta_miss(out, ask);
    return append_meta_item(out, context.access, ask, item, facts);
  }
  if (!item) return append_binary_miss(out, ask);
  append_binary_item(out, context.access, ask, item);
}

// Whether the peer is to hear that it shall make the value anew, which has to be noted first.
bool awaits_winner(const store::Item& item) {
  return item && item.stale() && !item.won();
}

// One key's part of the reply. False if the next key should wait for room in the output: only large
// values can fill it, a batch of small ones is bounded by itself.
bool append_answer(GetBatch& batch, std::size_t i, Context& context, net::Output& out) {
  const auto& [key, item] = batch.lookup(i);
  const GetBatch::Mark& mark = batch.mark(i);
  if (mark.dialect != proto::Dialect::classic) {
    const Ask& ask = batch.ask(i);
    const bool tells = item && ask.echo.dialect == proto::Dialect::meta;
    const proto::MetaFacts facts = tells ? facts_of(item, context.now.wall) : proto::MetaFacts();
    append_single(ask, item, facts, context, out);
    return !item || item.value_bytes() <= store::pin_value_min_bytes || !out.full();
  }
  if (!item) {
    if (mark.ends_request()) append_text(out, proto::Text::end);
    return true;
  }
  const ValueForm form{.returns_cas = mark.returns_cas, .ends_request = mark.ends_request()};
  append_value(out, context.access, key, item, form);
  return item.value_bytes() <= store::pin_value_min_bytes || !out.full();
}

// A stale item that nobody has won yet: the peer wins it. To note that may need memory, for which
// the store may let go of the items that were looked up, so those behind are looked up again.
void answer_winner(GetBatch& batch, std::size_t i, Context& context, net::Output& out) {
  const store::FetchTerms terms;
  const store::Fetched fetched = context.access.fetch(batch.lookup(i).key, terms);
  append_fetched(batch.ask(i), terms, fetched, context, out);
  context.access.find_many(batch.lookups().subspan(i + 1));
}

std::size_t answer_gets(GetBatch& batch, Context& context, net::Output& out) {
  context.access.find_many(batch.lookups());
  std::size_t done = 0;
  std::size_t hits = 0;
  for (bool room = true; room && done < batch.size(); ++done) {
    const store::Access::Lookup& lookup = batch.lookup(done);
    if (lookup.item) ++hits;
    context.prefixes.get(lookup.key, static_cast<bool>(lookup.item));
    tell_get(lookup.key, lookup.item, context);
    const bool meta = batch.mark(done).dialect == proto::Dialect::meta;
    if (meta && awaits_winner(lookup.item)) {
      answer_winner(batch, done, context, out);
      room = !out.full();
    } else {
      room = append_answer(batch, done, context, out);
    }
  }
  context.counters.add(Metric::cmd_get, done);
  context.counters.add(Metric::get_hits, hits);
  context.counters.add(Metric::get_misses, done - hits);
  return done;
}

// gat: each key is changed and answered before the next, because a change may need memory, for
// which the store may let go of the items seen before.
std::size_t answer_touches(GetBatch& batch, Context& context, net::Output& out) {
  std::array<std::string_view, GetBatch::keys_max> keys;
  for (std::size_t i = 0; i < batch.size(); ++i) keys[i] = batch.lookup(i).key;
  context.access.look_ahead(std::span(keys).first(batch.size()));
  const auto expiry = store::expiry_from_wire(batch.exptime(), context.now.wall);
  std::size_t done = 0;
  std::size_t hits = 0;
  for (bool room = true; room && done < batch.size(); ++done) {
    store::Access::Lookup& lookup = batch.lookup(done);
    lookup.item = context.access.touch(lookup.key, expiry);
    if (lookup.item) ++hits;
    context.prefixes.get(lookup.key, static_cast<bool>(lookup.item));
    tell_get(lookup.key, lookup.item, context);
    room = append_answer(batch, done, context, out);
  }
  context.counters.add(Metric::cmd_touch, done);
  context.counters.add(Metric::touch_hits, hits);
  context.counters.add(Metric::touch_misses, done - hits);
  return done;
}

}  // namespace

void append_fetched(
    const Ask& ask,
    const store::FetchTerms& terms,
    const store::Fetched& fetched,
    Context& context,
    net::Output& out
) {
  if (fetched.outcome == store::Fetched::Outcome::out_of_memory) {
    if (ask.echo.dialect == proto::Dialect::meta) return append_text(out, Text::no_memory_getting);
    return append_binary_error(out, ask.echo, proto::Status::out_of_memory);
  }
  if (!fetched.item) return append_single(ask, {}, {}, context, out);
  proto::MetaFacts facts = facts_of(fetched.item, context.now.wall);
  facts.ttl_before_s = store::seconds_left(fetched.expiry_before, context.now.wall);
  const bool created = fetched.outcome == store::Fetched::Outcome::created;
  tell_changes_of_time(facts, terms.touch, created ? terms.vivify : std::nullopt, context.now.wall);
  facts.idle_s = fetched.idle_s;
  facts.was_fetched = fetched.was_fetched;
  facts.won = fetched.won;
  facts.was_won = fetched.was_won;
  append_single(ask, fetched.item, facts, context, out);
}

std::size_t answer_batch(GetBatch& batch, Context& context, net::Output& out) {
  RC_ASSERT(!batch.empty());
  return batch.touches() ? answer_touches(batch, context, out) : answer_gets(batch, context, out);
}

}  // namespace rc::server
