#include "ringbench/server_process.hpp"

#include "common/dial.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unistd.h>

#include <sys/socket.h>
#include <system_error>

namespace rc::bench {
namespace {

namespace fs = std::filesystem;

// /proc changes while it is read: whatever has gone is skipped.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    found.push_back(at->path());
  }
  return found;
}

// The process at the other end of a connected Unix socket.
pid_t peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

pid_t find_at_path(const std::string& path) {
  Result<int> fd = dial(path);
  if (!fd) return 0;
  const pid_t pid = peer_of(fd.value());
  close(fd.value());
  return pid;
}

// The inodes of the sockets that listen at `port`, as /proc/net/tcp and tcp6 list them.
void listening_inodes(const char* table, unsigned port, std::vector<std::string>& inodes) {
  std::ifstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, word, inode;
    words >> slot >> local >> remote >> state;
    for (int skipped = 0; skipped < 5; ++skipped) words >> word;
    words >> inode;
    constexpr const char* listen = "0A";
    const std::size_t colon = local.rfind(':');
    if (state != listen || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) inodes.push_back(inode);
  }
}

bool has_one_of(const fs::path& process, const std::vector<std::string>& inodes) {
  const auto is_one_of_them = [&](const fs::path& descriptor) {
    std::error_code error;
    const std::string target = fs::read_symlink(descriptor, error).string();
    return std::any_of(inodes.begin(), inodes.end(), [&](const std::string& inode) {
      return target == "socket:[" + inode + "]";
    });
  };
  const std::vector<fs::path> descriptors = entries(process / "fd");
  return std::any_of(descriptors.begin(), descriptors.end(), is_one_of_them);
}

pid_t find_at_port(unsigned port) {
  std::vector<std::string> inodes;
  listening_inodes("/proc/net/tcp", port, inodes);
  listening_inodes("/proc/net/tcp6", port, inodes);
  if (inodes.empty()) return 0;
  pid_t lowest = 0;
  for (const fs::path& process : entries("/proc")) {
    const auto pid = parse_number<pid_t>(process.filename().string());
    if (!pid || (lowest != 0 && *pid > lowest)) continue;
    if (has_one_of(process, inodes)) lowest = *pid;
  }
  return lowest;
}

bool is_here(std::string_view host) {
  return host.starts_with("127.") || host == "localhost" || host == "[::1]" || host == "::1";
}

}  // namespace

pid_t find_server(const std::string& address) {
  if (address.find('/') != std::string::npos) return find_at_path(address);
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || !is_here(std::string_view(address).substr(0, colon))) return 0;
  const auto port = parse_number<std::uint16_t>(std::string_view(address).substr(colon + 1));
  return port ? find_at_port(*port) : 0;
}

void ServerProcess::start() {
  start_ns_ = used_ns();
  thread_starts_ = thread_times();
}

CpuUse ServerProcess::since_start() const {
  CpuUse use{.all_ns = used_ns() - start_ns_};
  for (const ThreadTime& now : thread_times()) {
    std::uint64_t before = 0;
    for (const ThreadTime& then : thread_starts_) {
      if (then.thread == now.thread) before = then.ns;
    }
    use.busiest_ns = std::max(use.busiest_ns, now.ns - before);
  }
  return use;
}

std::vector<ServerProcess::ThreadTime> ServerProcess::thread_times() const {
  std::vector<ThreadTime> times;
  if (pid_ == 0) return times;
  for (const fs::path& task : entries("/proc/" + std::to_string(pid_) + "/task")) {
    std::uint64_t ns = 0;
    std::ifstream(task / "schedstat") >> ns;
    times.push_back({.thread = parse_number<pid_t>(task.filename().string()).value_or(0), .ns = ns}
    );
  }
  return times;
}

}  // namespace rc::bench
