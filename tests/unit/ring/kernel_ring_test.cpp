// The typed operations against the real kernel, and what ring::Ring promises about them.
#include "ring/kernel_ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

namespace rc::ring {
namespace {

constexpr Nanoseconds second_ns = 1'000'000'000;

std::unique_ptr<KernelRing> make(const KernelRing::Options& options = {}) {
  auto made = KernelRing::create(options);
  REQUIRE(made.ok());
  return std::move(made).value();
}

// A connected pair; [0] is ours, [1] the peer's.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()) == 0); }
  ~Pair() {
    for (const int fd : fds) ::close(fd);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  void peer_says(std::string_view bytes) const {
    REQUIRE(::send(fds[1], bytes.data(), bytes.size(), 0) > 0);
  }
  std::array<int, 2> fds{};
};

// The next completion, waited for.
Completion next(KernelRing& ring) {
  Completion completion;
  for (int i = 0; i < 100; ++i) {
    if (ring.reap({&completion, 1}) == 1) return completion;
    ring.submit_and_wait(second_ns);
  }
  FAIL("no completion");
  return completion;
}

constexpr OpId id_of(OpKind kind, std::uint32_t index = 0) {
  return {.kind = kind, .index = index, .generation = 3};
}

TEST_SUITE("ring") {
  TEST_CASE("one receive delivers many arrivals until the end of the stream") {
    for (const BufferShape& shape : {incremental_shape, plain_shape}) {
      CAPTURE(shape.incremental);
      const auto ring = make({.buffers = shape});
      const Pair pair;
      ring->recv(pair.fds[0], id_of(OpKind::recv, 5));
      for (const std::string text : {"first", "second"}) {
        ring->submit();
        pair.peer_says(text);
        const Completion completion = next(*ring);
        CHECK(completion.id.kind == OpKind::recv);
        CHECK(completion.id.index == 5);
        CHECK(completion.id.generation == 3);
        CHECK(completion.result == static_cast<int>(text.size()));
        CHECK(completion.bytes == text);
        CHECK(completion.more);
        ring->publish_buffers();
      }
      ::shutdown(pair.fds[1], SHUT_WR);
      const Completion end = next(*ring);
      CHECK(end.result == 0);
      CHECK_FALSE(end.more);
    }
  }

  TEST_CASE("a long stream passes through few buffers unharmed") {
    for (const bool incremental : {false, true}) {
      CAPTURE(incremental);
      const auto ring =
          make({.buffers = BufferShape{.incremental = incremental, .count = 4, .bytes = 4096}});
      const Pair pair;
      std::string sent(2'000'000, ' ');
      for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 1000);
      std::thread writer([&] {
        for (std::size_t done = 0; done < sent.size();) {
          done += static_cast<std::size_t>(::send(
              pair.fds[1], sent.data() + done, std::min<std::size_t>(sent.size() - done, 999), 0
          ));
        }
      });
      std::string received;
      ring->recv(pair.fds[0], id_of(OpKind::recv));
      while (received.size() < sent.size()) {
        const Completion completion = next(*ring);
        received += completion.bytes;
        ring->publish_buffers();
        if (!completion.more) ring->recv(pair.fds[0], id_of(OpKind::recv));
      }
      writer.join();
      CHECK((received == sent));
    }
  }

  TEST_CASE("without a free buffer a receive ends with ENOBUFS and loses nothing") {
    const auto ring = make({.buffers = BufferShape{.incremental = false, .count = 1, .bytes = 4}});
    const Pair pair;
    ring->recv(pair.fds[0], id_of(OpKind::recv));
    pair.peer_says("abcdefgh");
    CHECK(next(*ring).bytes == "abcd");
    const Completion starved = next(*ring);
    CHECK(starved.result == -ENOBUFS);
    CHECK_FALSE(starved.more);
    ring->publish_buffers();
    ring->recv(pair.fds[0], id_of(OpKind::recv));
    CHECK(next(*ring).bytes == "efgh");
  }

  TEST_CASE("armed while no buffer is free, a receive fails at once, even if nothing came") {
    // This is why the loop arms starved receives only after it has given the buffers back.
    const auto ring = make({.buffers = BufferShape{.incremental = false, .count = 1, .bytes = 4}});
    const Pair busy;
    const Pair idle;
    ring->recv(busy.fds[0], id_of(OpKind::recv, 1));
    busy.peer_says("abcd");
    CHECK(next(*ring).bytes == "abcd");
    ring->recv(idle.fds[0], id_of(OpKind::recv, 2));
    CHECK(next(*ring).result == -ENOBUFS);
  }

  TEST_CASE("a full completion queue loses nothing but ends multishot receives") {
    const auto ring = make({.sq_entries = 4, .cq_entries = 8});
    std::deque<Pair> pairs(64);
    for (std::uint32_t i = 0; i < 64; ++i) ring->recv(pairs[i].fds[0], id_of(OpKind::recv, i));
    ring->submit();
    for (const Pair& pair : pairs) pair.peer_says("x");
    std::size_t ended = 0;
    for (int i = 0; i < 64; ++i) {
      const Completion completion = next(*ring);
      CHECK(completion.bytes == "x");
      ended += completion.more ? 0 : 1;
    }
    CHECK(ended > 0);
    CHECK(ring->take_overflows() > 0);
    CHECK(ring->take_overflows() == 0);
  }

  TEST_CASE("more operations than the queue holds are submitted in between") {
    const auto ring = make({.sq_entries = 4, .cq_entries = 8});
    const Pair pair;
    for (std::uint32_t i = 0; i < 100; ++i) ring->send(pair.fds[0], "x", id_of(OpKind::send, i));
    for (std::uint32_t i = 0; i < 100; ++i) {
      const Completion completion = next(*ring);
      CHECK(completion.id.index == i);
      CHECK(completion.result == 1);
    }
  }

  TEST_CASE("send and sendmsg send everything, however long the peer takes") {
    const auto ring = make();
    const Pair pair;
    const std::string block(1'000'000, 'b');
    std::array<iovec, 2> segments{};
    for (iovec& segment : segments) {
      segment = {.iov_base = const_cast<char*>(block.data()), .iov_len = block.size()};
    }
    msghdr message{};
    message.msg_iov = segments.data();
    message.msg_iovlen = segments.size();
    std::thread reader([&] {
      std::string all(3 * block.size(), '\0');
      REQUIRE(::recv(pair.fds[1], all.data(), all.size(), MSG_WAITALL) == 3'000'000);
    });
    ring->send(pair.fds[0], block, id_of(OpKind::send, 1));
    CHECK(next(*ring).result == 1'000'000);
    ring->sendmsg(pair.fds[0], &message, id_of(OpKind::send, 2));
    CHECK(next(*ring).result == 2'000'000);
    reader.join();
  }

  TEST_CASE("a send to a peer that is gone fails and raises no signal") {
    const auto ring = make();
    Pair pair;
    ::shutdown(pair.fds[0], SHUT_WR);
    ring->send(pair.fds[0], "x", id_of(OpKind::send));
    CHECK(next(*ring).result == -EPIPE);
  }

  TEST_CASE("a stuck send that is cancelled says how much it had sent") {
    const auto ring = make();
    const Pair pair;
    const std::string block(8'000'000, 'b');
    ring->send(pair.fds[0], block, id_of(OpKind::send));
    ring->submit_and_wait(10'000'000);
    ring->cancel(id_of(OpKind::send), id_of(OpKind::cancel));
    std::int32_t sent = 0;
    for (int i = 0; i < 2; ++i) {
      const Completion completion = next(*ring);
      if (completion.id.kind == OpKind::send) sent = completion.result;
    }
    CHECK(sent > 0);
    CHECK(sent < 8'000'000);
  }

  TEST_CASE("a receive can be cancelled by its id, and everything at once") {
    const auto ring = make();
    const std::array<Pair, 3> pairs;
    for (std::uint32_t i = 0; i < 3; ++i) ring->recv(pairs[i].fds[0], id_of(OpKind::recv, i));
    ring->cancel(id_of(OpKind::recv, 1), id_of(OpKind::cancel, 1));
    for (int i = 0; i < 2; ++i) {
      const Completion completion = next(*ring);
      CHECK(completion.id.index == 1);
      CHECK(completion.result == (completion.id.kind == OpKind::recv ? -ECANCELED : 0));
    }
    ring->cancel_all({});
    int cancelled = 0;
    for (int i = 0; i < 3; ++i) cancelled += next(*ring).result == -ECANCELED ? 1 : 0;
    CHECK(cancelled == 2);
  }

  TEST_CASE("a shutdown ends the receive; closing alone would not") {
    const auto ring = make();
    const Pair pair;
    ring->recv(pair.fds[0], id_of(OpKind::recv));
    const int copy = ::dup(pair.fds[0]);
    ring->close(copy, id_of(OpKind::ignored));
    CHECK(next(*ring).id.kind == OpKind::ignored);
    ring->submit_and_wait(10'000'000);
    Completion completion;
    CHECK(ring->reap({&completion, 1}) == 0);
    ring->shutdown(pair.fds[0], Direction::both);
    completion = next(*ring);
    CHECK(completion.result == 0);
    CHECK_FALSE(completion.more);
  }

  TEST_CASE("a shutdown for reading still delivers what has arrived") {
    const auto ring = make();
    const Pair pair;
    pair.peer_says("late");
    ring->shutdown(pair.fds[0], Direction::read);
    ring->recv(pair.fds[0], id_of(OpKind::recv));
    CHECK(next(*ring).bytes == "late");
    CHECK(next(*ring).result == 0);
  }

  TEST_CASE("a message reaches the ring of another thread") {
    const auto ring = make();
    const int fd = ring->descriptor();
    std::thread other([fd] {
      const auto sender = make();
      sender->message(fd, id_of(OpKind::handed, 9), 42, id_of(OpKind::hand_over));
      CHECK(next(*sender).result == 0);
    });
    const Completion completion = next(*ring);
    other.join();
    CHECK(completion.id.kind == OpKind::handed);
    CHECK(completion.id.index == 9);
    CHECK(completion.result == 42);
  }

  TEST_CASE("a poll wakes the ring, and a wait ends by itself") {
    const auto ring = make();
    const int fd = ::eventfd(0, EFD_CLOEXEC);
    ring->poll(fd, id_of(OpKind::wake));
    ring->submit_and_wait(1'000'000);
    Completion completion;
    CHECK(ring->reap({&completion, 1}) == 0);
    const std::uint64_t one = 1;
    REQUIRE(::write(fd, &one, sizeof(one)) == sizeof(one));
    CHECK(next(*ring).id.kind == OpKind::wake);
    ::close(fd);
  }

  TEST_CASE("a ring that does not fit the lockable memory is cut, and says so") {
    // In a child: the limit counts only for those without privileges.
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit low{.rlim_cur = 64 * 1024, .rlim_max = 64 * 1024};
      ::setrlimit(RLIMIT_MEMLOCK, &low);
      if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
      auto made = KernelRing::create({});
      if (!made.ok()) {
        // The least does not fit either: then the message must name the limit.
        ::_exit(made.error().message.find("RLIMIT_MEMLOCK") == std::string::npos ? 1 : 0);
      }
      ::_exit(made.value()->description().find("RLIMIT_MEMLOCK") == std::string::npos ? 2 : 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }

  TEST_CASE("what is in use is said in one line") {
    const std::string line = make()->description();
    CHECK(line.starts_with("io_uring on Linux "));
    CHECK(line.find('\n') == std::string::npos);
    CHECK(make({.buffers = plain_shape})->description().find("plain buffers") != std::string::npos);
  }
}

}  // namespace
}  // namespace rc::ring
