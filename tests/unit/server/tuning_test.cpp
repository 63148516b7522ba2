#include "server/tuning.hpp"

#include <doctest/doctest.h>

namespace {

using rc::proto::Text;
using rc::server::answer_tuning;

}  // namespace

TEST_SUITE("server/tuning") {
  TEST_CASE("the automove window has bounds") {
    CHECK(answer_tuning("slabs automove window 30") == Text::ok);
    CHECK(answer_tuning("slabs automove window 1") == Text::automove_window);
    CHECK(answer_tuning("slabs automove window 4000000000") == Text::automove_window);
    CHECK(answer_tuning("slabs automove window soon") == Text::bad_line);
    CHECK(answer_tuning("slabs automove ratio 0.8") == Text::ok);
    CHECK(answer_tuning("slabs automove freeratio") == Text::bad_line);
  }

  TEST_CASE("a command cut short anywhere is an error and reads nothing beyond its end") {
    for (const std::string_view whole :
         {"slabs reassign 1 2",
          "lru tune 10 25 0.1 2.0",
          "lru mode flat",
          "lru temp_ttl 60",
          "lru_crawler sleep 100",
          "lru_crawler crawl 1,2",
          "extstore item_size 512"}) {
      CAPTURE(whole);
      CHECK(answer_tuning(whole) == Text::ok);
      for (std::size_t end = whole.rfind(' '); end != std::string_view::npos;
           end = end == 0 ? std::string_view::npos : whole.rfind(' ', end - 1)) {
        CHECK(answer_tuning(whole.substr(0, end)) == Text::error);
      }
    }
  }

  TEST_CASE("an argument of the wrong kind is refused") {
    CHECK(answer_tuning("slabs reassign -1 2") == Text::ok);
    CHECK(answer_tuning("slabs reassign 0 2") == Text::slabs_bad_class);
    CHECK(answer_tuning("slabs reassign 1 -2") == Text::bad_line);
    CHECK(answer_tuning("lru tune 10 25 0.1 x") == Text::error);
    CHECK(answer_tuning("lru temp_ttl never") == Text::error);
    CHECK(answer_tuning("lru_crawler tocrawl -5") == Text::bad_line);
    CHECK(answer_tuning("lru_crawler crawl 1,,2") == Text::crawler_bad_class);
    CHECK(answer_tuning("extstore item_weight 5") == Text::error);
    CHECK(answer_tuning("refresh_certs") == Text::no_tls);
  }
}
