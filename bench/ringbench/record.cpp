#include "ringbench/record.hpp"

#include <algorithm>
#include <utility>

namespace rc::bench {

void Record::merge(const Record& other, bool in_turn) {
  get_ns.merge(other.get_ns);
  set_ns.merge(other.set_ns);
  gets += other.gets;
  sets += other.sets;
  get_keys += other.get_keys;
  hits += other.hits;
  misses += other.misses;
  wrong_values += other.wrong_values;
  refused += other.refused;
  errors += other.errors;
  unsent += other.unsent;
  if (first_problem.empty()) first_problem = other.first_problem;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  client_cpu_ns += other.client_cpu_ns;
  if (in_turn) {
    wall_ns += other.wall_ns;
    client_busiest_ns += other.client_busiest_ns;
  } else {
    wall_ns = std::max(wall_ns, other.wall_ns);
    client_busiest_ns = std::max(client_busiest_ns, other.client_busiest_ns);
  }
}

void Record::clear() {
  Histogram get_latency = std::move(get_ns);
  Histogram set_latency = std::move(set_ns);
  get_latency.clear();
  set_latency.clear();
  *this = Record{
      .get_ns = std::move(get_latency), .set_ns = std::move(set_latency), .first_problem = {}};
}

}  // namespace rc::bench
