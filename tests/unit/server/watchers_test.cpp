#include "server/watchers.hpp"

#include "base/assert.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::server::mask_of;
using rc::server::read_watch_order;
using rc::server::Watch;
using rc::server::Watcher;
using rc::server::Watchers;

constexpr std::size_t small_bytes = Watchers::buffer_min_bytes;

// What a watcher was sent; a peer that does not read leaves it all pending.
class TextOutput final : public rc::net::Output {
 public:
  void append_pinned(std::string_view, rc::net::PinToken, bool) override { RC_ASSERT(false); }
  [[nodiscard]] std::size_t pending_bytes() const override { return text_.size() + unsaved(); }
  [[nodiscard]] bool full() const override { return false; }

  std::string take() {
    save();
    std::string taken;
    taken.swap(text_);
    return taken;
  }

 private:
  char* grow(std::size_t) override {
    save();
    cursor_ = block_.data();
    end_ = cursor_ + block_.size();
    return cursor_;
  }
  [[nodiscard]] std::size_t unsaved() const {
    return cursor_ == nullptr ? 0 : static_cast<std::size_t>(cursor_ - block_.data());
  }
  void save() {
    text_.append(block_.data(), unsaved());
    cursor_ = end_ = nullptr;
  }

  std::string block_ = std::string(reserve_max_bytes, '\0');
  std::string text_;
};

std::string drained(Watcher& watcher) {
  TextOutput out;
  watcher.drain(out);
  return out.take();
}

// Lines of this test all look like "0123456789 0123456789\n", so that a torn one is seen.
bool are_whole(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.substr(0, 8) == "skipped=") continue;
    const std::size_t half = line.size() / 2;
    if (line.size() % 2 == 0 || line[half] != ' ') return false;
    if (line.substr(0, half) != line.substr(half + 1)) return false;
  }
  return true;
}

}  // namespace

TEST_SUITE("server/watchers") {
  TEST_CASE("an order names what is watched, and one unknown word spoils it") {
    CHECK(read_watch_order("") == mask_of(Watch::fetchers));
    CHECK(read_watch_order("  ") == mask_of(Watch::fetchers));
    CHECK(read_watch_order(" mutations") == mask_of(Watch::mutations));
    CHECK(read_watch_order(" deletions  connevents") == 24);
    CHECK(read_watch_order(" fetchers mutations evictions deletions connevents") == 31);
    CHECK(read_watch_order(" rawcmds") == 0);
    CHECK(read_watch_order(" sysevents proxyreqs proxyevents proxyuser") == 0);
    CHECK_FALSE(read_watch_order(" fetchers all"));
    CHECK_FALSE(read_watch_order(" Fetchers"));
  }

  TEST_CASE("the mask is what all watch together, while they do") {
    Watchers all(small_bytes);
    CHECK(all.mask() == 0);
    auto first = all.join(mask_of(Watch::fetchers));
    auto second = all.join(mask_of(Watch::evictions));
    CHECK(all.mask() == (mask_of(Watch::fetchers) | mask_of(Watch::evictions)));
    CHECK(all.count() == 2);
    first.reset();
    CHECK(all.mask() == mask_of(Watch::evictions));
    second.reset();
    CHECK(all.mask() == 0);
    CHECK(all.count() == 0);
  }

  TEST_CASE("a line goes to those who watch its kind, and to nobody else") {
    Watchers all(small_bytes);
    const auto reader = all.join(mask_of(Watch::fetchers));
    const auto writer = all.join(mask_of(Watch::mutations));
    const Watchers::Told told = all.tell(Watch::fetchers, "one\n");
    CHECK(told.written == 1);
    CHECK(told.skipped == 0);
    static_cast<void>(all.tell(Watch::fetchers, "two\n"));
    CHECK(drained(*reader) == "one\ntwo\n");
    CHECK(drained(*reader).empty());
    CHECK(drained(*writer).empty());
  }

  TEST_CASE("there may be twenty watchers and no more") {
    Watchers all(small_bytes);
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (int i = 0; i < 20; ++i) watchers.push_back(all.join(mask_of(Watch::fetchers)));
    CHECK(watchers.back() != nullptr);
    CHECK(all.join(mask_of(Watch::mutations)) == nullptr);
    CHECK(all.mask() == mask_of(Watch::fetchers));
    watchers.pop_back();
    CHECK(all.join(mask_of(Watch::mutations)) != nullptr);
  }

  TEST_CASE("lines go round the end of the buffer and come out as they went in") {
    Watchers all(small_bytes);
    const auto watcher = all.join(mask_of(Watch::fetchers));
    for (int i = 0; i < 5000; ++i) {
      const std::string line = std::string(static_cast<std::size_t>(i % 700), 'x') + "\n";
      REQUIRE(all.tell(Watch::fetchers, line).written == 1);
      REQUIRE(all.tell(Watch::fetchers, "and\n").written == 1);
      REQUIRE(drained(*watcher) == line + "and\n");
    }
  }

  TEST_CASE("what does not fit is counted, and the count stands where it would have been") {
    Watchers all(small_bytes);
    const auto watcher = all.join(mask_of(Watch::fetchers));
    const std::string large = std::string(1999, 'x') + "\n";
    CHECK(all.tell(Watch::fetchers, large).written == 1);
    CHECK(all.tell(Watch::fetchers, large).written == 1);
    CHECK(all.tell(Watch::fetchers, large).skipped == 1);
    // It would fit, but it comes after what did not.
    CHECK(all.tell(Watch::fetchers, "s\n").skipped == 1);
    CHECK(drained(*watcher) == large + large + "skipped=2\n");
    CHECK(all.tell(Watch::fetchers, "s\n").written == 1);
    CHECK(drained(*watcher) == "s\n");
  }

  TEST_CASE("one that does not read gets no more output than a bound, whatever is told") {
    Watchers all(small_bytes);
    const auto watcher = all.join(mask_of(Watch::fetchers));
    const std::string line = std::string(99, 'x') + "\n";
    TextOutput out;
    std::uint64_t written = 0;
    std::uint64_t skipped = 0;
    for (int i = 0; i < 20'000; ++i) {
      const Watchers::Told told = all.tell(Watch::fetchers, line);
      written += told.written;
      skipped += told.skipped;
      if (i % 10 == 0) watcher->drain(out);
    }
    CHECK(out.pending_bytes() < 300 * 1024);
    CHECK(skipped > 10'000);
    CHECK(written + skipped == 20'000);
    std::string text = out.take();
    text += drained(*watcher);
    CHECK(text == [&] {
      std::string expected;
      for (std::uint64_t i = 0; i < written; ++i) expected += line;
      return expected + "skipped=" + std::to_string(skipped) + "\n";
    }());
  }

  TEST_CASE("watchers come and go while others tell, and no line is torn") {
    Watchers all(small_bytes);
    std::atomic<bool> stop{false};
    std::vector<std::thread> tellers;
    for (int t = 0; t < 3; ++t) {
      tellers.emplace_back([&all, &stop, t] {
        const std::string half(static_cast<std::size_t>(10 + 30 * t), static_cast<char>('a' + t));
        const std::string line = half + " " + half + "\n";
        // Relaxed: it only ends the loop.
        while (!stop.load(std::memory_order_relaxed)) {
          if (all.mask() != 0) static_cast<void>(all.tell(Watch::mutations, line));
          static_cast<void>(all.next_id());
        }
      });
    }
    std::size_t bytes = 0;
    for (int i = 0; i < 100; ++i) {
      const auto brief = all.join(mask_of(Watch::mutations));
      const auto other = all.join(mask_of(Watch::mutations));
      for (int visits = 0; visits < 3; ++visits) {
        const std::string text = drained(*brief) + drained(*other);
        REQUIRE(are_whole(text));
        bytes += text.size();
        std::this_thread::yield();
      }
    }
    while (bytes == 0) {
      const auto last = all.join(mask_of(Watch::mutations));
      std::this_thread::yield();
      bytes += drained(*last).size();
    }
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& teller : tellers) teller.join();
    CHECK(all.count() == 0);
    CHECK(bytes > 0);
  }
}
