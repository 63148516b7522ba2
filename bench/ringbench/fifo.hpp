// A queue in one piece of memory that does not allocate once it has grown.
//
// Thread: one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rc::bench {

template <class T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const { return first_ == all_.size(); }
  [[nodiscard]] std::size_t size() const { return all_.size() - first_; }
  [[nodiscard]] T& front() { return all_[first_]; }
  [[nodiscard]] std::span<T> items() { return std::span(all_).subspan(first_); }
  void push(const T& item) { all_.push_back(item); }

  void pop(std::size_t count = 1) {
    first_ += count;
    if (first_ == all_.size()) {
      all_.clear();
      first_ = 0;
    } else if (first_ >= 1024 && 2 * first_ >= all_.size()) {
      // Moves each item once per doubling, so the cost per item stays constant.
      all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

 private:
  std::vector<T> all_;
  std::size_t first_ = 0;
};

}  // namespace rc::bench
