// Engine: new connections. Worker 0 accepts; the worker with the fewest connections gets each one,
// by a message to its ring that carries the descriptor.
//
// An accept that fails for want of descriptors or memory is not armed again at once: it would fail
// at once, thousands of times a second, while the client waits in the backlog all the same.
// keep_house() and every connection that closes arm it again.
#include "net/address.hpp"
#include "net/engine.hpp"

#include <cerrno>
#include <utility>

namespace rc::net {

using ring::Completion;
using ring::OpId;
using ring::OpKind;
using stats::Metric;

namespace {

std::string peer_of(int fd) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof(storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return {};
  return address_text(storage, bytes);
}

}  // namespace

void Engine::arm_accepts() {
  if (stop_ != Stop::none || is_accept_paused_) return;
  for (std::uint32_t i = 0; i < is_accepting_.size(); ++i) {
    if (is_accepting_[i]) continue;
    is_accepting_[i] = true;
    ring_.accept(team_.listeners()[i].fd(), {.kind = OpKind::accept, .index = i});
  }
}

void Engine::handle_accept(const Completion& completion) {
  const std::uint32_t listener = completion.id.index;
  if (!completion.more) is_accepting_[listener] = false;
  if (completion.result >= 0) {
    place(completion.result, listener);
  } else {
    switch (-completion.result) {
      // The peer was gone before we came, or the call was interrupted.
      case ECONNABORTED:
      case EINTR:
      case EAGAIN:
      case ECANCELED:
        break;
      // EMFILE, ENFILE, ENOBUFS, ENOMEM, and whatever else would come again at once.
      default:
        if (!is_accept_paused_) counters_.add(Metric::accept_paused);
        is_accept_paused_ = true;
    }
  }
  arm_accepts();
}

void Engine::place(int fd, std::uint32_t listener) {
  const std::uint32_t worker = team_.admit();
  if (worker == Team::refused) {
    counters_.add(Metric::rejected_connections);
    ++placing_;
    const OpId id{.kind = OpKind::refuse, .index = static_cast<std::uint32_t>(fd)};
    ring_.send(fd, team_.refusal(), id);
    return;
  }
  if (worker == options_.worker) return open(fd, listener);
  ++placing_;
  ring_.message(
      team_.ring_of(worker),
      {.kind = OpKind::handed, .index = listener},
      fd,
      {.kind = OpKind::hand_over, .index = static_cast<std::uint32_t>(fd), .generation = worker}
  );
}

void Engine::handle_refuse(const Completion& completion) {
  --placing_;
  ring_.close(static_cast<int>(completion.id.index), {});
}

void Engine::handle_hand_over(const Completion& completion) {
  --placing_;
  if (completion.result >= 0) return;
  // The other worker has ended. Its number travelled where a generation would.
  team_.leave(completion.id.generation);
  ring_.close(static_cast<int>(completion.id.index), {});
}

void Engine::handle_handed(const Completion& completion) {
  open(completion.result, completion.id.index);
}

void Engine::open(int fd, std::uint32_t listener) {
  counters_.add(Metric::total_connections);
  const std::uint32_t index = connections_.take();
  Connection& connection = connections_[index];
  connection.fd = fd;
  const Listener& origin = team_.listeners()[listener];
  const std::string peer = origin.is_unix() ? origin.text() : peer_of(fd);
  connection.session = sink_.on_open({
      .id = index * team_.workers() + options_.worker,
      .is_unix = origin.is_unix(),
      .peer = peer,
      .listener = origin.text(),
  });
  if (stop_ == Stop::none) return arm_receive(index);
  if (stop_ == Stop::now) return close(index, Ending::stopped);
  // It was handed over while the drain began: what it has sent is executed like everybody's.
  ring_.shutdown(fd, ring::Direction::read);
  arm_receive(index);
}

void Engine::stop_accepting() {
  if (!is_acceptor()) return;
  for (std::uint32_t i = 0; i < is_accepting_.size(); ++i) {
    if (is_accepting_[i]) ring_.cancel({.kind = OpKind::accept, .index = i}, {});
  }
}

}  // namespace rc::net
