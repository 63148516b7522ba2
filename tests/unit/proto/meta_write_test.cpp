#include "proto/meta_write.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using rc::proto::Echo;
using rc::proto::meta_echoes;
using rc::proto::meta_get_answers;
using rc::proto::meta_line_max;
using rc::proto::meta_number_answers;
using rc::proto::meta_store_answers;
using rc::proto::MetaFacts;

std::string line(
    std::string_view code,
    const Echo& echo,
    rc::proto::Bits<rc::proto::Return> answers,
    const MetaFacts& facts = {}
) {
  std::string room(meta_line_max, '\0');
  const char* const end = rc::proto::write_meta_line(room.data(), code, echo, answers, facts);
  room.resize(static_cast<std::size_t>(end - room.data()));
  return room;
}

constexpr MetaFacts facts{
    .value_bytes = 3,
    .client_flags = 5,
    .cas = 18446744073709551615U,
    .ttl_before_s = 30,
    .ttl_touched_s = 100,
    .idle_s = 7,
    .was_fetched = true};

}  // namespace

TEST_SUITE("proto/meta_write") {
  TEST_CASE("flags are answered in the order of the request") {
    CHECK(
        line("HD", {.key = "a", .flags = "k s f c h l Oxy"}, meta_get_answers, facts) ==
        "HD ka s3 f5 c18446744073709551615 h1 l7 Oxy\r\n"
    );
    CHECK(
        line("HD", {.key = "a", .flags = "Oxy l h c f s k"}, meta_get_answers, facts) ==
        "HD Oxy l7 h1 c18446744073709551615 f5 s3 ka\r\n"
    );
  }

  TEST_CASE("a t in front of the T tells the old time, one behind it the new") {
    CHECK(line("HD", {.flags = "t T100"}, meta_get_answers, facts) == "HD t30\r\n");
    CHECK(line("HD", {.flags = "T100 t"}, meta_get_answers, facts) == "HD t100\r\n");
    CHECK(line("HD", {.flags = "t"}, meta_get_answers) == "HD t-1\r\n");
    CHECK(line("HD", {.flags = "t N5"}, meta_get_answers, facts) == "HD t30\r\n");
  }

  TEST_CASE("N tells the time of an item that it made, and of no other") {
    MetaFacts made = facts;
    made.ttl_before_s = -1;
    made.ttl_vivified_s = 60;
    CHECK(line("HD", {.flags = "t N60 T100"}, meta_get_answers, made) == "HD t-1\r\n");
    CHECK(line("HD", {.flags = "N60 t T100"}, meta_get_answers, made) == "HD t60\r\n");
    CHECK(line("HD", {.flags = "T100 N60 t"}, meta_get_answers, made) == "HD t60\r\n");
    CHECK(line("HD", {.flags = "N60 T100 t"}, meta_get_answers, made) == "HD t100\r\n");
    CHECK(line("HD", {.flags = "T100 N60 t"}, meta_get_answers, facts) == "HD t100\r\n");
  }

  TEST_CASE("each command answers what it knows, and echoes in any case") {
    const Echo echo{.key = "a", .flags = "k O1 c s t f h l v q"};
    CHECK(line("NF", echo, meta_echoes, facts) == "NF ka O1\r\n");
    CHECK(line("NS", echo, meta_store_answers) == "NS ka O1 c0 s0\r\n");
    CHECK(line("HD", echo, meta_number_answers, facts) == "HD ka O1 c18446744073709551615 t30\r\n");
  }

  TEST_CASE("a base64 key is marked where it is echoed") {
    const Echo echo{.base64_key = true, .key = "YQ==", .flags = "b k v O1"};
    CHECK(line("EN", echo, meta_echoes) == "EN kYQ== b O1\r\n");
  }

  TEST_CASE("lost, stale and won stand at the end, in this order") {
    MetaFacts all;
    all.was_won = all.stale = all.won = true;
    CHECK(line("HD", {.flags = "s"}, meta_get_answers, all) == "HD s0 Z X W\r\n");
  }

  TEST_CASE("a value's line begins with its length") {
    std::string room(meta_line_max, '\0');
    const Echo echo{.flags = "v s"};
    const char* const end =
        rc::proto::write_meta_value_line(room.data(), 12, echo, meta_get_answers, facts);
    CHECK(
        std::string_view(room.data(), static_cast<std::size_t>(end - room.data())) == "VA 12 s3\r\n"
    );
  }

  TEST_CASE("the longest line has room") {
    MetaFacts longest = facts;
    longest.ttl_before_s = longest.ttl_touched_s = -4'000'000'000;
    longest.value_bytes = longest.client_flags = longest.idle_s = 4'294'967'295U;
    longest.was_won = longest.stale = longest.won = true;
    const std::string key(250, 'k');
    const std::string flags = "k s t c f h l O" + std::string(31, 'o') + " T1 N1 R1 C1 E1 J1 D1";
    const Echo echo{.base64_key = true, .key = key, .flags = flags};
    std::string room(meta_line_max, '\0');
    const char* const end = rc::proto::write_meta_value_line(
        room.data(), 4'294'967'295U, echo, meta_get_answers, longest
    );
    CHECK(end <= room.data() + room.size());
  }
}
