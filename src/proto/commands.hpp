// The commands of the classic protocol with their argument counts: one table, so that no command
// can be reached with fewer tokens than its parser reads.
// Thread: any.
#pragma once

#include "proto/request.hpp"

#include <cstdint>
#include <string_view>

namespace rc::proto {

// What stands behind the command word; each form has one parser in classic_parse.cpp.
enum class Form : std::uint8_t {
  keys,          // <key>+
  exptime_keys,  // <exptime> <key>+
  store,         // <key> <flags> <exptime> <bytes> [noreply], then the value
  store_cas,     // <key> <flags> <exptime> <bytes> <cas> [noreply], then the value
  delta,         // <key> <delta> [noreply]
  erase,         // <key> [0] [noreply]
  touch,         // <key> <exptime> [noreply]
  flush_all,     // [<delay>] [noreply]
  verbosity,     // <level> [noreply]
  memory_limit,  // <MiB> [noreply]
  text,          // anything; kept as Request::rest
  line,          // anything; Request::rest is the line, word included
};

struct Command {
  std::string_view word;
  Op op;
  Form form;
  std::uint8_t tokens_min;  // with the word itself, without noreply
  Mode mode = Mode::set;
  bool decrement = false;
  bool wants_cas = false;
};

// The most frequent first: the look-up is a linear search.
inline constexpr Command commands[] = {
    {.word = "get", .op = Op::get, .form = Form::keys, .tokens_min = 2},
    {.word = "set", .op = Op::store, .form = Form::store, .tokens_min = 5},
    {.word = "gets", .op = Op::get, .form = Form::keys, .tokens_min = 2, .wants_cas = true},
    {.word = "add", .op = Op::store, .form = Form::store, .tokens_min = 5, .mode = Mode::add},
    {.word = "delete", .op = Op::erase, .form = Form::erase, .tokens_min = 2},
    {.word = "incr", .op = Op::arithmetic, .form = Form::delta, .tokens_min = 3},
    {.word = "decr", .op = Op::arithmetic, .form = Form::delta, .tokens_min = 3, .decrement = true},
    {.word = "cas", .op = Op::store, .form = Form::store_cas, .tokens_min = 5},
    {.word = "touch", .op = Op::touch, .form = Form::touch, .tokens_min = 3},
    {.word = "gat", .op = Op::get, .form = Form::exptime_keys, .tokens_min = 3},
    {.word = "gats", .op = Op::get, .form = Form::exptime_keys, .tokens_min = 3, .wants_cas = true},
    {.word = "replace",
     .op = Op::store,
     .form = Form::store,
     .tokens_min = 5,
     .mode = Mode::replace},
    {.word = "append", .op = Op::store, .form = Form::store, .tokens_min = 5, .mode = Mode::append},
    {.word = "prepend",
     .op = Op::store,
     .form = Form::store,
     .tokens_min = 5,
     .mode = Mode::prepend},
    {.word = "version", .op = Op::version, .form = Form::text, .tokens_min = 1},
    {.word = "stats", .op = Op::stats, .form = Form::text, .tokens_min = 1},
    {.word = "flush_all", .op = Op::flush_all, .form = Form::flush_all, .tokens_min = 1},
    {.word = "verbosity", .op = Op::verbosity, .form = Form::verbosity, .tokens_min = 2},
    {.word = "cache_memlimit", .op = Op::memory_limit, .form = Form::memory_limit, .tokens_min = 2},
    {.word = "quit", .op = Op::quit, .form = Form::text, .tokens_min = 1},
    {.word = "slabs", .op = Op::tune, .form = Form::line, .tokens_min = 1},
    {.word = "lru", .op = Op::tune, .form = Form::line, .tokens_min = 1},
    {.word = "lru_crawler", .op = Op::tune, .form = Form::line, .tokens_min = 1},
    {.word = "extstore", .op = Op::tune, .form = Form::line, .tokens_min = 1},
    {.word = "refresh_certs", .op = Op::tune, .form = Form::line, .tokens_min = 1},
    {.word = "watch", .op = Op::watch, .form = Form::text, .tokens_min = 1},
    {.word = "shutdown", .op = Op::shutdown, .form = Form::text, .tokens_min = 1},
#ifndef NDEBUG
    // As in memcached, not in the program that is shipped: whoever moves the clock expires items.
    {.word = "debugtime", .op = Op::tune, .form = Form::line, .tokens_min = 1},
#endif
};

// Null if there is no such command. Words are case-sensitive.
[[nodiscard]] const Command* find_command(std::string_view word);

}  // namespace rc::proto
