// A storage command whose value has not arrived in full. The common small value comes with its
// line and never needs one; for the others the worker keeps a few of these to reuse.
// Thread: the owning worker.
#pragma once

#include "proto/request.hpp"
#include "store/access.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rc::server {

// What has to be remembered of the request until its value is there.
struct StoreTerms {
  store::WriteTerms write;
  proto::Echo echo;

  // Values of the binary protocol end without a line end.
  [[nodiscard]] std::uint32_t value_end_bytes() const {
    return echo.dialect == proto::Dialect::binary ? 0 : 2;
  }
};

struct PendingStore {
  store::Draft draft;
  StoreTerms terms;
  std::string text;  // what the echo repeats: its bytes are gone when the value comes

  void remember(const StoreTerms& of_request) {
    terms = of_request;
    const proto::Echo& echo = of_request.echo;
    if (echo.dialect != proto::Dialect::meta) return;
    text.assign(echo.key);
    text.append(echo.flags);
    terms.echo.key = std::string_view(text).substr(0, echo.key.size());
    terms.echo.flags = std::string_view(text).substr(echo.key.size());
  }
};

class PendingStores {
 public:
  [[nodiscard]] std::unique_ptr<PendingStore> take(store::Draft&& draft, const StoreTerms& terms) {
    std::unique_ptr<PendingStore> pending;
    if (spare_.empty()) {
      pending = std::make_unique<PendingStore>();
    } else {
      pending = std::move(spare_.back());
      spare_.pop_back();
    }
    pending->draft = std::move(draft);
    pending->remember(terms);
    return pending;
  }

  void put_back(std::unique_ptr<PendingStore> pending) {
    pending->draft = store::Draft();
    if (spare_.size() < spare_max) spare_.push_back(std::move(pending));
  }

 private:
  static constexpr std::size_t spare_max = 64;
  std::vector<std::unique_ptr<PendingStore>> spare_;
};

}  // namespace rc::server
