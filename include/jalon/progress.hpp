// Whether bytes moved on a descriptor, asked of the system: how the loop finds handlers that are
// called again and again and do nothing.
// Only looked at once a handler is under suspicion; no normal turn pays for it.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __linux__
#include <linux/sockios.h>
#endif

namespace jalon::detail {

/// A reading of what a descriptor has done; two that are equal mean that nothing moved.
struct progress {
  int unread = 0;              ///< bytes that wait to be read (`FIONREAD`)
  int unsent = 0;              ///< bytes that wait to be sent (`SIOCOUTQ`)
  std::uint64_t tcp_sent = 0;  ///< bytes that TCP has ever sent; a fast peer hides `unsent`

  bool operator==(const progress&) const = default;
};

inline std::uint64_t tcp_bytes_sent([[maybe_unused]] int fd) noexcept {
#ifdef __linux__
  // `tcpi_bytes_sent` of <linux/tcp.h>, which cannot be included beside <netinet/tcp.h>; the
  // kernel never moves a field (tcp(7)).
  constexpr std::size_t offset = 200;
  std::array<char, offset + sizeof(std::uint64_t)> info{};
  socklen_t size = info.size();
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &size) == -1) return 0;
  std::uint64_t sent = 0;
  std::memcpy(&sent, info.data() + offset, sizeof sent);
  return sent;
#else
  return 0;
#endif
}

inline progress progress_of(int fd) noexcept {
  progress reading;
  ::ioctl(fd, FIONREAD, &reading.unread);
#ifdef __linux__
  ::ioctl(fd, SIOCOUTQ, &reading.unsent);
#endif
  reading.tcp_sent = tcp_bytes_sent(fd);
  return reading;
}

}  // namespace jalon::detail
