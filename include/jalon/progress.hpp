// Reads from the kernel how many bytes were transferred on a descriptor. The reactor uses it to
// find handlers that are called again and again and do nothing.
// It costs several system calls, so the reactor uses it only for a descriptor that stays ready.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __linux__
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#endif

namespace jalon::detail {

/// The counters of a descriptor. If two readings are equal, nothing was transferred in between.
struct progress {
  std::uint64_t read = 0;      ///< bytes read so far, plus an unknown constant
  std::uint64_t written = 0;   ///< bytes written so far, plus an unknown constant
  std::uint32_t waiting = 0;   ///< connections in the backlog of a listener
  std::uint32_t received = 0;  ///< memory of the receive queue: tells datagrams of one size apart

  bool operator==(const progress&) const = default;
};

#ifdef __linux__

/// Adds TCP's byte counters to @p reading. The number of unread bytes is not enough: a fast peer
/// can send as many bytes as the handler has just read.
inline void add_tcp_counters(int fd, progress& reading) noexcept {
  // Offsets in `tcp_info` of <linux/tcp.h>, which can't be included together with <netinet/tcp.h>.
  // They are part of the kernel's stable interface: new fields are added at the end.
  constexpr std::size_t unacked = 24;  // of a listener: the length of its backlog
  constexpr std::size_t bytes_acked = 120;
  constexpr std::size_t bytes_received = 128;
  std::array<char, bytes_received + sizeof(std::uint64_t)> info{};
  socklen_t size = info.size();
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &size) == -1) return;
  std::uint64_t acked = 0;
  std::uint64_t received = 0;
  std::memcpy(&reading.waiting, info.data() + unacked, sizeof reading.waiting);
  std::memcpy(&acked, info.data() + bytes_acked, sizeof acked);
  std::memcpy(&received, info.data() + bytes_received, sizeof received);
  reading.read += received;
  reading.written += acked;
}

inline std::uint32_t received_memory(int fd) noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == -1) return 0;
  return memory[SK_MEMINFO_RMEM_ALLOC];
}

inline progress progress_of(int fd) noexcept {
  progress reading;
  int unread = 0;
  int unsent = 0;
  ::ioctl(fd, FIONREAD, &unread);
  ::ioctl(fd, SIOCOUTQ, &unsent);
  reading.read -= static_cast<std::uint64_t>(unread);
  reading.written += static_cast<std::uint64_t>(unsent);
  reading.received = received_memory(fd);
  add_tcp_counters(fd, reading);
  return reading;
}

#else

inline progress progress_of(int fd) noexcept {
  int unread = 0;
  ::ioctl(fd, FIONREAD, &unread);
  return {0 - static_cast<std::uint64_t>(unread)};
}

#endif

/// Whether @p fd is still ready for @p events (poll(2)). If it is not, its handler has made
/// progress, even if the counters have not changed, as for a pipe.
inline bool still_ready(int fd, short events) noexcept {
  pollfd watched{fd, events, 0};
  return ::poll(&watched, 1, 0) == 1;
}

}  // namespace jalon::detail
