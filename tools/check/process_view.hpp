// The system's view of a process: proc(5), read and nothing more.
// No process is started, signalled or judged here.
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
  bool peer_closed = false;  ///< the peer has closed, this end has not: CLOSE_WAIT
  std::uint64_t unsent = 0;  ///< bytes that the peer's system has not taken
  std::uint64_t unread = 0;  ///< bytes not read; of a listener: connections not accepted
  std::uint64_t inode = 0;   ///< by which a process's descriptor is found
};

/// Every TCP socket of the network that this process is in. Takes the longer the more memory the
/// machine has, milliseconds at least: the system looks through all of its hash table.
std::vector<tcp_socket> tcp_sockets();

/// One end of a connection on this machine; nothing if it has gone. Asked of the system by its
/// ports (sock_diag(7)), which takes microseconds.
std::optional<tcp_socket> tcp_socket_between(std::uint16_t local_port, std::uint16_t remote_port);

/// Who takes IPv4 connections on @p port, asked likewise; nothing if nobody does, or the system
/// does not tell.
std::optional<tcp_socket> tcp_listener_at(std::uint16_t port);

/// An open descriptor: what it leads to, and the socket's inode if it is one.
struct open_descriptor {
  int number = -1;
  std::string target;
  std::uint64_t socket_inode = 0;
};

/// The descriptors of @p pid, lowest first; empty if it has gone.
std::vector<open_descriptor> descriptors_of(pid_t pid);

/// The call that a thread waits in.
struct waiting_call {
  std::string name;     ///< "read", "sendto", "poll", ...; "running" if it does not wait
  int descriptor = -1;  ///< its first argument, where that is a descriptor
};

/// What the first thread of @p pid waits in; nothing if the system does not tell.
std::optional<waiting_call> waits_in(pid_t pid);

/// What a thread has had of the processors, and what it was denied.
struct thread_times {
  std::chrono::nanoseconds ran{};
  std::chrono::nanoseconds waited{};  ///< it could have run, and another had the processor
};

/// The times so far of each thread of @p pid, by the thread's number.
std::map<pid_t, thread_times> thread_times_of(pid_t pid);

/// Memory of @p pid that is in use, in bytes.
std::uint64_t resident_bytes(pid_t pid);

/// Its threads.
std::size_t threads_of(pid_t pid);

/// The signals that it has handlers for.
std::vector<int> caught_signals(pid_t pid);

/// The processes whose parent is @p pid.
std::vector<pid_t> children_of(pid_t pid);

/// @p pid and all that descend from it, itself first.
std::vector<pid_t> family_of(pid_t pid);

}  // namespace check
