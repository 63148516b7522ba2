#include "common/trace.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

// A file that lives as long as the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    const int fd = mkstemp(path_.data());
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { unlink(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/trace-test-XXXXXX";
};

const std::string two_requests(
    "\x01\x02\x00\x00\x00\x10\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00", 16
);

std::string error_of(const std::string& bytes) {
  const TemporaryFile file(bytes);
  const auto trace = rc::bench::read_trace(file.path(), SIZE_MAX);
  REQUIRE_FALSE(trace.ok());
  return trace.error().message;
}

}  // namespace

TEST_SUITE("bench/trace") {
  TEST_CASE("a word is object number low, size high, little-endian") {
    const TemporaryFile file(two_requests);
    auto trace = rc::bench::read_trace(file.path(), SIZE_MAX);
    REQUIRE(trace.ok());
    REQUIRE(trace.value().size() == 2);
    CHECK(trace.value()[0].object == 0x201);
    CHECK(trace.value()[0].size_bytes == 0x1000);
    CHECK(trace.value()[1].object == 0xffffffff);
    CHECK(trace.value()[1].size_bytes == 1);
  }

  TEST_CASE("no more requests are read than asked for") {
    const TemporaryFile file(two_requests);
    auto trace = rc::bench::read_trace(file.path(), 1);
    REQUIRE(trace.ok());
    CHECK(trace.value().size() == 1);
  }

  TEST_CASE("a trace longer than one block is read whole") {
    std::string words;
    for (int word = 0; word < 9000; ++word) words += two_requests.substr(0, 8);
    const TemporaryFile file(words);
    auto trace = rc::bench::read_trace(file.path(), SIZE_MAX);
    REQUIRE(trace.ok());
    CHECK(trace.value().size() == 9000);
    CHECK(trace.value().back().object == 0x201);
  }

  TEST_CASE("what is no trace is refused with the reason") {
    CHECK(error_of("") == "holds no request");
    CHECK(error_of(two_requests + "x") == "ends inside a 64-bit word");
    CHECK(error_of(std::string(
                       "\xfd"
                       "7zXZ\0\0\0",
                       8
                   ))
              .starts_with("is compressed"));
  }

  TEST_CASE("a file that is not there is named by the system's error") {
    const auto trace = rc::bench::read_trace("/nonexistent/trace", SIZE_MAX);
    REQUIRE_FALSE(trace.ok());
    CHECK(trace.error().message == "cannot be opened: No such file or directory");
  }
}
