#include "missratio/policies.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <vector>

namespace rc::bench {
namespace {

constexpr std::uint32_t nobody = UINT32_MAX;

// Where an object is: its neighbours in at most one list, and a policy's marks.
struct Node {
  std::uint32_t newer = nobody;
  std::uint32_t older = nobody;
  std::uint8_t list = 0;  // 0: in none
  std::uint8_t uses = 0;
};

// A list through nodes, from the newest to the oldest, that knows the cost of what it holds.
class List {
 public:
  List(std::vector<Node>& nodes, std::span<const std::uint64_t> costs, std::uint8_t name)
      : nodes_(&nodes), costs_(costs), name_(name) {}

  [[nodiscard]] std::uint64_t cost() const { return cost_; }
  [[nodiscard]] std::uint32_t oldest() const { return oldest_; }

  void push(std::uint32_t object) {
    Node& node = (*nodes_)[object];
    node.newer = nobody;
    node.older = newest_;
    node.list = name_;
    if (newest_ != nobody) (*nodes_)[newest_].newer = object;
    newest_ = object;
    if (oldest_ == nobody) oldest_ = object;
    cost_ += costs_[object];
  }
  void remove(std::uint32_t object) {
    Node& node = (*nodes_)[object];
    (node.newer != nobody ? (*nodes_)[node.newer].older : newest_) = node.older;
    (node.older != nobody ? (*nodes_)[node.older].newer : oldest_) = node.newer;
    node.list = 0;
    cost_ -= costs_[object];
  }
  std::uint32_t pop() {
    const std::uint32_t object = oldest_;
    remove(object);
    return object;
  }

 private:
  std::vector<Node>* nodes_;
  std::span<const std::uint64_t> costs_;
  std::uint8_t name_;
  std::uint32_t newest_ = nobody;
  std::uint32_t oldest_ = nobody;
  std::uint64_t cost_ = 0;
};

// What all of them share: nodes, and storing only what fits.
class ListPolicy : public Policy {
 public:
  ListPolicy(std::span<const std::uint64_t> costs, std::uint64_t capacity)
      : Policy(costs, capacity), costs_(costs), nodes_(costs.size()) {}

  bool request(std::uint32_t object) final {
    if (holds(object)) {
      hit(object);
      return true;
    }
    if (cost(object) <= capacity()) store(object);
    return false;
  }

 protected:
  [[nodiscard]] virtual bool holds(std::uint32_t object) const { return node(object).list != 0; }
  virtual void hit(std::uint32_t object) = 0;
  virtual void store(std::uint32_t object) = 0;

  [[nodiscard]] Node& node(std::uint32_t object) { return nodes_[object]; }
  [[nodiscard]] const Node& node(std::uint32_t object) const { return nodes_[object]; }
  [[nodiscard]] List make_list(std::uint8_t name) { return {nodes_, costs_, name}; }

 private:
  std::span<const std::uint64_t> costs_;
  std::vector<Node> nodes_;
};

class Fifo : public ListPolicy {
 public:
  using ListPolicy::ListPolicy;

 protected:
  void hit(std::uint32_t) override {}
  void store(std::uint32_t object) override {
    while (list_.cost() + cost(object) > capacity()) list_.pop();
    list_.push(object);
  }
  void to_front(std::uint32_t object) {
    list_.remove(object);
    list_.push(object);
  }

 private:
  List list_ = make_list(1);
};

class Lru final : public Fifo {
 public:
  using Fifo::Fifo;

 private:
  void hit(std::uint32_t object) override { to_front(object); }
};

class Sieve final : public ListPolicy {
 public:
  using ListPolicy::ListPolicy;

 private:
  void hit(std::uint32_t object) override { node(object).uses = 1; }
  void store(std::uint32_t object) override {
    while (list_.cost() + cost(object) > capacity()) evict();
    node(object).uses = 0;
    list_.push(object);
  }
  void evict() {
    if (hand_ == nobody) hand_ = list_.oldest();
    while (node(hand_).uses != 0) {
      node(hand_).uses = 0;
      hand_ = node(hand_).newer != nobody ? node(hand_).newer : list_.oldest();
    }
    const std::uint32_t victim = hand_;
    hand_ = node(victim).newer;
    list_.remove(victim);
  }

  List list_ = make_list(1);
  std::uint32_t hand_ = nobody;
};

class S3Fifo final : public ListPolicy {
 public:
  using ListPolicy::ListPolicy;

 private:
  static constexpr std::uint8_t in_ghost = 3;
  static constexpr std::uint8_t uses_max = 3;
  static constexpr std::uint8_t uses_to_promote = 2;

  [[nodiscard]] bool holds(std::uint32_t object) const override {
    return node(object).list != 0 && node(object).list != in_ghost;
  }
  void hit(std::uint32_t object) override {
    node(object).uses = static_cast<std::uint8_t>(std::min(node(object).uses + 1, +uses_max));
  }
  void store(std::uint32_t object) override {
    while (small_.cost() + main_.cost() + cost(object) > capacity()) evict();
    node(object).uses = 0;
    if (node(object).list == in_ghost) {
      ghost_.remove(object);
      main_.push(object);
    } else {
      small_.push(object);
    }
  }
  void evict() {
    if (small_.cost() * 10 >= capacity() || main_.oldest() == nobody) {
      evict_small();
    } else {
      evict_main();
    }
  }
  // Moves what was used into main until one dies. May end without a death: then main is asked.
  void evict_small() {
    while (small_.oldest() != nobody) {
      const std::uint32_t object = small_.pop();
      if (node(object).uses < uses_to_promote) {
        remember(object);
        return;
      }
      node(object).uses = 0;
      main_.push(object);
    }
  }
  void evict_main() {
    while (true) {
      const std::uint32_t object = main_.pop();
      if (node(object).uses == 0) return;
      --node(object).uses;
      main_.push(object);
    }
  }
  // As much as main may hold.
  void remember(std::uint32_t object) {
    ghost_.push(object);
    while (ghost_.cost() > capacity() - capacity() / 10) ghost_.pop();
  }

  List small_ = make_list(1);
  List main_ = make_list(2);
  List ghost_ = make_list(in_ghost);
};

class MemcachedSlru final : public ListPolicy {
 public:
  using ListPolicy::ListPolicy;

 private:
  static constexpr std::uint8_t in_cold = 3;

  // The first use after storing marks an item fetched, the second makes it active.
  void hit(std::uint32_t object) override {
    Node& n = node(object);
    n.uses = static_cast<std::uint8_t>(std::min(n.uses + 1, 2));
    if (n.list != in_cold || n.uses < 2) return;
    n.uses = 1;
    cold_.remove(object);
    warm_.push(object);
    settle();
  }
  void store(std::uint32_t object) override {
    while (total() + cost(object) > capacity()) evict();
    node(object).uses = 0;
    hot_.push(object);
    settle();
  }
  [[nodiscard]] std::uint64_t total() const { return hot_.cost() + warm_.cost() + cold_.cost(); }
  void evict() {
    if (cold_.oldest() != nobody) {
      cold_.pop();
    } else {
      (warm_.oldest() != nobody ? warm_ : hot_).pop();
    }
  }
  // The maintainer: an active item at the end of HOT or WARM goes to the front of WARM, another
  // one to COLD if its list is too long.
  void settle() {
    while (settle_tail(hot_, total() / 5)) {
    }
    while (settle_tail(warm_, total() * 2 / 5)) {
    }
  }
  bool settle_tail(List& list, std::uint64_t limit) {
    const std::uint32_t object = list.oldest();
    if (object == nobody) return false;
    const bool active = node(object).uses >= 2;
    if (!active && list.cost() <= limit) return false;
    list.remove(object);
    if (active) node(object).uses = 1;
    (active ? warm_ : cold_).push(object);
    return true;
  }

  List hot_ = make_list(1);
  List warm_ = make_list(2);
  List cold_ = make_list(in_cold);
};

}  // namespace

const char* name_of(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::fifo:
      return "fifo";
    case PolicyKind::lru:
      return "lru";
    case PolicyKind::sieve:
      return "sieve";
    case PolicyKind::s3fifo:
      return "s3fifo";
    case PolicyKind::slru:
      return "slru";
  }
  RC_ASSERT(!"a policy without a name");
}

std::unique_ptr<Policy> make_policy(
    PolicyKind kind, std::span<const std::uint64_t> costs, std::uint64_t capacity
) {
  switch (kind) {
    case PolicyKind::fifo:
      return std::make_unique<Fifo>(costs, capacity);
    case PolicyKind::lru:
      return std::make_unique<Lru>(costs, capacity);
    case PolicyKind::sieve:
      return std::make_unique<Sieve>(costs, capacity);
    case PolicyKind::s3fifo:
      return std::make_unique<S3Fifo>(costs, capacity);
    case PolicyKind::slru:
      return std::make_unique<MemcachedSlru>(costs, capacity);
  }
  RC_ASSERT(!"a policy that nobody makes");
}

}  // namespace rc::bench
