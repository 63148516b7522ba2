#include "server/connection_list.hpp"

#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

std::vector<std::uint32_t> ids_of(const rc::server::ConnectionList& list) {
  std::vector<std::uint32_t> ids;
  list.for_each([&ids](const rc::server::ConnectionRecord& record, const std::string&) {
    ids.push_back(record.id);
  });
  return ids;
}

}  // namespace

TEST_SUITE("server/connection_list") {
  TEST_CASE("connections leave from the front, the middle and the end") {
    rc::server::ConnectionList list;
    std::deque<rc::server::ConnectionRecord> records(4);
    for (std::uint32_t i = 0; i < 4; ++i) {
      records[i].id = i;
      list.add(records[i], "listener");
    }
    CHECK(ids_of(list) == std::vector<std::uint32_t>{3, 2, 1, 0});
    list.remove(records[3]);
    list.remove(records[1]);
    CHECK(ids_of(list) == std::vector<std::uint32_t>{2, 0});
    list.remove(records[0]);
    list.remove(records[2]);
    CHECK(list.size() == 0);
    list.add(records[1], "listener");
    CHECK(ids_of(list) == std::vector<std::uint32_t>{1});
  }

  TEST_CASE("each connection remembers its own listener") {
    rc::server::ConnectionList list;
    rc::server::ConnectionRecord first;
    rc::server::ConnectionRecord second;
    list.add(first, "127.0.0.1:1");
    list.add(second, "[::1]:1");
    std::string names;
    list.for_each([&names](const rc::server::ConnectionRecord&, const std::string& listener) {
      names += listener + " ";
    });
    CHECK(names == "[::1]:1 127.0.0.1:1 ");
  }

  TEST_CASE("a visitor on another thread sees whole connections while they come and go") {
    rc::server::ConnectionList list;
    std::thread worker([&list] {
      for (int round = 0; round < 2000; ++round) {
        rc::server::ConnectionRecord record;
        record.peer = "a peer with a name that needs the heap";
        list.add(record, "listener");
        record.phase.store(rc::server::Phase::value, std::memory_order_relaxed);
        list.remove(record);
      }
    });
    std::size_t wrong = 0;
    for (int round = 0; round < 2000; ++round) {
      list.for_each([&wrong](const rc::server::ConnectionRecord& record, const std::string& name) {
        if (record.peer.size() != 38 || name != "listener") ++wrong;
      });
    }
    worker.join();
    CHECK(wrong == 0);
    CHECK(list.size() == 0);
  }
}
