#include "server/connection_list.hpp"

#include <algorithm>

namespace rc::server {

void ConnectionList::add(ConnectionRecord& record, std::string_view listener_name) {
  const std::lock_guard lock(mutex_);
  record.listener = listener_index(listener_name);
  record.previous_ = nullptr;
  record.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &record;
  first_ = &record;
  ++size_;
}

void ConnectionList::remove(ConnectionRecord& record) {
  const std::lock_guard lock(mutex_);
  (record.previous_ != nullptr ? record.previous_->next_ : first_) = record.next_;
  if (record.next_ != nullptr) record.next_->previous_ = record.previous_;
  --size_;
}

std::size_t ConnectionList::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

std::uint16_t ConnectionList::listener_index(std::string_view name) {
  auto found = std::find(listener_names_.begin(), listener_names_.end(), name);
  if (found == listener_names_.end()) found = listener_names_.emplace(found, name);
  return static_cast<std::uint16_t>(found - listener_names_.begin());
}

}  // namespace rc::server
