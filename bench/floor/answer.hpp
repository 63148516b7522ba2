// What a server answers that stores nothing: to a get, the value that the key's number stands for,
// as long as the last value set; to a set, STORED. So the clients of this folder can verify its
// replies, while it costs next to nothing.
//
// Thread: any; an Answerer belongs to one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rc::bench {

class Answerer {
 public:
  // Appends the replies to all whole requests in `input`; returns the bytes they took.
  [[nodiscard]] std::size_t answer(std::string_view input, std::string& output);

 private:
  [[nodiscard]] std::size_t answer_line(
      std::string_view line, std::string_view rest, std::string& output
  );
  void answer_get(std::string_view keys, std::string& output) const;

  std::size_t value_size_bytes_ = 100;
};

}  // namespace rc::bench
