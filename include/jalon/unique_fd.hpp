// Ownership of a file descriptor, and the flags that every descriptor of the toolkit has.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "error.hpp"

namespace jalon {

/// Owns a file descriptor and closes it when destroyed. Movable, not copyable.
class unique_fd {
 public:
  unique_fd() = default;

  /// Takes ownership of @p fd; -1 means no descriptor.
  explicit unique_fd(int fd) noexcept : fd_(fd) {}

  /// Takes ownership of the other's descriptor.
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  /// Closes its own descriptor, then takes ownership of the other's.
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

  /// Gives up ownership without closing. @return the descriptor, which the caller must close
  int release() noexcept { return std::exchange(fd_, -1); }

  /// Closes the owned descriptor and takes ownership of @p fd.
  void reset(int fd = -1) noexcept {
    const int old = std::exchange(fd_, fd);
    // Not repeated after EINTR: Linux has closed the descriptor by then, and another thread may
    // have been given the same number (close(2)).
    if (old != -1 && old != fd) ::close(old);
  }

 private:
  int fd_ = -1;
};

/// Closes @p fd in programs that this one executes (`FD_CLOEXEC`, fcntl(2)).
/// @throws std::system_error
inline void set_close_on_exec(int fd) { check_call(::fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl"); }

/// Makes calls on @p fd fail with `EAGAIN` instead of blocking (`O_NONBLOCK`, fcntl(2)).
/// @throws std::system_error
inline void set_non_blocking(int fd) {
  const int flags = check_call(::fcntl(fd, F_GETFL), "fcntl");
  check_call(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

/// Both ends of a pipe(2), non-blocking and close-on-exec.
struct pipe_ends {
  unique_fd read;   ///< the end to read from
  unique_fd write;  ///< the end to write to
};

/// Opens a pipe. @throws std::system_error if no descriptor is left
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
