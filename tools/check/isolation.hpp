// Keeps a graded program away from the checker and from other programs. The checks and the reports
// know only whether that was possible.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include <jalon/unique_fd.hpp>

namespace check {

/// Makes this process's /proc/PID/fd and /proc/PID/mem unreadable for processes of the same user,
/// or readable again, see PR_SET_DUMPABLE in prctl(2). Children inherit it until they call execve.
void hide_process(bool hidden);

/// What keeps one program apart, as far as the system allows it: a PID namespace with a /proc of
/// its own, and another user if the checker is root. It prepares the program's process around fork.
class isolation {
 public:
  /// The number of processes and threads that a program may have.
  static constexpr unsigned most_processes = 1024;

  /// Chooses the user and makes the PID namespace. Hides this process.
  /// @param needed paths that the program must reach: if another user can't, it keeps its user
  explicit isolation(const std::vector<std::string>& needed);

  /// Why the program can reach other processes; empty if it can't.
  const std::string& gap() const noexcept { return gap_; }

  /// Children that are forked now are in the PID namespace. @throws std::system_error
  void enter();
  /// Children that are forked now are not in it, if this user may leave it.
  void leave();

  /// Makes the program's user the owner of a file, and of all that is in a folder. Follows no link.
  void hand_over(const std::string& path) const;
  /// Makes the program's user the owner of an open file.
  void hand_over(int descriptor) const;

  /// Limits the open descriptors of the program, which runs. @return false if that is not allowed
  bool limit_descriptors(pid_t process, rlim_t number) const;

  /// Confines the calling process, the program's before execve. @return false if it failed
  bool confine() const;

 private:
  void choose_user(const std::vector<std::string>& needed);
  void make_processes();

  uid_t user_ = 0;              // 0: the checker's own
  jalon::unique_fd processes_;  // the PID namespace, if there is one
  jalon::unique_fd own_;        // the checker's PID namespace
  std::string gap_;
};

/// Whether a user id is one that `isolation` chooses for programs.
bool is_user_of_program(uid_t user);

}  // namespace check
