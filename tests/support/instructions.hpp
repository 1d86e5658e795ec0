// How many instructions a function takes, for tests of what grows with the size of the chat. A
// count does not depend on what else the machine does, unlike a time.
#pragma once

#include <cstdint>
#include <optional>

#ifdef __linux__
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#endif

namespace support {

#ifdef __linux__

namespace detail {

// Where @p child is. An instruction with a repeat prefix is a step for each repetition; it is
// counted once. On other processors there is none.
inline long place_of([[maybe_unused]] pid_t child) {
#ifdef __x86_64__
  return ::ptrace(PTRACE_PEEKUSER, child, offsetof(user_regs_struct, rip), nullptr);
#else
  static long count = 0;
  return ++count;
#endif
}

inline std::optional<int> next_stop(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return std::nullopt;
  return WSTOPSIG(status);
}

// Lets @p child, which has stopped itself, go on step by step until it stops itself again.
inline std::optional<std::uint64_t> count_steps(pid_t child) {
  constexpr std::uint64_t most = 5'000'000;
  if (next_stop(child) != SIGSTOP) return std::nullopt;
  long last = 0;
  std::uint64_t counted = 0;
  for (std::uint64_t steps = 0; steps < most; ++steps) {
    if (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == -1) return std::nullopt;
    const auto stopped_by = next_stop(child);
    if (stopped_by == SIGSTOP) return counted;
    if (stopped_by != SIGTRAP) return std::nullopt;
    const long place = place_of(child);
    counted += place != last ? 1 : 0;
    last = place;
  }
  return std::nullopt;
}

}  // namespace detail

/// Calls @p function in a child process, step by step (ptrace(2)), and counts the steps. What it
/// changes is lost with the child. @return nothing if the system does not allow that, or if it
/// takes more than a few million instructions: each takes some microseconds
template <class Function>
std::optional<std::uint64_t> instructions_of(Function function) {
  const pid_t child = ::fork();
  if (child == -1) return std::nullopt;
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1) ::_exit(1);
    ::raise(SIGSTOP);
    function();
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  const auto counted = detail::count_steps(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return counted;
}

#else

/// Not counted on this system.
template <class Function>
std::optional<std::uint64_t> instructions_of(Function /*function*/) {
  return std::nullopt;
}

#endif

}  // namespace support
