#include "table/epoch.hpp"

#include <vector>

#include <doctest/doctest.h>

using rc::table::Epochs;
using rc::table::Handle;
using rc::table::Participant;
using rc::table::Retired;

namespace {

std::vector<Handle> reclaim(Participant& participant) {
  std::vector<Handle> freed;
  participant.reclaim([&](Retired retired) { freed.push_back(retired.handle); });
  return freed;
}

void turn(Participant& participant, Handle handle) {
  participant.enter();
  participant.retire(handle, 100);
  participant.leave();
}

// Reclaims until nothing more comes.
std::size_t drain(Participant& participant) {
  std::size_t freed = 0;
  for (int i = 0; i < 8; ++i) freed += reclaim(participant).size();
  return freed;
}

}  // namespace

TEST_SUITE("table/epoch") {
  TEST_CASE("what was retired comes back once, after three epochs") {
    Epochs epochs(2);
    Participant one(epochs);
    turn(one, Handle{7});
    CHECK(one.limbo_bytes() == 100);
    CHECK(epochs.limbo_bytes() == 100);
    CHECK(reclaim(one).empty());
    CHECK(reclaim(one).empty());
    CHECK(reclaim(one) == std::vector{Handle{7}});
    CHECK(reclaim(one).empty());
    CHECK(epochs.limbo_bytes() == 0);
    CHECK(one.limbo_count() == 0);
  }

  TEST_CASE("nothing is freed while a turn that may have seen it goes on") {
    Epochs epochs(2);
    Participant reader(epochs);
    Participant writer(epochs);
    reader.enter();
    turn(writer, Handle{1});
    CHECK(drain(writer) == 0);
    turn(writer, Handle{2});
    CHECK(drain(writer) == 0);
    CHECK(epochs.laggards() == 1);
    reader.leave();
    CHECK(epochs.laggards() == 0);
    CHECK(drain(writer) == 2);
  }

  TEST_CASE("the retiring turn itself keeps its items") {
    Epochs epochs(1);
    Participant one(epochs);
    one.enter();
    one.retire(Handle{1}, 10);
    CHECK(drain(one) == 0);
    one.leave();
    CHECK(drain(one) == 1);
  }

  TEST_CASE("what is retired after the epoch moved on is as old as the moment, not as the turn") {
    Epochs epochs(2);
    Participant reader(epochs);
    Participant writer(epochs);
    writer.enter();
    epochs.try_advance();
    writer.retire(Handle{1}, 10);
    writer.leave();
    epochs.try_advance();
    reader.enter();
    CHECK(drain(writer) == 0);
    reader.leave();
    CHECK(drain(writer) == 1);
  }

  TEST_CASE("readers that come and go do not hold anything back for ever") {
    Epochs epochs(2);
    Participant reader(epochs);
    Participant writer(epochs);
    std::size_t freed = 0;
    for (std::uint64_t i = 1; i <= 100; ++i) {
      reader.enter();
      turn(writer, Handle{i});
      freed += reclaim(writer).size();
      reader.leave();
    }
    CHECK(freed > 90);
    CHECK(drain(writer) == 100 - freed);
  }

  TEST_CASE("a stuck thread costs what is retired after it entered, and is counted") {
    Epochs epochs(2);
    Participant stuck(epochs);
    Participant writer(epochs);
    for (std::uint64_t i = 1; i <= 100; ++i) turn(writer, Handle{i});
    CHECK(drain(writer) == 100);

    stuck.enter();
    // The owner of the memory stops when limbo has reached its share.
    constexpr std::uint64_t share_bytes = 5000;
    std::uint64_t stored = 0;
    for (std::uint64_t i = 1; i <= 1000 && epochs.limbo_bytes() < share_bytes; ++i) {
      turn(writer, Handle{i});
      CHECK(reclaim(writer).empty());
      ++stored;
    }
    CHECK(stored == 50);
    CHECK(epochs.limbo_bytes() == share_bytes);
    stuck.leave();
    CHECK(drain(writer) == 50);
  }

  TEST_CASE("a generation that is used again hands back its old items first") {
    Epochs epochs(2);
    Participant one(epochs);
    Participant other(epochs);
    turn(one, Handle{1});
    const std::uint64_t before = epochs.current();
    turn(other, Handle{99});
    drain(other);
    CHECK(epochs.current() >= before + 3);
    turn(one, Handle{2});  // may fall into the generation of the first
    CHECK(one.limbo_bytes() == 200);
    CHECK(drain(one) == 2);
    CHECK(one.limbo_bytes() == 0);
  }

  TEST_CASE("a seat can be taken again") {
    Epochs epochs(1);
    for (int i = 0; i < 3; ++i) {
      Participant one(epochs);
      turn(one, Handle{1});
      CHECK(drain(one) == 1);
    }
  }
}
