#include "proto/texts.hpp"

#include <doctest/doctest.h>

// The bytes are a contract with every client in the world: they are spelled out here once more.
TEST_SUITE("proto/texts") {
  TEST_CASE("every reply line is what memcached sends") {
    using rc::proto::line_of;
    using rc::proto::Text;
    CHECK(line_of(Text::none).empty());
    CHECK(line_of(Text::stored) == "STORED\r\n");
    CHECK(line_of(Text::not_stored) == "NOT_STORED\r\n");
    CHECK(line_of(Text::exists) == "EXISTS\r\n");
    CHECK(line_of(Text::not_found) == "NOT_FOUND\r\n");
    CHECK(line_of(Text::deleted) == "DELETED\r\n");
    CHECK(line_of(Text::touched) == "TOUCHED\r\n");
    CHECK(line_of(Text::ok) == "OK\r\n");
    CHECK(line_of(Text::end) == "END\r\n");
    CHECK(line_of(Text::reset) == "RESET\r\n");
    CHECK(line_of(Text::error) == "ERROR\r\n");
    CHECK(line_of(Text::bad_line) == "CLIENT_ERROR bad command line format\r\n");
    CHECK(line_of(Text::bad_chunk) == "CLIENT_ERROR bad data chunk\r\n");
    CHECK(line_of(Text::bad_delta) == "CLIENT_ERROR invalid numeric delta argument\r\n");
    CHECK(line_of(Text::bad_exptime) == "CLIENT_ERROR invalid exptime argument\r\n");
    CHECK(
        line_of(Text::delete_usage) ==
        "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"
    );
    CHECK(line_of(Text::meta_duplicate) == "CLIENT_ERROR duplicate flag\r\n");
    CHECK(line_of(Text::meta_flag) == "CLIENT_ERROR invalid flag\r\n");
    CHECK(line_of(Text::meta_token) == "CLIENT_ERROR bad token in command line format\r\n");
    CHECK(line_of(Text::meta_too_many) == "CLIENT_ERROR options flags are too long\r\n");
    CHECK(line_of(Text::meta_opaque) == "CLIENT_ERROR opaque token too long\r\n");
    CHECK(line_of(Text::meta_base64) == "CLIENT_ERROR error decoding key\r\n");
    CHECK(line_of(Text::meta_initial) == "CLIENT_ERROR invalid numeric initial value\r\n");
    CHECK(line_of(Text::meta_delta) == "CLIENT_ERROR invalid numeric delta value\r\n");
    CHECK(line_of(Text::meta_store_mode) == "CLIENT_ERROR invalid mode for ms M token\r\n");
    CHECK(line_of(Text::meta_number_mode) == "CLIENT_ERROR invalid mode for ma M token\r\n");
    CHECK(line_of(Text::meta_number) == "CLIENT_ERROR invalid or duplicate flag\r\n");
    CHECK(
        line_of(Text::non_numeric) ==
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"
    );
    CHECK(line_of(Text::detail_not_allowed) == "CLIENT_ERROR stats detail not allowed\r\n");
    CHECK(line_of(Text::too_large) == "SERVER_ERROR object too large for cache\r\n");
    CHECK(line_of(Text::no_memory_storing) == "SERVER_ERROR out of memory storing object\r\n");
    CHECK(line_of(Text::no_memory) == "SERVER_ERROR out of memory\r\n");
    CHECK(
        line_of(Text::no_memory_getting) == "SERVER_ERROR out of memory writing get response\r\n"
    );
    CHECK(line_of(Text::too_many_connections) == "ERROR Too many open connections\r\n");
    CHECK(line_of(Text::shutdown_disabled) == "SERVER_ERROR: shutdown not enabled\r\n");
  }
}
