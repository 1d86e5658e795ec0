// Reads the state of processes and sockets from proc(5) and sock_diag(7).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace check {

/// A TCP socket as /proc/net/tcp shows it.
struct tcp_socket {
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  bool listens = false;
  bool peer_closed = false;  ///< the state is CLOSE_WAIT: the peer has closed, this end has not
  std::uint64_t unsent = 0;  ///< bytes that the peer's kernel has not acknowledged
  std::uint64_t unread = 0;  ///< bytes in the receive queue; of a listener: the backlog's length
  std::uint64_t inode = 0;   ///< identifies the socket among the descriptors of a process
};

/// All TCP sockets in this process's network namespace. Slow, some milliseconds at least: the
/// kernel walks its whole hash table, whose size grows with the machine's memory.
std::vector<tcp_socket> tcp_sockets();

/// One end of a connection on this machine; nothing if it is gone. The lookup by ports with
/// sock_diag(7) takes microseconds.
std::optional<tcp_socket> tcp_socket_between(std::uint16_t local_port, std::uint16_t remote_port);

/// The IPv4 listener on @p port, found in the same way; nothing if there is none, or if the system
/// does not answer.
std::optional<tcp_socket> tcp_listener_at(std::uint16_t port);

/// How many connections the kernel has dropped because a backlog was full, since this process's
/// network namespace began. See ListenOverflows in /proc/net/netstat.
std::uint64_t dropped_by_full_backlogs();

/// An open descriptor: its target, and the socket's inode if it is a socket.
struct open_descriptor {
  int number = -1;
  std::string target;
  std::uint64_t socket_inode = 0;
};

/// The descriptors of @p pid, in ascending order; empty if the process is gone.
std::vector<open_descriptor> descriptors_of(pid_t pid);

/// The system call in which a thread is blocked.
struct waiting_call {
  std::string name;     ///< "read", "send", "poll", ...; "running" if it is not blocked
  int descriptor = -1;  ///< the first argument, if that is a descriptor
};

/// The call in which the main thread of @p pid is blocked; nothing if the system does not tell.
std::optional<waiting_call> current_call(pid_t pid);

/// Whether every thread of @p pid waits for somebody else: blocked in a call, and not asleep for a
/// time. True if the system does not tell.
bool is_at_rest(pid_t pid);

/// The scheduling times of a thread.
struct thread_times {
  std::chrono::nanoseconds ran{};
  std::chrono::nanoseconds waited{};  ///< the time in which it was runnable but did not run
};

/// The times of each thread of @p pid, by thread id.
std::map<pid_t, thread_times> thread_times_of(pid_t pid);

/// The resident memory of @p pid in bytes.
std::uint64_t resident_bytes(pid_t pid);

/// The number of threads of @p pid.
std::size_t threads_of(pid_t pid);

/// The signals for which @p pid has handlers.
std::vector<int> caught_signals(pid_t pid);

/// The child processes of @p pid.
std::vector<pid_t> children_of(pid_t pid);

/// @p pid and all its descendants, itself first.
std::vector<pid_t> process_tree(pid_t pid);

}  // namespace check
