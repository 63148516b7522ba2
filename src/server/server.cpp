#include "server/server.hpp"

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/memory.hpp"
#include "proto/texts.hpp"
#include "server/listen_entry.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace rc::server {

namespace {

// A worker's receive buffers, whatever their shape.
constexpr std::uint64_t receive_bytes = mib;

// How much a worker may hold in replies that wait to be sent, and in requests that wait to be
// executed. A 64th of the memory each, but room for a long multiget and its replies in any case.
std::uint64_t worker_share_bytes(const Settings& settings) {
  return std::max(mib, settings.memory_bytes / 64 / settings.threads);
}

store::Options store_options(const Settings& settings) {
  return store::Options{
      .limit_bytes = settings.memory_bytes,
      // What cache_memlimit may ask for.
      .limit_max_bytes = std::max(settings.memory_bytes, machine_memory_bytes()),
      .item_size_max_bytes = settings.item_size_max_bytes,
      .workers_max = settings.threads,
      .buffer_bytes = settings.threads * (receive_bytes + worker_share_bytes(settings)),
      .evict = settings.evict,
  };
}

struct Listeners {
  std::vector<net::Listener> opened;
  std::vector<std::string> addresses;  // without what stood in front of them
  std::vector<std::pair<std::string, Protocol>> restricted;
};

Result<Listeners> open_listeners(const Settings& settings) {
  const net::ListenOptions options{.backlog = settings.backlog, .unix_mode = settings.unix_mode};
  Listeners listeners;
  for (const std::string& text : settings.listen) {
    Result<ListenEntry> entry = parse_listen_entry(text);
    if (!entry.ok()) return entry.error();
    listeners.addresses.emplace_back(entry.value().address);
    // One by one, to know which listeners are this entry's: "*" stands for several.
    auto opened = net::open_listeners({listeners.addresses.back()}, settings.port, {}, options);
    if (!opened.ok()) return opened.error();
    for (net::Listener& listener : opened.value()) {
      if (entry.value().protocol) {
        listeners.restricted.emplace_back(listener.text(), *entry.value().protocol);
      }
      listeners.opened.push_back(std::move(listener));
    }
  }
  auto opened = net::open_listeners({}, settings.port, settings.unix_socket, options);
  if (!opened.ok()) return opened.error();
  for (net::Listener& listener : opened.value()) listeners.opened.push_back(std::move(listener));
  return listeners;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(const Settings& settings) {
  std::unique_ptr<Server> server(new Server(settings));

  auto opened_listeners = open_listeners(settings);
  if (!opened_listeners.ok()) return opened_listeners.error();
  Listeners listeners = std::move(opened_listeners).value();

  std::vector<net::DatagramSocket> datagrams;
  if (settings.udp_port != 0 && settings.unix_socket.empty()) {
    auto opened =
        net::open_datagram_sockets(listeners.addresses, settings.udp_port, settings.udp_anywhere);
    if (!opened.ok()) return opened.error();
    datagrams = std::move(opened).value();
  }

  auto store = store::Store::create(store_options(settings));
  if (!store.ok()) return store.error();
  server->store_ = std::move(store).value();

  server->node_ = std::make_unique<Node>(settings, *server->store_, read_clocks().wall);
  for (const auto& [listener, protocol] : listeners.restricted) {
    server->node_->restrict(listener, protocol);
  }
  server->team_ = std::make_unique<net::Team>(
      net::Team::Options{
          .workers = settings.threads,
          .connections_max = settings.connections_max,
          .refusal = std::string(proto::line_of(proto::Text::too_many_connections)),
      },
      std::move(listeners.opened),
      std::move(datagrams)
  );
  return server;
}

Server::~Server() = default;

net::Loop::Options Server::loop_options() const {
  net::Loop::Options options;
  options.send_share_bytes = worker_share_bytes(settings_);
  options.input_share_bytes = std::max(2 * mib, worker_share_bytes(settings_));
  return options;
}

Result<Done> Server::start() {
  std::promise<bool> go;
  const std::shared_future<bool> gone = go.get_future().share();
  for (std::uint32_t i = 0; i < settings_.threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, loop_options(), *node_, *team_, gone));
  }

  std::optional<Error> failure;
  for (const auto& worker : workers_) {
    auto prepared = worker->prepared();
    if (!prepared.ok()) {
      failure = prepared.error();
    } else {
      kernel_features_ = std::move(prepared).value();
    }
  }
  node_->set_base_bytes(resident_bytes() - resident_file_bytes());
  go.set_value(!failure.has_value());
  if (!failure) return Done{};
  workers_.clear();
  return *failure;
}

std::vector<Endpoint> Server::endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const net::DatagramSocket& socket : team_->datagrams()) {
    endpoints.push_back({.address = socket.text(), .port = socket.port(), .is_udp = true});
  }
  for (const net::Listener& listener : team_->listeners()) {
    endpoints.push_back(
        {.address = listener.text(), .port = listener.port(), .is_unix = listener.is_unix()}
    );
  }
  return endpoints;
}

std::string Server::description() const {
  std::string text;
  for (const net::Listener& listener : team_->listeners()) text += listener.text() + ", ";
  for (const net::DatagramSocket& socket : team_->datagrams()) {
    text += "udp " + socket.text() + ", ";
  }
  return text + std::to_string(settings_.threads) +
         (settings_.threads == 1 ? " thread, " : " threads, ") +
         format_size(settings_.memory_bytes) +
         (store_->uses_huge_pages() ? " in huge pages, " : " in 4 KiB pages, ") + kernel_features_;
}

void Server::drain() {
  for (const auto& worker : workers_) worker->drain();
  workers_.clear();
}

}  // namespace rc::server
