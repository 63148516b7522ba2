// The servers of one invocation: met, connected to by all threads, filled and warm, so that what
// follows can be measured.
//
// Thread: one.
#pragma once

#include "ringbench/crew.hpp"
#include "ringbench/load.hpp"
#include "ringbench/options.hpp"
#include "ringbench/server.hpp"

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace rc::bench {

class Session {
 public:
  // An error says what is in the way: a server that is not there, keys that could not be stored.
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(
      const Options& options, const Load& load
  );

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Load& load() const { return load_; }
  [[nodiscard]] Crew& crew() { return *crew_; }
  [[nodiscard]] std::vector<Server>& servers() { return servers_; }
  // What came up until now, such as keys that did not stay.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Session(const Options& options, const Load& load) : options_(options), load_(load) {}
  [[nodiscard]] Result<Done> prepare(std::size_t server);
  [[nodiscard]] Result<Done> fill(std::size_t server);
  [[nodiscard]] Result<Record> pass(std::size_t server, Verb verb, const char* problem);

  const Options& options_;
  const Load& load_;
  std::vector<Server> servers_;
  std::unique_ptr<Crew> crew_;
  std::vector<std::string> warnings_;
};

}  // namespace rc::bench
