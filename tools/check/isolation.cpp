// Isolation by namespaces and user ids, see namespaces(7), pid_namespaces(7) and credentials(7).
#include "isolation.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>

#include <jalon/error.hpp>

namespace check {

namespace {

// The user ids of programs: above those of people, and one for each worker, so that programs can't
// signal each other and each has its own count of processes. A PID is below 2^22.
constexpr uid_t first_user = 0x7000'0000;
constexpr uid_t past_users = first_user + (1U << 22U);

bool become(uid_t user) {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 &&
         ::setresuid(user, user, user) == 0;
}

// A file must be readable or executable; what does not exist is for the program to miss.
bool all_within_reach(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (::access(path.c_str(), R_OK) != 0 && ::access(path.c_str(), X_OK) != 0 && errno != ENOENT)
      return false;
  }
  return true;
}

// Waits for a child. @return whether there was one, and it ended with success
bool ends_well(pid_t child) {
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

// Whether @p is_so holds for another user. Asks in a child, because a process can't become root
// again.
template <class Condition>
bool holds_for(uid_t user, const Condition& is_so) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(become(user) && is_so() ? 0 : 1);
  return ends_well(child);
}

pid_t fork_in_new_processes() {
  return static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0));
}

// Waits until the other end is closed.
void wait_for_end(int descriptor) {
  char byte = 0;
  while (::read(descriptor, &byte, 1) < 0 && errno == EINTR) {
  }
}

struct pipe_pair {
  pipe_pair() {
    int ends[2];
    jalon::check_call(::pipe2(ends, O_CLOEXEC), "pipe2");
    read = jalon::unique_fd{ends[0]};
    write = jalon::unique_fd{ends[1]};
  }
  jalon::unique_fd read;
  jalon::unique_fd write;
};

// The first process of a PID namespace: the others end with it. Its memory is a copy of the
// worker's, so it hides. It holds no descriptor, and reaps orphans because SIGCHLD is ignored.
[[noreturn]] void be_first_process(const pipe_pair& opened) {
  ::close(opened.write.get());
  wait_for_end(opened.read.get());
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGCHLD, SIG_IGN);
  hide_process(true);
  ::close_range(0, ~0U, 0);  // the last step: the worker waits for it
  for (;;) ::pause();
}

jalon::unique_fd namespace_of(const std::string& pid) {
  return jalon::unique_fd{::open(("/proc/" + pid + "/ns/pid").c_str(), O_RDONLY | O_CLOEXEC)};
}

// A /proc that shows only the own PID namespace. Some containers forbid this mount.
bool mount_own_proc() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

// Asks in a child, because a process keeps what it has mounted.
bool can_make_processes() {
  const pid_t child = fork_in_new_processes();
  if (child == 0) ::_exit(mount_own_proc() ? 0 : 1);
  return ends_well(child);
}

}  // namespace

void hide_process(bool hidden) { ::prctl(PR_SET_DUMPABLE, hidden ? 0 : 1); }

bool is_user_of_program(uid_t user) { return user >= first_user && user < past_users; }

isolation::isolation(const std::vector<std::string>& needed) {
  choose_user(needed);
  make_processes();
  hide_process(true);
  if (::geteuid() != 0 && !processes_)
    gap_ = "the system allows no PID namespace: the program can reach other processes of this user";
}

void isolation::choose_user(const std::vector<std::string>& needed) {
  if (::geteuid() != 0) return;
  const uid_t user = first_user + static_cast<uid_t>(::getpid());
  if (holds_for(user, [&] { return all_within_reach(needed); }))
    user_ = user;
  else
    gap_ = "the checker is root, and no other user can reach the program's files";
}

void isolation::make_processes() {
  if (!can_make_processes()) return;
  own_ = namespace_of("self");
  // The first process is opened through /proc, which a hidden process does not allow. No program
  // runs yet in this worker.
  hide_process(false);
  pipe_pair opened;
  pipe_pair hidden;
  const pid_t first = fork_in_new_processes();
  if (first == 0) be_first_process(opened);
  if (first > 0) processes_ = namespace_of(std::to_string(first));
  opened.write = {};
  hidden.write = {};
  if (first > 0) wait_for_end(hidden.read.get());
}

void isolation::enter() {
  if (processes_) jalon::check_call(::setns(processes_.get(), CLONE_NEWPID), "setns");
}

void isolation::leave() {
  // Only root may go back. The other processes of a worker do no harm where the program is.
  if (processes_) std::ignore = ::setns(own_.get(), CLONE_NEWPID);
}

void isolation::hand_over(const std::string& path) const {
  if (user_ == 0) return;
  std::ignore = ::lchown(path.c_str(), user_, user_);
  std::error_code error;
  for (auto at = std::filesystem::recursive_directory_iterator(path, error);
       !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error))
    std::ignore = ::lchown(at->path().c_str(), user_, user_);
}

void isolation::hand_over(int descriptor) const {
  if (user_ != 0) std::ignore = ::fchown(descriptor, user_, user_);
}

// Root needs a capability for the limits of another user's process, which containers take away. The
// user needs none.
bool isolation::limit_descriptors(pid_t process, rlim_t number) const {
  const rlimit both{number, number};
  const auto limits = [&] { return ::prlimit(process, RLIMIT_NOFILE, &both, nullptr) == 0; };
  return user_ == 0 ? limits() : holds_for(user_, limits);
}

bool isolation::confine() const {
  if (processes_ && !mount_own_proc()) return false;
  // Without either, the limit would count all processes of the checker's user.
  if (user_ != 0 || processes_) {
    const rlimit both{most_processes, most_processes};
    ::setrlimit(RLIMIT_NPROC, &both);
  }
  return user_ == 0 || become(user_);
}

}  // namespace check
