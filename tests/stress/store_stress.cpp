// Several threads over a small store with few keys, colliding hashes, eviction, relocation, expiry
// and flushes. Every value says whose it is and carries a checksum, so a torn value, a freed one
// or another key's is noticed whoever reads it. Built with RC_POISON and the sanitizers it also
// notices memory that is used after it was freed.
//
// Usage: store_stress [threads] [seed]; RC_STRESS_SECONDS says how long.
#include "base/bytes.hpp"
#include "store/access.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace rc::store {
namespace {

constexpr std::uint32_t keys = 3'000;
constexpr std::uint32_t block_value_max = 150'000;

[[noreturn]] void fail(const char* what, std::string_view key) {
  std::fprintf(
      stderr, "store_stress: %s, key %.*s\n", what, static_cast<int>(key.size()), key.data()
  );
  std::abort();
}

// A value is a sequence of blocks, so that appending and prepending keep it verifiable.
struct BlockHeader {
  std::uint32_t key_number = 0;
  std::uint32_t bytes = 0;  // of payload
  std::uint32_t salt = 0;
  std::uint32_t check = 0;
};

std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16U;
  x *= 0x7FEB352DU;
  x ^= x >> 15U;
  x *= 0x846CA68BU;
  return x ^ (x >> 16U);
}

std::uint32_t check_of(const BlockHeader& h) {
  return mix(h.key_number ^ mix(h.bytes ^ mix(h.salt)));
}

std::string make_block(std::uint32_t key_number, std::uint32_t bytes, std::uint32_t salt) {
  BlockHeader header{.key_number = key_number, .bytes = bytes, .salt = salt};
  header.check = check_of(header);
  std::string block(sizeof(header) + bytes, '\0');
  std::memcpy(block.data(), &header, sizeof(header));
  for (std::uint32_t i = 0; i < bytes; ++i) {
    block[sizeof(header) + i] = static_cast<char>((salt + i * 7 + i / 256) & 0xFFU);
  }
  return block;
}

void verify(const Item& item, std::uint32_t key_number, std::string_view key) {
  std::string value;
  item.for_each_piece([&](std::string_view piece) { value += piece; });
  if (value.size() != item.value_bytes()) fail("wrong length", key);
  std::string_view rest = value;
  while (!rest.empty()) {
    BlockHeader header;
    if (rest.size() < sizeof(header)) fail("torn header", key);
    std::memcpy(&header, rest.data(), sizeof(header));
    if (header.check != check_of(header)) fail("bad checksum", key);
    if (header.key_number != key_number) fail("another key's value", key);
    if (rest.size() < sizeof(header) + header.bytes) fail("torn block", key);
    if (rest.substr(0, sizeof(header) + header.bytes) !=
        make_block(key_number, header.bytes, header.salt)) {
      fail("torn payload", key);
    }
    rest.remove_prefix(sizeof(header) + header.bytes);
  }
}

class Thread {
 public:
  Thread(
      Store& store, const std::atomic<bool>& stop, std::atomic<std::uint32_t>& clock, unsigned seed
  )
      : store_(store), access_(store, counters_), stop_(stop), clock_(clock), random_(seed) {}

  void run() {
    while (!stop_.load(std::memory_order_relaxed)) turn();
    for (const Pinned& pin : pins_) access_.release(pin.token);
  }

  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] stats::Snapshot counts() const { return counters_.read(); }

 private:
  // A pinned item: its bytes are checked when it is released, long after its end.
  struct Pinned {
    PinToken token{};
    Item item;
    std::uint32_t key_number = 0;
  };
  // A value on its way over several turns.
  struct Upload {
    Draft draft;
    std::string value;
    std::size_t sent = 0;
  };

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_()) % n; }

  void turn() {
    now_ = UnixSeconds{clock_.load(std::memory_order_relaxed)};
    access_.begin_turn(now_);
    for (std::uint32_t i = below(20); i > 0; --i) operate();
    access_.background_step();
    access_.end_turn();
    if (below(500) == 0) clock_.fetch_add(1, std::memory_order_relaxed);
    release_old();
  }

  // Few keys are used much, many little.
  std::uint32_t some_key() { return below(4) != 0 ? below(50) : below(keys); }

  std::uint32_t some_bytes() {
    if (below(50) == 0) return below(block_value_max);
    return below(4) == 0 ? below(9'000) : below(400);
  }

  Expiry some_expiry() {
    return below(3) == 0 ? expiry_from_wire(1 + below(3), now_) : Expiry::never;
  }

  void operate() {
    ++operations_;
    const std::uint32_t number = some_key();
    const std::string key = "key" + std::to_string(number);
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        return put(key, number, Mode::set);
      case 3:
        return put(key, number, static_cast<Mode>(below(6)));
      case 4:
        return static_cast<void>(access_.erase(key));
      case 5:
        if (const Item item = access_.touch(key, some_expiry())) verify(item, number, key);
        return;
      case 6:
        return count();
      case 7:
        if (below(3'000) == 0) access_.flush_all(UnixSeconds{count_of(now_) + below(2)});
        return;
      case 8:
        return pin(key, number);
      case 9:
        return upload(key, number);
      default:
        return get_many();
    }
  }

  static std::uint32_t count_of(UnixSeconds s) { return rc::count(s); }

  void put(const std::string& key, std::uint32_t number, Mode mode) {
    std::uint32_t bytes = some_bytes();
    if (mode == Mode::append || mode == Mode::prepend) bytes = below(300);
    const std::string block = make_block(number, bytes, below(1'000'000));
    Reservation r =
        access_.reserve(key, below(2), some_expiry(), static_cast<std::uint32_t>(block.size()));
    if (r.outcome != Outcome::stored) {
      const Figures f = store_.figures();
      std::fprintf(
          stderr,
          "items %llu, chunks %llu, limbo %llu, pinned %llu, arena %llu used %llu\n",
          static_cast<unsigned long long>(f.curr_items),
          static_cast<unsigned long long>(f.chunk_bytes),
          static_cast<unsigned long long>(f.limbo_bytes),
          static_cast<unsigned long long>(f.pinned_dead_bytes),
          static_cast<unsigned long long>(f.arena_bytes),
          static_cast<unsigned long long>(f.arena_used_bytes)
      );
      fail("no memory for a store", key);
    }
    r.draft.append(block);
    std::uint64_t cas = 1;
    if (const Item item = access_.find(key)) cas = item.cas();
    if (mode == Mode::append || mode == Mode::prepend) cas = 0;
    const WriteTerms terms{.mode = mode, .cas_unique = cas};
    if (access_.store(std::move(r.draft), terms).outcome == Outcome::out_of_memory) {
      fail("no memory to store", key);
    }
  }

  // Counters have keys of their own. They only grow while they live, in steps of one.
  void count() {
    const std::string key = "counter" + std::to_string(below(5));
    const Arithmetic a = access_.add(key, 1, Direction::increment);
    if (a.outcome == Arithmetic::Outcome::non_numeric) fail("a counter became text", key);
    if (a.outcome != Arithmetic::Outcome::not_found) return;
    Reservation r = access_.reserve(key, 0, Expiry::never, 1);
    if (r.outcome != Outcome::stored) fail("no memory for a counter", key);
    r.draft.append(std::string_view("0"));
    static_cast<void>(access_.store(std::move(r.draft), {.mode = Mode::add}));
  }

  void get_many() {
    std::array<std::string, 40> names;
    std::array<std::uint32_t, 40> numbers{};
    std::vector<Access::Lookup> lookups;
    for (std::size_t i = 0; i < 1 + below(39); ++i) {
      numbers[i] = some_key();
      names[i] = "key" + std::to_string(numbers[i]);
      lookups.push_back({.key = names[i], .item = {}});
    }
    access_.find_many(lookups);
    for (std::size_t i = 0; i < lookups.size(); ++i) {
      if (lookups[i].item && lookups[i].item.key() != names[i]) fail("another key", names[i]);
      if (lookups[i].item) verify(lookups[i].item, numbers[i], names[i]);
    }
  }

  void pin(const std::string& key, std::uint32_t number) {
    const Item item = access_.find(key);
    if (!item) return;
    if (const auto token = access_.pin(item)) pins_.push_back({*token, item, number});
  }

  // Outside a turn: only the pin keeps the bytes.
  void release_old() {
    while (pins_.size() > 8) {
      verify(pins_.front().item, pins_.front().key_number, "pinned");
      access_.release(pins_.front().token);
      pins_.pop_front();
    }
  }

  void upload(const std::string& key, std::uint32_t number) {
    if (!upload_.draft) {
      upload_.value = make_block(number, some_bytes(), below(1'000'000));
      upload_.sent = 0;
      Reservation r =
          access_.reserve(key, 0, some_expiry(), static_cast<std::uint32_t>(upload_.value.size()));
      if (r.outcome == Outcome::stored) upload_.draft = std::move(r.draft);
      return;
    }
    const std::string_view rest = std::string_view(upload_.value).substr(upload_.sent);
    upload_.sent += upload_.draft.append(rest.substr(0, 1 + below(20'000)));
    if (upload_.draft.remaining() != 0) return;
    if (below(5) == 0) {
      upload_.draft = {};
      return;
    }
    static_cast<void>(access_.store(std::move(upload_.draft), {}));
  }

  Store& store_;
  stats::Counters counters_;
  Access access_;
  const std::atomic<bool>& stop_;
  std::atomic<std::uint32_t>& clock_;
  std::mt19937 random_;
  UnixSeconds now_{};
  std::deque<Pinned> pins_;
  Upload upload_;
  std::uint64_t operations_ = 0;
};

int run(int seconds, unsigned threads, unsigned seed) {
  Options options;
  options.limit_bytes = 8 * mib;
  options.workers_max = threads;
  options.hash_mask = 0xFF00'0000'0000'003FU;
  auto made = Store::create(options);
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message.c_str());
    return 1;
  }
  Store& store = *made.value();
  std::printf("store_stress: seed %u, %u threads, %d s\n", seed, threads, seconds);
  std::atomic<bool> stop{false};
  std::atomic<std::uint32_t> clock{1'700'000'000};
  std::vector<std::unique_ptr<Thread>> work;
  for (unsigned i = 0; i < threads; ++i) {
    work.push_back(std::make_unique<Thread>(store, stop, clock, seed + i));
  }
  std::vector<std::thread> running;
  for (const auto& w : work) running.emplace_back([&w] { w->run(); });
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& t : running) t.join();

  std::uint64_t operations = 0;
  stats::Snapshot counts;
  for (const auto& w : work) {
    operations += w->operations();
    counts += w->counts();
  }
  work.clear();
  store.check_invariants();
  const Figures f = store.figures();
  if (f.limbo_bytes != 0 || f.pinned_dead_bytes != 0) fail("memory left over", "");
  using stats::Metric;
  std::printf(
      "%llu operations, %llu items, %llu evictions, %llu relocations, %llu pages, %llu reclaimed\n",
      static_cast<unsigned long long>(operations),
      static_cast<unsigned long long>(f.curr_items),
      static_cast<unsigned long long>(counts[Metric::evictions]),
      static_cast<unsigned long long>(counts[Metric::relocations]),
      static_cast<unsigned long long>(counts[Metric::pages_reclaimed]),
      static_cast<unsigned long long>(counts[Metric::reclaimed])
  );
  return 0;
}

}  // namespace
}  // namespace rc::store

int main(int argc, char** argv) {
  const char* wanted = std::getenv("RC_STRESS_SECONDS");
  const int seconds = wanted != nullptr ? std::atoi(wanted) : 3;
  const unsigned threads = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 4;
  const unsigned seed =
      argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : std::random_device{}();
  return rc::store::run(seconds, threads, seed);
}
