// A call as another user, for what root may do and others may not.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <jalon/error.hpp>

namespace support {

/// The user and the group that own nothing.
inline constexpr id_t nobody = 65'534;

/// What `exit_status_as_other_user` returns if this process may not become another user.
inline constexpr int not_permitted = 77;

/// Runs @p call in a child process as the user `nobody`. It returns the exit status of the
/// child, so it reports by a number; nothing else that it does reaches the test.
/// @return that status; -1 if the child was killed; `not_permitted` unless this is root
inline int exit_status_as_other_user(const std::function<int()>& call) {
  const pid_t child = jalon::check_call(::fork(), "fork");
  if (child == 0) {
    if (::setgid(nobody) == -1 || ::setuid(nobody) == -1) ::_exit(not_permitted);
    int status = 1;
    try {
      status = call();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  jalon::check_call(jalon::uninterrupted([&] { return ::waitpid(child, &status, 0); }), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace support
