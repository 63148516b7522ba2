#include "daemon/command_line.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rc::daemon::Action;
using rc::daemon::CommandLine;

constexpr rc::daemon::Machine machine{.cores = 8, .memory_bytes = 32 * rc::gib};

rc::Result<CommandLine> parse(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  return rc::daemon::parse_command_line(argc, argv.data(), machine);
}

rc::server::Settings settings_of(std::vector<std::string> words) {
  auto line = parse(std::move(words));
  REQUIRE(line.ok());
  return line.value().settings;
}

std::string error_of(std::vector<std::string> words) {
  const auto line = parse(std::move(words));
  REQUIRE_FALSE(line.ok());
  return line.error().message;
}

}  // namespace

TEST_SUITE("daemon/command_line") {
  TEST_CASE("under its own name the daemon serves loopback and uses the machine") {
    const auto settings = settings_of({"/usr/bin/ringcached"});
    CHECK(settings.listen == std::vector<std::string>{"127.0.0.1"});
    CHECK(settings.port == 11211);
    CHECK(settings.threads == 8);
    CHECK(settings.memory_bytes == rc::gib);
    CHECK(settings.connections_max == 10'000);
  }

  TEST_CASE("under the name memcached the defaults are memcached's") {
    const auto settings = settings_of({"/usr/local/bin/memcached"});
    CHECK(settings.listen == std::vector<std::string>{"*"});
    CHECK(settings.threads == 4);
    CHECK(settings.memory_bytes == 64 * rc::mib);
    CHECK(settings.connections_max == 1024);
  }

  TEST_CASE("a listener may be kept to one protocol, and only to one there is") {
    const auto settings =
        settings_of({"ringcached", "-l", "proto[ascii]:127.0.0.1;tag[a]:[::1]:1"});
    CHECK(settings.listen == std::vector<std::string>{"proto[ascii]:127.0.0.1", "tag[a]:[::1]:1"});
    CHECK(
        error_of({"ringcached", "-l", "127.0.0.1,proto[http]:127.0.0.1:80"}) ==
        "listen address 'proto[http]:127.0.0.1:80': "
        "expected proto[ascii]:, proto[binary]: or proto[negotiating]:"
    );
  }

  TEST_CASE("memcached's letters and the long forms say the same") {
    const auto letters = settings_of({"ringcached", "-p",  "0",  "-l", "127.0.0.1,[::1]:11212",
                                      "-m",         "64",  "-c", "20", "-t2",
                                      "-I",         "2m",  "-M", "-R", "20",
                                      "-b",         "512", "-U", "0",  "-u",
                                      "nobody",     "-vv"});
    const auto names = settings_of(
        {"ringcached",
         "--port=0",
         "--listen",
         "127.0.0.1",
         "--listen=[::1]:11212",
         "--memory=64m",
         "--max-connections=20",
         "--threads=2",
         "--item-size-max=2m",
         "--no-evict",
         "--requests-per-turn=20",
         "--backlog=512",
         "--udp-port=0",
         "--user=nobody",
         "--verbose",
         "--verbose"}
    );
    for (const auto& s : {letters, names}) {
      CHECK(s.listen == std::vector<std::string>{"127.0.0.1", "[::1]:11212"});
      CHECK(s.port == 0);
      CHECK(s.memory_bytes == 64 * rc::mib);
      CHECK(s.connections_max == 20);
      CHECK(s.threads == 2);
      CHECK(s.item_size_max_bytes == 2 * rc::mib);
      CHECK_FALSE(s.evict);
      CHECK(s.requests_per_turn == 20);
      CHECK(s.backlog == 512);
      CHECK(s.user == "nobody");
      CHECK(s.verbosity == 2);
    }
  }

  TEST_CASE("a Unix socket replaces TCP unless addresses are given too") {
    const auto only = settings_of({"ringcached", "-s", "/run/x.sock", "-a", "0770"});
    CHECK(only.unix_socket == "/run/x.sock");
    CHECK(only.unix_mode == 0770);
    CHECK(only.listen.empty());
    CHECK(settings_of({"ringcached", "-s", "/x", "-l", "::1"}).listen.size() == 1);
  }

  TEST_CASE("a wrong value is named with its option and what would be right") {
    CHECK(
        error_of({"ringcached", "-p", "70000"}) ==
        "`70000` is no value for -p/--port: expected a number from 0 to 65535"
    );
    CHECK(
        error_of({"ringcached", "--memory=12xb"}) ==
        "`12xb` is no value for -m/--memory: expected MiB, or a number with k, m or g"
    );
    CHECK(error_of({"ringcached", "-a", "0900"}).find("octal") != std::string::npos);
    CHECK(error_of({"ringcached", "-U", "x"}).find("-U/--udp-port") != std::string::npos);
    CHECK(error_of({"ringcached", "-t", "0"}).find("from 1 to 256") != std::string::npos);
  }

  TEST_CASE("an unknown option is refused with a suggestion") {
    CHECK(
        error_of({"ringcached", "--memry=64"}) ==
        "unknown option `--memry=64`; did you mean `--memory`? (--help lists all)"
    );
    CHECK(error_of({"ringcached", "-z"}) == "unknown option `-z` (--help lists all)");
    CHECK(error_of({"ringcached", "serve"}) == "unexpected word `serve`");
    CHECK(error_of({"ringcached", "-p"}) == "the option `-p` needs a value");
  }

  TEST_CASE("values that do not go together are refused before anything starts") {
    CHECK(error_of({"ringcached", "-m", "4"}).find("at least 8 MiB") != std::string::npos);
    CHECK(
        error_of({"ringcached", "-I", "512"}).find("between 1 KiB and 1 GiB") != std::string::npos
    );
    CHECK(
        error_of({"ringcached", "-m", "64", "-I", "33m"}).find("more than half") !=
        std::string::npos
    );
  }

  TEST_CASE("memcached's long forms are understood") {
    const auto settings = settings_of(
        {"memcached",
         "--memory-limit=96",
         "--conn-limit=7",
         "--disable-evictions",
         "--max-item-size=2m",
         "--listen-backlog=9",
         "--max-reqs-per-event=3",
         "--protocol=binary",
         "--disable-dumping",
         "--disable-watch",
         "--disable-flush-all",
         "--enable-shutdown"}
    );
    CHECK(settings.memory_bytes == 96 * rc::mib);
    CHECK(settings.connections_max == 7);
    CHECK_FALSE(settings.evict);
    CHECK(settings.item_size_max_bytes == 2 * rc::mib);
    CHECK(settings.backlog == 9);
    CHECK(settings.requests_per_turn == 3);
    CHECK(settings.protocol == rc::server::Protocol::binary);
    CHECK_FALSE(settings.allow_dump);
    CHECK_FALSE(settings.allow_flush);
    CHECK(settings.allow_shutdown);
  }

  TEST_CASE("what concerns the process is kept apart from what is served") {
    auto line = parse({"memcached", "-d", "-P", "/run/m.pid", "-k", "-r", "-p", "-1"});
    REQUIRE(line.ok());
    CHECK(line.value().process.detach);
    CHECK(line.value().process.pid_file == "/run/m.pid");
    CHECK(line.value().process.lock_memory);
    CHECK(line.value().process.core_dumps);
    CHECK(line.value().settings.port == 0);
  }

  TEST_CASE("options that steer only memcached are understood and noted") {
    auto line = parse({"memcached", "-L", "-C", "-f", "1.25", "-n", "48", "-e", "/dev/shm/m"});
    REQUIRE(line.ok());
    CHECK(line.value().notices.size() == 5);
  }

  TEST_CASE("whoever names a delimiter has prefixes counted by it") {
    CHECK_FALSE(settings_of({"memcached"}).count_prefixes);
    const auto settings = settings_of({"memcached", "-D", "/"});
    CHECK(settings.prefix_delimiter == '/');
    CHECK(settings.count_prefixes);
    CHECK(error_of({"memcached", "-D", "::"}).find("one character") != std::string::npos);
  }

  TEST_CASE("options that cannot be left out without harm are refused") {
    CHECK(error_of({"memcached", "-Z"}).find("TLS") != std::string::npos);
    CHECK(error_of({"memcached", "-S"}).find("authenticated") != std::string::npos);
    CHECK(error_of({"memcached", "-Y", "/etc/pw"}).find("authenticated") != std::string::npos);
    CHECK(error_of({"memcached", "-B", "text"}).find("auto, ascii or binary") != std::string::npos);
  }

  TEST_CASE("help and version are actions, and help fits a screen") {
    auto help = parse({"ringcached", "--help"});
    REQUIRE(help.ok());
    CHECK(help.value().action == Action::print_help);
    const std::string text = rc::daemon::help_text(help.value());
    CHECK(std::count(text.begin(), text.end(), '\n') <= 32);
    auto version = parse({"ringcached", "-V"});
    REQUIRE(version.ok());
    CHECK(version.value().action == Action::print_version);
  }
}
