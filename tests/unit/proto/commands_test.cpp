#include "proto/commands.hpp"

#include <string>

#include <doctest/doctest.h>

TEST_SUITE("proto/commands") {
  TEST_CASE("every word of the table finds its own row") {
    for (const rc::proto::Command& command : rc::proto::commands) {
      CAPTURE(command.word);
      CHECK(rc::proto::find_command(command.word) == &command);
    }
  }

  TEST_CASE("a word that only resembles a command is none") {
    const std::string words[] = {
        "",
        "ge",
        "GET",
        "Get",
        std::string("get\0", 4),
        "getss",
        "flush_al",
        "flush_allx",
        "flush_alx",
        std::string("\0get", 4),
        "verbosit",
    };
    for (const std::string& word : words) {
      CAPTURE(word);
      CHECK(rc::proto::find_command(word) == nullptr);
    }
  }

  TEST_CASE("no form is reachable with fewer tokens than it reads") {
    using rc::proto::Form;
    for (const rc::proto::Command& command : rc::proto::commands) {
      CAPTURE(command.word);
      switch (command.form) {
        case Form::store:
          CHECK(command.tokens_min == 5);
          break;
        case Form::store_cas:
          CHECK(command.tokens_min == 5);
          break;
        case Form::exptime_keys:
        case Form::delta:
        case Form::touch:
          CHECK(command.tokens_min == 3);
          break;
        case Form::keys:
        case Form::erase:
        case Form::verbosity:
        case Form::memory_limit:
          CHECK(command.tokens_min == 2);
          break;
        case Form::flush_all:
        case Form::line:
        case Form::text:
          CHECK(command.tokens_min == 1);
          break;
      }
    }
  }
}
