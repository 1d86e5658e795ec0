// Whether bytes moved on a descriptor, asked of the system: how the loop finds handlers that are
// called again and again and do nothing.
// Only looked at once a handler is under suspicion; no normal turn pays for it.
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

/// A reading of what a descriptor has done; two that are equal mean that nothing moved.
struct progress {
  std::uint64_t read = 0;      ///< bytes ever read, from an unknown start
  std::uint64_t written = 0;   ///< bytes ever written, from an unknown start
  std::uint32_t waiting = 0;   ///< connections that wait at a listener
  std::uint32_t received = 0;  ///< memory of what was received: datagrams, which may look alike

  bool operator==(const progress&) const = default;
};

#ifdef __linux__

/// What TCP has counted. To know how much waits is not enough: a fast peer makes up at once for
/// what was taken.
inline void add_tcp_counters(int fd, progress& reading) noexcept {
  // Fields of `tcp_info` in <linux/tcp.h>, which cannot be included beside <netinet/tcp.h>; the
  // kernel never moves one (tcp(7)).
  constexpr std::size_t unacked = 24;  // at a listener: who waits
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

/// Whether @p fd is ready still, for @p events of poll(2): who was served is not.
inline bool still_ready(int fd, short events) noexcept {
  pollfd asked{fd, events, 0};
  return ::poll(&asked, 1, 0) == 1;
}

}  // namespace jalon::detail
