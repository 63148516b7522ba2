#include "ringbench/crew.hpp"

#include <chrono>

namespace rc::bench {
namespace {

// What thread `number` of `count` gets of `whole`.
std::uint64_t part_of(std::uint64_t whole, std::size_t number, std::size_t count) {
  return whole / count + (number < whole % count ? 1 : 0);
}

Stint stint_of(const Stint& whole, std::size_t number, std::size_t count) {
  constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  Stint stint = whole;
  if (whole.requests != unlimited) stint.requests = part_of(whole.requests, number, count);
  if (whole.rate) stint.rate = *whole.rate / static_cast<double>(count);
  stint.seed = whole.seed * count + number;
  return stint;
}

}  // namespace

Result<std::unique_ptr<Crew>> Crew::start(
    const std::vector<std::string>& addresses, const Protocol& protocol, const CrewOptions& options
) {
  std::unique_ptr<Crew> crew(new Crew);
  crew->busy_ = options.threads;
  for (std::size_t number = 0; number < options.threads; ++number) {
    crew->hands_.push_back(std::make_unique<Hand>());
  }
  for (std::size_t number = 0; number < options.threads; ++number) {
    ClientOptions client = options.client;
    client.connections = part_of(client.connections, number, options.threads);
    crew->hands_[number]->thread =
        std::thread([self = crew.get(), number, addresses, &protocol, client] {
          self->work(number, addresses, protocol, client);
        });
  }
  crew->wait_for_all([] {});
  const std::optional<Error> error = crew->first_error();
  if (error) return *error;
  return crew;
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  work_given_.notify_all();
  for (const auto& hand : hands_) {
    if (hand->thread.joinable()) hand->thread.join();
  }
}

Result<Record> Crew::run(
    std::size_t server,
    const std::vector<std::unique_ptr<Source>>& sources,
    const Stint& stint,
    const std::function<void()>& each_second
) {
  {
    const std::lock_guard lock(mutex_);
    job_ = {.server = server, .sources = &sources, .stint = stint};
    busy_ = hands_.size();
    ++job_number_;
  }
  work_given_.notify_all();
  wait_for_all(each_second);
  const std::optional<Error> error = first_error();
  if (error) return *error;
  Record record;
  for (const auto& hand : hands_) record.merge(hand->clients[server]->record());
  return record;
}

std::vector<std::unique_ptr<Source>> Crew::sources(const MakeSource& make) const {
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t number = 0; number < hands_.size(); ++number) sources.push_back(make(number));
  return sources;
}

std::uint64_t Crew::done(std::size_t server) const {
  std::uint64_t done = 0;
  for (const auto& hand : hands_) done += hand->clients[server]->done();
  return done;
}

// A ring belongs to the thread that made it, so clients are opened and closed here.
void Crew::work(
    std::size_t number,
    const std::vector<std::string>& addresses,
    const Protocol& protocol,
    const ClientOptions& options
) {
  Hand& hand = *hands_[number];
  open(hand, addresses, protocol, options);
  std::uint64_t last_job = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    if (--busy_ == 0) work_done_.notify_one();
    work_given_.wait(lock, [&] { return is_over_ || job_number_ != last_job; });
    if (is_over_) break;
    last_job = job_number_;
    lock.unlock();
    do_job(number);
    lock.lock();
  }
  lock.unlock();
  hand.clients.clear();
}

void Crew::open(
    Hand& hand,
    const std::vector<std::string>& addresses,
    const Protocol& protocol,
    const ClientOptions& options
) {
  for (const std::string& address : addresses) {
    auto client = Client::connect(address, protocol, options);
    if (!client) {
      hand.error = client.error();
      return;
    }
    hand.clients.push_back(std::move(client).value());
  }
}

void Crew::do_job(std::size_t number) {
  Hand& hand = *hands_[number];
  const Stint stint = stint_of(job_.stint, number, hands_.size());
  const Result<Done> done = hand.clients[job_.server]->run(*(*job_.sources)[number], stint);
  if (!done) hand.error = done.error();
}

void Crew::wait_for_all(const std::function<void()>& each_second) {
  auto next = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  while (!work_done_.wait_until(lock, next, [&] { return busy_ == 0; })) {
    lock.unlock();
    each_second();
    next += std::chrono::seconds(1);
    lock.lock();
  }
}

std::optional<Error> Crew::first_error() const {
  for (const auto& hand : hands_) {
    if (hand->error) return hand->error;
  }
  return std::nullopt;
}

}  // namespace rc::bench
