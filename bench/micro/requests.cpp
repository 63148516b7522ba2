#include "micro/requests.hpp"

#include <random>

namespace rc::bench {

Request make_request(std::uint64_t number, bool is_set) {
  Request request{.key = {}, .is_set = is_set};
  request.key[0] = 'k';
  write_key_digits(request.key.data() + 1, number);
  return request;
}

std::vector<Request> draw_requests(
    std::size_t count, const Zipf& popularity, unsigned set_percent, std::uint64_t seed
) {
  std::mt19937_64 random(seed);
  std::vector<Request> requests;
  requests.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t number = popularity(random());
    requests.push_back(make_request(number, random() % 100 < set_percent));
  }
  return requests;
}

}  // namespace rc::bench
