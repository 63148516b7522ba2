// One connection's conversation: what it has asked for so far and how far the answer is.
//
// on_bytes() is called with all bytes not yet consumed and goes as far as it can: it collects the
// retrievals at the head of the input into batches, executes everything else in its order, lets
// values flow into the store as they arrive, and stops when the input, the connection's share of
// the turn or the room in the output ends. What it needs to go on is in this class; all scratch
// space is the worker's. Replies come in the order of the requests, and a get behind a set in one
// pipeline sees what the set stored.
// Thread: the owning worker, inside a turn.
#pragma once

#include "net/sink.hpp"
#include "proto/classic_parse.hpp"
#include "proto/request.hpp"
#include "server/connection_list.hpp"
#include "server/context.hpp"
#include "server/dump.hpp"
#include "server/pending_store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace rc::server {

class Session {
 public:
  // `allowed` is what may be spoken where the peer came in.
  explicit Session(Protocol allowed) : allowed_(allowed) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] net::Consumed on_bytes(std::string_view bytes, net::Output& out, Context& context);

  // The connection is gone: a value that was arriving is dropped.
  void on_close(Context& context);

  [[nodiscard]] ConnectionRecord& record() { return record_; }
  [[nodiscard]] const ConnectionRecord& record() const { return record_; }

  [[nodiscard]] bool is_watching() const { return phase() == Phase::watch; }
  // The connection ends because of what its peer sent.
  [[nodiscard]] bool broke_off() const { return broke_off_; }

 private:
  struct Visit;
  // Nothing: go on. Otherwise what to tell net.
  using Step = std::optional<net::Next>;

  [[nodiscard]] Step advance(Visit& visit);
  [[nodiscard]] Step greet(const Visit& visit);
  [[nodiscard]] Step serve(Visit& visit);
  [[nodiscard]] Step act(Visit& visit, const proto::Parsed& parsed, const proto::Request& request);
  static void look_ahead(Visit& visit, std::size_t bytes);
  [[nodiscard]] Step skip_value(Visit& visit);
  [[nodiscard]] Step receive_value(Visit& visit);
  [[nodiscard]] bool begin_dump(Visit& visit, const proto::Request& request);
  [[nodiscard]] Step go_on_dumping(Visit& visit);
  void begin_watch(Visit& visit, const proto::Request& request);
  [[nodiscard]] Step go_on_watching(Visit& visit);

  [[nodiscard]] proto::Parsed collect(const Visit& visit, proto::Request& request) const;
  void refuse(Visit& visit, const proto::Parsed& parsed, const proto::Request& request) const;
  void collect_rest_of_line(const Visit& visit) const;
  [[nodiscard]] bool answer(Visit& visit);
  void begin_value(Visit& visit, const proto::Request& request);
  void finish_value(Visit& visit, store::Draft&& draft, const StoreTerms& terms);
  void commit(Visit& visit, const GetBatch& batch, std::size_t keys_done);
  void consume(Visit& visit, std::size_t bytes);

  // Relaxed throughout: see ConnectionRecord.
  [[nodiscard]] Phase phase() const { return record_.phase.load(std::memory_order_relaxed); }
  void set_phase(Phase phase) { record_.phase.store(phase, std::memory_order_relaxed); }

  ConnectionRecord record_;
  Protocol allowed_;
  // The peer speaks the binary protocol; settled by the first byte, for good.
  bool binary_ = false;
  bool broke_off_ = false;
  std::unique_ptr<PendingStore> pending_;  // Phase::value
  std::unique_ptr<Dump> dump_;             // Phase::dump
  std::unique_ptr<Watcher> watcher_;       // Phase::watch
  // Phase::keys: bytes of the line that are left; Phase::swallow: bytes of the value to skip.
  std::uint32_t left_ = 0;
  // How much of the unconsumed input is known to hold no newline.
  std::uint32_t searched_ = 0;
  // Phase::keys: what the retrieval asked for.
  std::int32_t exptime_ = 0;
  bool touches_ = false;
  bool returns_cas_ = false;
};

// Ten thousand idle connections are to cost little, and this is what one holds here.
static_assert(sizeof(Session) <= 128);

}  // namespace rc::server
