// What the process does to itself: going to the background, its pid file, core dumps, locked
// memory, and the file that tells test suites which ports were taken.
// Thread: main, before the workers start, except where said.
#pragma once

#include "base/result.hpp"
#include "server/server.hpp"

#include <string>
#include <vector>

namespace rc::daemon {

// The way to the background. The caller goes on in a child without a terminal; the parent waits
// until the child serves, and ends with 0, or with the child's exit code if that ends before. So
// whoever started the daemon learns whether it runs.
class Background {
 public:
  [[nodiscard]] static Result<Background> enter();

  // Lets the parent go, and the current directory; and the output too, unless it is to be kept.
  void serves(bool keep_output);

 private:
  explicit Background(int parent_fd) : parent_fd_(parent_fd) {}
  int parent_fd_;
};

// A file with the process's id, for as long as this object lives.
class PidFile {
 public:
  [[nodiscard]] static Result<PidFile> write(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  // The file stays if the rights to remove it are gone.
  ~PidFile();

 private:
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Lets core files have any size, as far as the hard limit allows.
[[nodiscard]] Result<Done> allow_core_dumps();

// Keeps what is resident, and what will be, out of swap. Does not make anything resident. After
// the memory has been reserved.
[[nodiscard]] Result<Done> lock_memory();

// Writes the ports to the file that the environment variable MEMCACHED_PORT_FILENAME names, if
// there is one, as memcached's test suites read it: "TCP INET: 4711", a line per address. The file
// appears complete.
[[nodiscard]] Result<Done> write_port_file(const std::vector<server::Endpoint>& endpoints);

}  // namespace rc::daemon
