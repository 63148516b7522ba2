#include "server/worker.hpp"

#include "base/assert.hpp"
#include "net/kernel_loop.hpp"
#include "server/server_sink.hpp"
#include "store/access.hpp"

#include <memory>
#include <utility>

namespace rc::server {

Worker::Worker(
    std::uint32_t index,
    const net::Loop::Options& options,
    Node& node,
    net::Team& team,
    std::shared_future<bool> go
)
    : index_(index), thread_([this, options, &node, &team, go = std::move(go)] {
        serve(options, node, team, go);
      }) {}

Worker::~Worker() {
  thread_.join();
}

Result<std::string> Worker::prepared() {
  return prepared_.get_future().get();
}

void Worker::drain() {
  RC_ASSERT(loop_ != nullptr);
  loop_->request_stop(net::Stop::drain);
}

void Worker::serve(
    net::Loop::Options options, Node& node, net::Team& team, std::shared_future<bool> go
) {
  stats::Counters& counters = node.worker(index_).counters;
  store::Access access(node.store(), counters);
  ServerSink sink(node, index_, access);
  options.worker = index_;
  // Here and not in the constructor: a ring belongs to the thread that makes it.
  auto created = net::KernelLoop::create(options, team, sink, counters);
  if (!created.ok()) return prepared_.set_value(created.error());

  const std::unique_ptr<net::KernelLoop> kernel_loop = std::move(created).value();
  loop_ = &kernel_loop->loop();
  prepared_.set_value(kernel_loop->description());
  if (go.get()) loop_->run();
}

}  // namespace rc::server
