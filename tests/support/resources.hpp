// What a process has of the system, for tests that count it or run out of it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <jalon/error.hpp>
#include <jalon/unique_fd.hpp>

namespace support {

/// Whether @p fd is a descriptor of this process.
inline bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

/// How many descriptors this process has.
inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/dev/fd"), end;
  return static_cast<std::size_t>(std::distance(all, end)) - 1;  // one was open to count them
}

/// Waits until @p fd can be read, for what the system is about to hand over and for no longer
/// than ten seconds. @throws std::runtime_error then
inline void await_readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  if (jalon::uninterrupted([&] { return ::poll(&wanted, 1, 10'000); }) != 1)
    throw std::runtime_error("nothing came");
}

/// While it lives, all descriptors that the process may have are taken. Assert nothing meanwhile:
/// sanitizers and reporters may want one.
class no_descriptors {
 public:
  no_descriptors() {
    jalon::check_call(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(highest_open()) + 1;
    jalon::check_call(::setrlimit(RLIMIT_NOFILE, &low), "setrlimit");
    // Numbers in between may be free; the limit does not know of them.
    for (;;) {
      jalon::unique_fd filler(::open("/dev/null", O_RDONLY));
      if (!filler) break;
      fillers_.push_back(std::move(filler));
    }
  }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  static int highest_open() {
    int highest = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/fd")) {
      const int fd = std::stoi(entry.path().filename());
      if (is_open(fd)) highest = std::max(highest, fd);
    }
    return highest;
  }

  rlimit before_{};
  std::vector<jalon::unique_fd> fillers_;
};

/// While it lives, the process may have @p count descriptors at least, if the system lets it.
class many_descriptors {
 public:
  explicit many_descriptors(rlim_t count) {
    jalon::check_call(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
    rlimit high = before_;
    high.rlim_cur = std::max(before_.rlim_cur, count);
    jalon::check_call(::setrlimit(RLIMIT_NOFILE, &high), "setrlimit");
  }
  many_descriptors(const many_descriptors&) = delete;
  many_descriptors& operator=(const many_descriptors&) = delete;
  ~many_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// While it lives, @p number is caught by @p handler, and interrupts system calls (no SA_RESTART).
class caught_signal {
 public:
  caught_signal(int number, void (*handler)(int)) : number_(number) {
    struct sigaction ours {};
    ours.sa_handler = handler;
    jalon::check_call(::sigaction(number, &ours, &before_), "sigaction");
  }
  caught_signal(const caught_signal&) = delete;
  caught_signal& operator=(const caught_signal&) = delete;
  ~caught_signal() { ::sigaction(number_, &before_, nullptr); }

 private:
  int number_;
  struct sigaction before_ {};
};

/// What @p number does now: `SIG_DFL`, `SIG_IGN`, or a handler.
inline auto disposition(int number) {
  struct sigaction now {};
  jalon::check_call(::sigaction(number, nullptr, &now), "sigaction");
  return now.sa_handler;
}

/// An empty folder, gone with all it holds when this goes.
class temporary_folder {
 public:
  temporary_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "jalon-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) jalon::throw_system_error(errno, "mkdtemp", pattern);
    path_ = pattern;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace support
