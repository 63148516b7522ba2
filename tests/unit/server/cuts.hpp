// The property every protocol must keep: how the bytes of a pipeline are cut on their way changes
// no reply. Apart from peer.hpp because the fuzzers, which have no doctest, use that one too.
#pragma once

#include "peer.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

namespace rc::server_test {

// A pipeline is answered alike whether its bytes come together or in random pieces, to a peer that
// now and then does not read.
inline void check_cuts(const std::string& text, std::mt19937& random) {
  CAPTURE(text.substr(0, 2000));
  TestNode whole_node;
  Peer whole(whole_node);
  const std::string expected = whole.talk(text);
  TestNode cut_node;
  Peer cut(cut_node, random() % 5000);
  std::string got;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t step = random() % 4 == 0 ? 1 + random() % 5 : 1 + random() % 100'000;
    got += cut.talk(text.substr(at, step));
    at += step;
  }
  CHECK(got == expected);
}

}  // namespace rc::server_test
