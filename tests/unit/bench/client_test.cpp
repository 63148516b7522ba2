#include "ringbench/client.hpp"

#include "common/stand_in.hpp"
#include "scripted_server.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

using namespace rc::bench;
using rc::bench::testing::answer_classic;
using rc::bench::testing::ScriptedServer;
using Values = std::map<std::string, std::string>;

namespace {

const ValueSizes& hundred() {
  static const ValueSizes sizes = std::move(ValueSizes::parse("100")).value();
  return sizes;
}

class ClientOf {
 public:
  ClientOf(
      const ScriptedServer& server, const ClientOptions& options, const char* protocol = "classic"
  )
      : protocol_(make_protocol(protocol, "k", 0)),
        client_(std::move(Client::connect(server.address(), *protocol_, options)).value()) {}

  const Record& pass(Verb verb, std::uint64_t keys, const Stint& stint = {}) {
    Pass source(verb, hundred(), 0, keys, 1);
    const auto done = client_->run(source, stint);
    REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
    return client_->record();
  }
  Client& client() { return *client_; }

 private:
  std::unique_ptr<Protocol> protocol_;
  std::unique_ptr<Client> client_;
};

// One get of the keys 0, 1 and 2.
class ThreeKeys final : public Source {
 public:
  bool next(std::uint64_t /*elapsed_ns*/, Verb& verb, std::vector<Item>& items) override {
    verb = Verb::get;
    for (std::uint64_t key = 0; key < 3; ++key) items.push_back({.object = key, .size_bytes = 100});
    return !std::exchange(is_over_, true);
  }

 private:
  bool is_over_ = false;
};

}  // namespace

TEST_SUITE("bench/client") {
  TEST_CASE("what was set is read, verified and counted, at any depth") {
    for (const std::size_t depth : {1U, 7U, 64U}) {
      CAPTURE(depth);
      Values values;
      ScriptedServer server([&](std::string& input) { return answer_classic(input, values); });
      ClientOf of(server, {.connections = 3, .depth = depth});
      CHECK(of.pass(Verb::set, 1000).sets == 1000);
      CHECK(values.size() == 1000);
      const Record& record = of.pass(Verb::get, 1001);
      CHECK(record.gets == 1001);
      CHECK(record.hits == 1000);
      CHECK(record.misses == 1);
      CHECK(record.problems() == 0);
      CHECK(record.get_ns.count() == 1001);
      CHECK(of.client().done() == 2001);
    }
  }

  TEST_CASE("one wrong byte is found") {
    Values values;
    ScriptedServer server([&](std::string& input) { return answer_classic(input, values); });
    ClientOf of(server, {.connections = 1, .depth = 1});
    of.pass(Verb::set, 10);
    values["k000000000000007"][99] ^= 1;
    const Record& record = of.pass(Verb::get, 10);
    CHECK(record.hits == 10);
    CHECK(record.wrong_values == 1);
    CHECK(record.first_problem.starts_with("a wrong value: "));
  }

  TEST_CASE("the value of another key is no answer") {
    Values values;
    ScriptedServer server([&](std::string& input) {
      std::string answers = answer_classic(input, values);
      const std::size_t at = answers.find("VALUE k000000000000003");
      if (at != std::string::npos) answers[at + 21] = '4';
      return answers;
    });
    ClientOf of(server, {.connections = 1, .depth = 1});
    of.pass(Verb::set, 10);
    const Record& record = of.pass(Verb::get, 10);
    CHECK(record.errors == 1);
    CHECK(record.hits == 9);
  }

  TEST_CASE("a miss is followed by a set, if it reads through") {
    Values values;
    ScriptedServer server([&](std::string& input) { return answer_classic(input, values); });
    ClientOf of(server, {.connections = 2, .depth = 4, .reads_through = true});
    const Record& first = of.pass(Verb::get, 100);
    CHECK(first.misses == 100);
    CHECK(first.sets == 100);
    const Record& second = of.pass(Verb::get, 100);
    CHECK(second.hits == 100);
    CHECK(second.sets == 0);
  }

  TEST_CASE("refusals and nonsense are counted, and the first is shown") {
    ScriptedServer server([](std::string& input) {
      std::string answers;
      for (; input.find("\r\n") != std::string::npos; input.erase(0, input.find("\r\n") + 2)) {
        answers += answers.empty() ? "SERVER_ERROR out of memory\r\n" : "HELLO\r\n";
      }
      return answers;
    });
    ClientOf of(server, {.connections = 1, .depth = 2});
    const Record& record = of.pass(Verb::get, 2);
    CHECK(record.refused == 1);
    CHECK(record.errors == 1);
    CHECK(record.first_problem.starts_with("SERVER_ERROR out of memory"));
  }

  TEST_CASE("a server that closes the connection ends the run with an error") {
    // A script cannot close, but it can answer what nobody asked; so close by ending the server.
    auto server = std::make_unique<ScriptedServer>([](std::string&) { return std::string(); });
    ClientOf of(*server, {.connections = 1, .depth = 1});
    std::thread closer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      server.reset();
    });
    Pass source(Verb::get, hundred(), 0, 10, 1);
    const auto done = of.client().run(source, {});
    closer.join();
    REQUIRE(!done);
    CHECK(of.client().record().gets == 0);
  }

  TEST_CASE("nothing new is asked once the stint's requests are used up") {
    Values values;
    ScriptedServer server([&](std::string& input) { return answer_classic(input, values); });
    ClientOf of(server, {.connections = 3, .depth = 5});
    CHECK(of.pass(Verb::get, 1000, {.requests = 17}).gets == 17);
  }

  TEST_CASE("keys between two that were answered are misses: quiet multigets, in each protocol") {
    // Of three keys, 0 to 2, the server has the middle one.
    std::string value;
    append_value(value, 1, 100);
    std::string frame(24, '\0');
    frame[0] = '\x81';
    frame[1] = 0x0d;
    frame[3] = 16;
    frame[11] = 116;
    std::string noop(24, '\0');
    noop[0] = '\x81';
    noop[1] = 0x0a;
    const std::map<std::string, std::string> answers = {
        {"classic", "VALUE k000000000000001 0 100\r\n" + value + "\r\nEND\r\n"},
        {"meta", "VA 100 kk000000000000001\r\n" + value + "\r\nMN\r\n"},
        {"binary", frame + "k000000000000001" + value + noop},
        {"resp", "*3\r\n$-1\r\n$100\r\n" + value + "\r\n$-1\r\n"},
    };
    for (const auto& entry : answers) {
      CAPTURE(entry.first);
      ScriptedServer server([&](std::string& input) {
        input.clear();
        return entry.second;
      });
      ClientOf of(server, {.connections = 1, .depth = 1}, entry.first.c_str());
      ThreeKeys source;
      REQUIRE(of.client().run(source, {}));
      CHECK(of.client().record().hits == 1);
      CHECK(of.client().record().misses == 2);
      CHECK(of.client().record().problems() == 0);
    }
  }

  TEST_CASE("a server that stalls: the open loop shows it, the closed loop hides it") {
    // The hundredth request, and all behind it, wait for 300 ms once. At 1000 requests per second
    // some 300 more become due meanwhile, and have waited too: coordinated omission is to forget
    // them, as a closed loop does, which only sees one slow answer among 400.
    const auto run = [](const Stint& stint) {
      int answered = 0;
      ScriptedServer server([&](std::string& input) {
        std::string answers;
        for (; !input.empty(); input.erase(0, input.find("\r\n") + 2)) {
          if (++answered == 100) std::this_thread::sleep_for(std::chrono::milliseconds(300));
          answers += "END\r\n";
        }
        return answers;
      });
      ClientOf of(server, {.connections = 1, .depth = 1});
      const Record& record = of.pass(Verb::get, 400, stint);
      CHECK(record.gets == 400);
      CHECK(record.get_ns.max() >= 300'000'000);
      return record.get_ns;
    };
    constexpr std::uint64_t noticeable_ns = 150'000'000;
    CHECK(run({}).percentile(0.9) < noticeable_ns);
    for (const Arrivals arrivals : {Arrivals::constant, Arrivals::poisson}) {
      Stint stint;
      stint.rate = 1000;
      stint.arrivals = arrivals;
      CHECK(run(stint).percentile(0.9) >= noticeable_ns);
    }
  }

  TEST_CASE("what is due and never sent counts as waiting, not as answered") {
    // No answer for 1200 ms to the only request that one connection can have under way.
    ScriptedServer server([&](std::string& input) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1200));
      input.clear();
      return std::string("END\r\n");
    });
    ClientOf of(server, {.connections = 1, .depth = 1});
    Stint stint;
    stint.rate = 1000;
    stint.arrivals = Arrivals::constant;
    stint.length_ns = 1'000'000'000;
    const Record& record = of.pass(Verb::get, 2000, stint);
    CHECK(record.gets == 1);
    CHECK(record.unsent == 998);  // Due after 2, 3, ... 999 ms; the one at 1000 is not within.
    CHECK(record.get_ns.count() == 999);
    CHECK(record.get_ns.percentile(0.5) >= 500'000'000);
  }
}
