#include "ringbench/session.hpp"

#include "ringbench/units.hpp"

namespace rc::bench {

Result<std::unique_ptr<Session>> Session::open(const Options& options, const Load& load) {
  std::unique_ptr<Session> session(new Session(options, load));
  std::vector<std::string> addresses;
  for (const Target& target : options.targets) {
    auto server = meet(target, load.protocol());
    if (!server) return server.error();
    session->servers_.push_back(std::move(server).value());
    addresses.push_back(target.address);
  }
  const CrewOptions crew{
      .threads = options.threads,
      .client =
          {
              .connections = options.connections,
              .depth = options.depth,
              .reads_through = options.reads_through,
          },
  };
  auto started = Crew::start(addresses, load.protocol(), crew);
  if (!started) return started.error();
  session->crew_ = std::move(started).value();
  for (std::size_t server = 0; server < addresses.size(); ++server) {
    const Result<Done> prepared = session->prepare(server);
    if (!prepared) return Error{.message = addresses[server] + ": " + prepared.error().message};
  }
  return session;
}

Result<Done> Session::prepare(std::size_t server) {
  if (options_.fills) {
    const Result<Done> filled = fill(server);
    if (!filled) return filled;
  }
  if (options_.warm_up_ns == 0) return Done{};
  const Stint stint{.length_ns = options_.warm_up_ns};
  const auto warm = crew_->run(server, load_.sources(*crew_, options_.seed + 1), stint);
  if (!warm) return warm.error();
  return Done{};
}

// Stores every key once and reads it once: the first touch of memory and a table that still grows
// are not what is measured.
Result<Done> Session::fill(std::size_t server) {
  const auto stored = pass(server, Verb::set, "could not be stored");
  if (!stored) return stored.error();
  auto read = pass(server, Verb::get, "came back wrong");
  if (!read) return read.error();
  if (read.value().misses == 0) return Done{};
  warnings_.push_back(
      servers_[server].name + ": " + grouped(read.value().misses) + " of " + grouped(load_.keys()) +
      " keys did not stay: the server has too little memory for this load; use fewer --keys"
  );
  return Done{};
}

Result<Record> Session::pass(std::size_t server, Verb verb, const char* problem) {
  const Stint stint{.depth = load_.pass_depth()};
  auto record = crew_->run(server, load_.pass(*crew_, verb), stint);
  if (!record || record.value().problems() == 0) return record;
  return Error{
      .message = grouped(record.value().problems()) + " of the keys " + problem +
                 "; the first: " + record.value().first_problem};
}

}  // namespace rc::bench
