#include "net/send_chain.hpp"

#include "net/output.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace rc::net {
namespace {

std::string text_of(const SendChain::Batch& batch) {
  if (batch.message == nullptr) return std::string(batch.segment);
  std::string text;
  for (std::size_t i = 0; i < batch.message->msg_iovlen; ++i) {
    const iovec& segment = batch.message->msg_iov[i];
    text.append(static_cast<const char*>(segment.iov_base), segment.iov_len);
  }
  return text;
}

// A connection's output without a connection.
struct Bench {
  explicit Bench(std::size_t limit = 1000) : output(buffers, chains, limit) {}
  ~Bench() {
    if (chain != nullptr) advance(chain->pending_bytes());
  }
  template <class Write>
  void write(Write&& how) {
    output.bind(std::move(chain));
    how(output);
    chain = output.unbind();
  }
  void advance(std::size_t bytes) {
    chain->advance(bytes, [this](PinToken token) { REQUIRE(pins.erase(token) == 1); });
    if (chain->empty()) chains.give_back(std::move(chain));
  }

  SendBuffers buffers{1024 * 1024};
  ChainPool chains{buffers};
  LoopOutput output;
  std::unique_ptr<SendChain> chain;
  std::set<PinToken> pins;
};

TEST_SUITE("net") {
  TEST_CASE("short replies are one segment") {
    Bench bench;
    bench.write([](Output& out) {
      out.append("one ");
      out.append("two");
    });
    bench.write([](Output& out) { out.append(" three"); });
    const SendChain::Batch batch = bench.chain->next_batch();
    CHECK(batch.message == nullptr);
    CHECK(batch.segment == "one two three");
  }

  TEST_CASE("a connection without output has no chain and no buffer") {
    Bench bench;
    bench.write([](Output&) {});
    CHECK(bench.chain == nullptr);
    bench.write([](Output& out) { out.append("x"); });
    CHECK(bench.buffers.in_use_bytes() == SendBuffer::block_bytes);
    bench.advance(1);
    CHECK(bench.chain == nullptr);
    CHECK(bench.buffers.in_use_bytes() == 0);
  }

  TEST_CASE("a pin of no length is released when what stands before it is sent") {
    Bench bench;
    bench.pins = {7};
    bench.write([](Output& out) {
      out.append("x");
      out.append_pinned("", 7, true);
    });
    CHECK(bench.pins.size() == 1);
    bench.advance(1);
    CHECK(bench.pins.empty());
    CHECK(bench.chain == nullptr);
  }

  TEST_CASE("the output is full at its limit, and sooner while buffers are short") {
    SendBuffers buffers(0);
    ChainPool chains(buffers);
    LoopOutput output(buffers, chains, 100'000);
    output.bind(nullptr);
    CHECK_FALSE(output.full());
    output.append(std::string(10'000, 'x'));
    CHECK(output.pending_bytes() == 10'000);
    CHECK_FALSE(output.full());
    output.append(std::string(10'000, 'x'));
    CHECK(output.full());
    const std::unique_ptr<SendChain> chain = output.unbind();
    chain->drop([](PinToken) {});
  }

  TEST_CASE("whatever is appended and however much is taken, the order stays and pins end once") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      CAPTURE(seed);
      std::mt19937_64 random(seed);
      Bench bench;
      const std::string pinned(100'000, 'p');
      std::string expected;
      std::string sent;
      PinToken last_token = 0;
      for (int step = 0; step < 200; ++step) {
        if (random() % 2 == 0) {
          bench.write([&](Output& out) {
            const std::string copied(random() % (random() % 8 == 0 ? 40'000 : 100), 'c');
            out.append(copied);
            expected += copied;
            if (random() % 3 != 0) return;
            const std::size_t bytes = random() % pinned.size();
            bench.pins.insert(++last_token);
            out.append_pinned({pinned.data(), bytes / 2}, last_token, false);
            out.append_pinned({pinned.data(), bytes - bytes / 2}, last_token, true);
            expected.append(pinned, 0, bytes);
          });
        } else if (bench.chain != nullptr && bench.chain->pending_bytes() > 0) {
          const SendChain::Batch batch = bench.chain->next_batch();
          const std::string text = text_of(batch);
          REQUIRE(text.size() == batch.bytes);
          REQUIRE(batch.bytes <= SendChain::send_bytes_max);
          const std::size_t taken = random() % 2 == 0 ? batch.bytes : 1 + random() % batch.bytes;
          sent += text.substr(0, taken);
          bench.advance(taken);
        }
      }
      while (bench.chain != nullptr) {
        if (bench.chain->pending_bytes() > 0) sent += text_of(bench.chain->next_batch());
        bench.advance(
            sent.size() < expected.size() ? bench.chain->next_batch().bytes
                                          : bench.chain->pending_bytes()
        );
      }
      CHECK((sent == expected));
      CHECK(bench.pins.empty());
      CHECK(bench.buffers.in_use_bytes() == 0);
    }
  }
}

}  // namespace
}  // namespace rc::net
