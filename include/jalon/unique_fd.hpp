// The one owner of a file descriptor, and the flags every descriptor of the toolkit bears.
// Nothing here knows what the descriptor is for.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "error.hpp"

namespace jalon {

/// Owns a file descriptor and closes it when it goes out of scope. Moves, never copies.
class unique_fd {
 public:
  unique_fd() = default;

  /// Takes @p fd over. -1 stands for none.
  explicit unique_fd(int fd) noexcept : fd_(fd) {}

  /// Takes the descriptor over.
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  /// Closes its own descriptor, and takes the other over.
  unique_fd& operator=(unique_fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() { reset(); }

  /// The descriptor, still owned; -1 if there is none.
  int get() const noexcept { return fd_; }

  /// Whether a descriptor is owned.
  explicit operator bool() const noexcept { return fd_ != -1; }

  /// Gives the descriptor up without closing it. @return the descriptor, the caller's from now on
  int release() noexcept { return std::exchange(fd_, -1); }

  /// Closes what is owned and takes @p fd over.
  void reset(int fd = -1) noexcept {
    const int old = std::exchange(fd_, fd);
    // Not again on EINTR: Linux has freed the number by then, and another thread may have it.
    if (old != -1 && old != fd) ::close(old);
  }

 private:
  int fd_ = -1;
};

/// Keeps @p fd from programs that this one starts (`FD_CLOEXEC`, fcntl(2)).
inline void set_close_on_exec(int fd) { check_call(::fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl"); }

/// Makes calls on @p fd return `EAGAIN` where they would wait (`O_NONBLOCK`, fcntl(2)).
inline void set_non_blocking(int fd) {
  const int flags = check_call(::fcntl(fd, F_GETFL), "fcntl");
  check_call(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

/// Both ends of a pipe(2), non-blocking and closed on exec.
struct pipe_ends {
  unique_fd read;   ///< what is written comes out here
  unique_fd write;  ///< written here
};

/// Opens a pipe. @throws std::system_error when descriptors run out
inline pipe_ends make_pipe() {
  int fds[2];
  check_call(::pipe(fds), "pipe");
  pipe_ends ends{unique_fd{fds[0]}, unique_fd{fds[1]}};
  for (const int fd : fds) {
    set_close_on_exec(fd);
    set_non_blocking(fd);
  }
  return ends;
}

}  // namespace jalon
