#include "net/connection.hpp"

#include "base/assert.hpp"
#include "ring/op.hpp"

namespace rc::net {

std::uint32_t Connections::take() {
  if (free_.empty()) {
    const std::uint32_t first = slot_count();
    chunks_.push_back(std::make_unique<Chunk>());
    for (std::uint32_t i = chunk_slots; i > 0; --i) free_.push_back(first + i - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  (*this)[index].is_open = true;
  ++open_count_;
  return index;
}

void Connections::give_back(std::uint32_t index) {
  Connection& connection = (*this)[index];
  RC_ASSERT(connection.is_open && connection.is_quiet() && connection.chain == nullptr);
  const std::uint32_t generation = (connection.generation + 1) & ring::OpId::generation_mask;
  connection.~Connection();
  new (&connection) Connection;
  connection.generation = generation;
  free_.push_back(index);
  --open_count_;
}

Connection* Connections::find(ConnectionRef ref) {
  if (ref.index >= slot_count()) return nullptr;
  Connection& connection = (*this)[ref.index];
  const bool is_same = connection.is_open && connection.generation == ref.generation;
  return is_same ? &connection : nullptr;
}

}  // namespace rc::net
