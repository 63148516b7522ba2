// The client's threads. Each has a Client per server, so that servers can take turns while all
// connections stay open, and a source of requests of its own.
//
// Thread: one, the caller's.
#pragma once

#include "ringbench/client.hpp"

#include "base/result.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rc::bench {

struct CrewOptions {
  std::size_t threads = 1;
  ClientOptions client;  // The connections of all threads together.
};

// What a run is to ask: the source of one thread's requests to one server.
using MakeSource = std::function<std::unique_ptr<Source>(std::size_t thread)>;

class Crew {
 public:
  // Connects every thread to every server.
  [[nodiscard]] static Result<std::unique_ptr<Crew>> start(
      const std::vector<std::string>& addresses,
      const Protocol& protocol,
      const CrewOptions& options
  );
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // All threads ask `server`, each from its source, for a stint whose rate and requests they
  // share. `each_second` is called on this thread meanwhile.
  [[nodiscard]] Result<Record> run(
      std::size_t server,
      const std::vector<std::unique_ptr<Source>>& sources,
      const Stint& stint,
      const std::function<void()>& each_second = [] {}
  );
  [[nodiscard]] std::vector<std::unique_ptr<Source>> sources(const MakeSource& make) const;

  // Requests answered by `server` since the beginning.
  [[nodiscard]] std::uint64_t done(std::size_t server) const;
  [[nodiscard]] std::size_t threads() const { return hands_.size(); }

 private:
  struct Hand {
    std::thread thread;
    std::vector<std::unique_ptr<Client>> clients;  // By server.
    std::optional<Error> error;
  };
  struct Job {
    std::size_t server = 0;
    const std::vector<std::unique_ptr<Source>>* sources = nullptr;
    Stint stint;
  };

  Crew() = default;
  void work(
      std::size_t number,
      const std::vector<std::string>& addresses,
      const Protocol& protocol,
      const ClientOptions& options
  );
  void open(
      Hand& hand,
      const std::vector<std::string>& addresses,
      const Protocol& protocol,
      const ClientOptions& options
  );
  void do_job(std::size_t number);
  void wait_for_all(const std::function<void()>& each_second);
  [[nodiscard]] std::optional<Error> first_error() const;

  std::vector<std::unique_ptr<Hand>> hands_;
  std::mutex mutex_;
  std::condition_variable work_given_;
  std::condition_variable work_done_;
  std::uint64_t job_number_ = 0;  // Grows with every job; hands start when it does.
  std::size_t busy_ = 0;          // Hands that have not finished the job.
  bool is_over_ = false;
  Job job_;
};

}  // namespace rc::bench
