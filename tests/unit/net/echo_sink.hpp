// A sink that answers every line with the same line, and a counted block of bytes with the same
// bytes, while it does in random order everything a sink may do: yield, be blocked, pin what it
// sends, take bytes as they come. What it echoes is therefore what it received, once, in order.
#pragma once

#include "base/assert.hpp"
#include "base/numbers.hpp"
#include "net/sink.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rc::net {

// "#<n>\n" announces n bytes that are no lines. Lines are echoed when they are complete, blocks
// as they come. A line "quit\n" is answered and closes,
// "nap\n" takes a while, and after "bored\n" the connection is idle. After "tick\n" it says
// "tock\n" three times unasked, in calls of Next::wait.
class EchoSink final : public Sink {
 public:
  explicit EchoSink(std::uint64_t seed, double mischief = 0) : random_(seed), mischief_(mischief) {}

  void on_turn_begin(const Instant&) override {
    RC_ASSERT(!is_in_turn);
    is_in_turn = true;
  }
  void on_turn_end() override {
    RC_ASSERT(is_in_turn);
    is_in_turn = false;
    ahead_.clear();
  }

  void look_ahead(std::span<const std::string_view> inputs) override {
    RC_ASSERT(is_in_turn);
    RC_ASSERT(inputs.size() >= 2 && inputs.size() <= look_ahead_max);
    ahead_.assign(inputs.begin(), inputs.end());
  }

  void* on_open(const ConnInfo& info) override {
    RC_ASSERT(is_in_turn);
    auto* session = new Session{.id = info.id, .peer = std::string(info.peer)};
    RC_ASSERT(ids.insert(info.id).second);
    sessions.insert(session);
    ++opened;
    return session;
  }

  Consumed on_bytes(void* opaque, std::string_view bytes, Output& out) override {
    RC_ASSERT(is_in_turn);
    auto* session = static_cast<Session*>(opaque);
    RC_ASSERT(sessions.contains(session));
    if (was_seen_ahead(bytes)) ++seen_ahead;
    Consumed consumed;
    if (session->tocks_left > 0 && bytes.empty()) {
      out.append("tock\n");
      --session->tocks_left;
      consumed.next = session->tocks_left > 0 ? Next::wait : Next::receive;
      return consumed;
    }
    for (;;) {
      if (out.full()) {
        ++blocked;
        consumed.next = Next::blocked;
        return consumed;
      }
      if (chance(mischief_ / 4)) {
        consumed.next = Next::yield;
        return consumed;
      }
      const std::string_view rest = bytes.substr(consumed.bytes);
      const std::size_t taken = session->block_bytes > 0 ? echo_block(*session, rest, out)
                                                         : echo_line(*session, rest, out);
      if (taken == 0) return consumed;
      consumed.bytes += taken;
      if (session->tocks_left > 0) {
        consumed.next = Next::wait;
        return consumed;
      }
      if (session->has_quit) {
        consumed.next = Next::close;
        return consumed;
      }
    }
  }

  void on_released(PinToken token) override {
    RC_ASSERT(is_in_turn);
    RC_ASSERT(pinned.erase(token) == 1);
  }

  void on_ending(void* opaque, Ending why) override {
    RC_ASSERT(is_in_turn);
    RC_ASSERT(sessions.contains(static_cast<Session*>(opaque)));
    ++endings[why];
  }

  void on_close(void* opaque) override {
    RC_ASSERT(is_in_turn);
    auto* session = static_cast<Session*>(opaque);
    RC_ASSERT(sessions.erase(session) == 1);
    ids.erase(session->id);
    ++closed;
    delete session;
  }

  bool wants_slow_readers_closed() const override { return is_short_of_memory; }
  bool is_idle(const void* opaque) const override {
    return static_cast<const Session*>(opaque)->is_bored;
  }

  struct Session {
    std::uint32_t id;
    std::string peer;
    std::size_t block_bytes = 0;
    bool has_quit = false;
    bool is_bored = false;  // has said so, and nothing since
    int tocks_left = 0;
  };

  std::set<Session*> sessions;
  std::set<std::uint32_t> ids;
  std::map<PinToken, std::unique_ptr<std::string>> pinned;
  std::map<Ending, std::uint64_t> endings;
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t blocked = 0;
  std::uint64_t seen_ahead = 0;  // inputs that look_ahead was told of, and that came then
  std::size_t longest_offer = 0;
  bool is_in_turn = false;
  bool is_short_of_memory = false;

 private:
  // They come in their order, but some come joined to others, or later.
  bool was_seen_ahead(std::string_view bytes) {
    for (std::size_t i = 0; i < ahead_.size(); ++i) {
      if (ahead_[i].data() != bytes.data() || ahead_[i] != bytes) continue;
      ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return true;
    }
    return false;
  }

  bool chance(double probability) {
    return probability > 0 && std::uniform_real_distribution<>(0, 1)(random_) < probability;
  }

  std::size_t echo_block(Session& session, std::string_view bytes, Output& out) {
    std::size_t taken = std::min(bytes.size(), session.block_bytes);
    if (taken > 1 && chance(mischief_ / 2)) taken = 1 + random_() % taken;
    send(bytes.substr(0, taken), out);
    session.block_bytes -= taken;
    return taken;
  }

  std::size_t echo_line(Session& session, std::string_view bytes, Output& out) {
    longest_offer = std::max(longest_offer, bytes.size());
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return 0;
    const std::string_view line = bytes.substr(0, end);
    if (line.starts_with('#')) {
      session.block_bytes = parse_number<std::size_t>(line.substr(1)).value_or(0);
    }
    session.has_quit = line == "quit";
    session.is_bored = line == "bored";
    if (line == "tick") session.tocks_left = 3;
    // The loop is busy, and completions pile up.
    if (line == "nap") std::this_thread::sleep_for(std::chrono::milliseconds(30));
    send(bytes.substr(0, end + 1), out);
    return end + 1;
  }

  void send(std::string_view bytes, Output& out) {
    if (!chance(mischief_)) return out.append(bytes);
    const PinToken token = ++last_token_;
    auto copy = std::make_unique<std::string>(bytes);
    const std::string_view view = *copy;
    pinned.emplace(token, std::move(copy));
    const std::size_t cut = random_() % (view.size() + 1);
    out.append_pinned(view.substr(0, cut), token, false);
    out.append_pinned(view.substr(cut), token, true);
  }

  std::mt19937_64 random_;
  double mischief_;
  PinToken last_token_ = 0;
  std::vector<std::string_view> ahead_;
};

}  // namespace rc::net
