// `stats conns`: the open connections of all workers.
#include "base/assert.hpp"
#include "server/stats_sections.hpp"

namespace rc::server {

namespace {

// memcached's names of the nearest states of its own.
std::string_view state_name(Phase phase) {
  switch (phase) {
    case Phase::greeting:
      return "conn_new_cmd";
    case Phase::commands:
      return "conn_read";
    case Phase::keys:
      return "conn_mwrite";
    case Phase::value:
      return "conn_nread";
    case Phase::swallow:
      return "conn_swallow";
    case Phase::dump:
    case Phase::watch:
      return "conn_watch";
  }
  RC_ASSERT(false && "a phase of no kind");
  return {};
}

void write_connection(
    StatWriter& writer,
    const ConnectionRecord& record,
    const std::string& listener,
    std::uint32_t now_s
) {
  const std::string prefix = std::to_string(record.id) + ":";
  const std::string transport = record.is_unix ? "unix:" : "tcp:";
  // Relaxed: see ConnectionRecord.
  const std::uint32_t active_s = record.last_active_s.load(std::memory_order_relaxed);
  writer.line(prefix, "addr", transport + record.peer);
  writer.line(prefix, "listen_addr", transport + listener);
  writer.line(prefix, "state", state_name(record.phase.load(std::memory_order_relaxed)));
  writer.line(prefix, "secs_since_last_cmd", now_s > active_s ? now_s - active_s : 0);
}

}  // namespace

void write_conns_stats(StatWriter& writer, const Node& node, UnixSeconds now) {
  for (std::uint32_t i = 0; i < node.worker_count(); ++i) {
    node.worker(i).connections.for_each([&](const ConnectionRecord& record,
                                            const std::string& listener) {
      write_connection(writer, record, listener, count(now));
    });
  }
}

}  // namespace rc::server
