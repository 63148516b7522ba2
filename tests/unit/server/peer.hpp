// A node without sockets for the tests of the server room: a real store behind a real ServerSink,
// and peers that do what net does with a connection: keep what was not consumed, come again after a
// yield, wait while the output is full, and release pinned bytes once they are sent.
#pragma once

#include "net/sink.hpp"
#include "server/node.hpp"
#include "server/server_sink.hpp"
#include "store/access.hpp"
#include "store/store.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rc::server_test {

// The replies of one connection; pinned pieces stay references until drain() as they do in net.
class StringOutput final : public net::Output {
 public:
  explicit StringOutput(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void append_pinned(std::string_view bytes, net::PinToken token, bool last) override {
    close_buffer();
    // The pieces of a value come one behind the other and only the last one releases it.
    RC_ASSERT(open_token_ == 0 || open_token_ == token);
    open_token_ = last ? 0 : token;
    segments_.push_back({.copied = {}, .pinned = bytes, .token = token, .releases = last});
    pending_bytes_ += bytes.size();
  }

  [[nodiscard]] std::size_t pending_bytes() const override {
    return pending_bytes_ + static_cast<std::size_t>(cursor_ - begin_);
  }
  [[nodiscard]] bool full() const override { return pending_bytes() > limit_bytes_; }

  // Everything appended so far is sent: hands it over and gives the pins back.
  std::string drain(net::Sink& sink) {
    close_buffer();
    RC_ASSERT(open_token_ == 0);
    std::string sent;
    for (const Segment& segment : segments_) {
      sent += segment.copied;
      sent += segment.pinned;
      if (segment.releases) sink.on_released(segment.token);
    }
    segments_.clear();
    pending_bytes_ = 0;
    return sent;
  }

 private:
  struct Segment {
    std::string copied;
    std::string_view pinned;
    net::PinToken token = 0;
    bool releases = false;
  };

  char* grow(std::size_t bytes) override {
    close_buffer();
    // Small on purpose, so that replies often need another buffer.
    buffer_ = std::make_unique<char[]>(bytes + 64);
    begin_ = cursor_ = buffer_.get();
    end_ = begin_ + bytes + 64;
    return cursor_;
  }

  void close_buffer() {
    if (cursor_ == begin_) return;
    const auto bytes = static_cast<std::size_t>(cursor_ - begin_);
    segments_.push_back({.copied = std::string(begin_, bytes), .pinned = {}});
    pending_bytes_ += bytes;
    begin_ = cursor_;
  }

  std::size_t limit_bytes_;
  std::size_t pending_bytes_ = 0;
  net::PinToken open_token_ = 0;
  std::deque<Segment> segments_;
  std::unique_ptr<char[]> buffer_;
  char* begin_ = nullptr;
};

struct NodeOptions {
  std::uint64_t memory_bytes = 64 * mib;
  std::uint64_t item_size_max_bytes = mib;
  bool evict = true;
  std::uint32_t idle_timeout_s = 0;
  bool allow_dump = true;
  bool allow_watch = true;
  std::uint64_t slots = 4096;
};

class TestNode {
 public:
  explicit TestNode(const NodeOptions& options = {})
      : settings_(settings_of(options)),
        store_(make_store(options)),
        node_(settings_, *store_, UnixSeconds{start_s}),
        access_(*store_, node_.worker(0).counters),
        sink_(node_, 0, access_) {}

  static constexpr std::uint32_t start_s = 1'800'000'000;

  [[nodiscard]] server::ServerSink& sink() { return sink_; }
  [[nodiscard]] server::Node& node() { return node_; }
  [[nodiscard]] std::uint64_t counted(stats::Metric metric) const {
    return node_.since_reset()[metric];
  }

  void begin_turn() { sink_.on_turn_begin({.wall = UnixSeconds{now_s_}, .monotonic_ns = 0}); }
  void end_turn() { sink_.on_turn_end(); }
  void pass(std::uint32_t seconds) { now_s_ += seconds; }

 private:
  static server::Settings settings_of(const NodeOptions& options) {
    server::Settings settings;
    settings.memory_bytes = options.memory_bytes;
    settings.item_size_max_bytes = options.item_size_max_bytes;
    settings.evict = options.evict;
    settings.idle_timeout_s = options.idle_timeout_s;
    settings.allow_dump = options.allow_dump;
    settings.allow_watch = options.allow_watch;
    return settings;
  }
  static std::unique_ptr<store::Store> make_store(const NodeOptions& options) {
    store::Options store_options;
    store_options.limit_bytes = options.memory_bytes;
    store_options.item_size_max_bytes = options.item_size_max_bytes;
    store_options.evict = options.evict;
    store_options.huge_pages = false;
    store_options.slots = options.slots;
    store_options.hash_seed = 1;
    Result<std::unique_ptr<store::Store>> store = store::Store::create(store_options);
    RC_ASSERT(store.ok());
    return std::move(store).value();
  }

  server::Settings settings_;
  std::unique_ptr<store::Store> store_;
  server::Node node_;
  store::Access access_;
  server::ServerSink sink_;
  std::uint32_t now_s_ = start_s;
};

// One connection.
class Peer {
 public:
  static constexpr std::size_t output_limit = 256 * kib;
  explicit Peer(
      TestNode& node,
      std::size_t output_limit_bytes = output_limit,
      std::string_view listener = "127.0.0.1:11211"
  )
      : node_(node), output_(output_limit_bytes) {
    session_ = node_.sink().on_open(
        {.id = 7, .is_unix = false, .peer = "127.0.0.1:4711", .listener = listener}
    );
  }
  ~Peer() { node_.sink().on_close(session_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // The bytes arrive together; goes on until the server waits for more.
  void send(std::string_view bytes) {
    input_ += bytes;
    while (!closed_ && visit()) {
    }
  }

  // What has been answered since the last call.
  std::string replies() {
    received_ += output_.drain(node_.sink());
    return std::exchange(received_, {});
  }

  std::string talk(std::string_view bytes) {
    send(bytes);
    return replies();
  }

  // What net says before it closes; the destructor does the rest.
  void end(net::Ending why) { node_.sink().on_ending(session_, why); }

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t yields() const { return yields_; }
  [[nodiscard]] std::size_t blocks() const { return blocks_; }
  [[nodiscard]] std::size_t pending_max() const { return pending_max_; }

 private:
  // One turn; true if another is due without new bytes.
  bool visit() {
    // In a heap block of its own length, so that ASan sees a parser that reads too far.
    const std::vector<char> given(input_.begin(), input_.end());
    node_.begin_turn();
    const net::Consumed consumed =
        node_.sink().on_bytes(session_, std::string_view(given.data(), given.size()), output_);
    node_.end_turn();
    RC_ASSERT(consumed.bytes <= given.size());
    input_.erase(0, consumed.bytes);
    pending_max_ = std::max(pending_max_, output_.pending_bytes());
    switch (consumed.next) {
      case net::Next::receive:
      case net::Next::wait:
        return false;
      case net::Next::yield:
        ++yields_;
        return true;
      case net::Next::blocked:
        RC_ASSERT(output_.full());
        ++blocks_;
        received_ += output_.drain(node_.sink());
        return true;
      case net::Next::close:
      case net::Next::abort:
        closed_ = true;
        return false;
    }
    return false;
  }

  TestNode& node_;
  StringOutput output_;
  void* session_ = nullptr;
  std::string input_;
  std::string received_;
  bool closed_ = false;
  std::size_t yields_ = 0;
  std::size_t blocks_ = 0;
  std::size_t pending_max_ = 0;
};

}  // namespace rc::server_test
