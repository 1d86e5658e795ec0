// The longer functions of socket.hpp.
#pragma once

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#ifdef __linux__
#include <linux/sockios.h>
#endif

#include "../socket.hpp"

namespace jalon {

namespace detail {

inline void no_signal_on_send([[maybe_unused]] int fd) {
#if !defined(MSG_NOSIGNAL) && defined(SO_NOSIGPIPE)
  const int on = 1;
  check_call(::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on), "setsockopt");
#endif
}

JALON_INLINE unique_fd set_socket_options(unique_fd fd) {
  set_close_on_exec(fd.get());
  set_non_blocking(fd.get());
  no_signal_on_send(fd.get());
  return fd;
}

JALON_INLINE unique_fd open_socket(int family, int type) {
  return set_socket_options(unique_fd{check_call(::socket(family, type, 0), "socket")});
}

inline int accept_connection(int listener, sockaddr* peer, socklen_t* size) {
#ifdef SOCK_CLOEXEC
  return ::accept4(listener, peer, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
  unique_fd fd{::accept(listener, peer, size)};
  return fd ? set_socket_options(std::move(fd)).release() : -1;
#endif
}

// As an option of TCP: at most 32,767, which is the most that Linux takes.
JALON_INLINE int to_keepalive(std::chrono::seconds time) {
  constexpr std::chrono::seconds longest{32'767};
  return static_cast<int>(std::clamp(time, std::chrono::seconds(-1), longest).count());
}

JALON_INLINE void set_keepalive(int fd, std::chrono::seconds idle, std::chrono::seconds interval,
                                int probes) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, to_keepalive(idle));
#else
  set_option(fd, IPPROTO_TCP, TCP_KEEPALIVE, to_keepalive(idle));
#endif
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, to_keepalive(interval));
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, probes);
}

JALON_INLINE endpoint name_of(int fd, int (*call)(int, sockaddr*, socklen_t*), const char* name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  check_call(call(fd, reinterpret_cast<sockaddr*>(&storage), &size), name);
  return {reinterpret_cast<const sockaddr*>(&storage), size};
}

JALON_INLINE io_result failed_io() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, io_status::would_block, {}};
  return {0, io_status::error, {errno, std::system_category()}};
}

// Whether the server that created the file of this unix socket has ended: the file remains, but
// connecting to it is refused. A file of any other kind is never stale; connecting to one is also
// refused.
inline bool is_stale(const endpoint& at) {
  struct stat file {};
  if (at.family() != AF_UNIX || ::lstat(at.address().c_str(), &file) == -1) return false;
  if (!S_ISSOCK(file.st_mode)) return false;
  const unique_fd probe = open_socket(AF_UNIX, SOCK_STREAM);
  return ::connect(probe.get(), at.data(), at.size()) == -1 && errno == ECONNREFUSED;
}

// Errors of the connection that was first in the backlog, which has already failed. The caller
// tries the next connection (accept(2), "Error handling").
inline bool is_passing(int error) {
  return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
         error == EHOSTUNREACH || error == ENETUNREACH;
}

// Whether @p fd can be read, now (poll(2)).
inline bool is_readable(int fd) noexcept {
  pollfd watched{fd, POLLIN, 0};
  return uninterrupted([&] { return ::poll(&watched, 1, 0); }) == 1;
}

inline unique_fd open_reserve() noexcept {
  return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

}  // namespace detail

namespace detail {

JALON_INLINE socket_file::socket_file(const std::string& path)
    : path_(std::filesystem::absolute(path).string()), owner_(::getpid()) {
  struct stat file {};
  if (::lstat(path_.c_str(), &file) == -1) path_.clear();  // it is gone already
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

JALON_INLINE socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_),
      owner_(other.owner_) {}

JALON_INLINE socket_file& socket_file::operator=(socket_file&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  std::swap(owner_, other.owner_);
  return *this;
}

JALON_INLINE socket_file::~socket_file() {
  struct stat file {};
  if (path_.empty() || owner_ != ::getpid() || ::lstat(path_.c_str(), &file) == -1) return;
  if (file.st_dev == device_ && file.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace detail

JALON_INLINE std::pair<stream_socket, stream_socket> stream_socket::pair() {
  int fds[2];
  check_call(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
  unique_fd first{fds[0]};
  unique_fd second{fds[1]};
  return {stream_socket{detail::set_socket_options(std::move(first))},
          stream_socket{detail::set_socket_options(std::move(second))}};
}

JALON_INLINE std::size_t stream_socket::unacknowledged() const noexcept {
  int bytes = 0;
#if defined(__linux__)
  ::ioctl(fd(), SIOCOUTQ, &bytes);
#elif defined(SO_NWRITE)
  socklen_t size = sizeof bytes;
  ::getsockopt(fd(), SOL_SOCKET, SO_NWRITE, &bytes, &size);
#elif defined(FIONWRITE)
  ::ioctl(fd(), FIONWRITE, &bytes);
#endif
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

JALON_INLINE bool stream_socket::counts_bytes() const noexcept {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  return ::getsockname(fd(), reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
         name.ss_family != AF_UNIX;
}

JALON_INLINE std::error_code stream_socket::take_error() noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) == -1) error = errno;
  return {error, std::system_category()};
}

JALON_INLINE listener::listener(const endpoint& at, const listen_options& options)
    : fd_(detail::open_socket(at.family(), SOCK_STREAM)), reserve_(detail::open_reserve()) {
  if (at.family() != AF_UNIX && options.reuse_address)
    detail::set_option(fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (detail::is_stale(at)) ::unlink(at.address().c_str());
  check_call(::bind(fd(), at.data(), at.size()), "bind", at.to_string());
  if (at.family() == AF_UNIX) file_ = detail::socket_file(at.address());
  check_call(::listen(fd(), options.backlog), "listen", at.to_string());
}

JALON_INLINE accept_result listener::accept() {
  for (;;) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    auto* address = reinterpret_cast<sockaddr*>(&peer);
    unique_fd accepted{detail::accept_connection(fd(), address, &size)};
    if (accepted) return {io_status::ok, stream_socket{std::move(accepted)}, {address, size}, {}};
    if (detail::is_passing(errno)) continue;
    return failed();
  }
}

JALON_INLINE accept_result listener::failed() {
  const io_result result = detail::failed_io();
  // Linux reports EMFILE and ENFILE even if the backlog is empty.
  if (is_out_of_descriptors(result.error) && !detail::is_readable(fd())) return {};
  return {result.status, {}, {}, result.error};
}

JALON_INLINE bool listener::refuse() {
  reserve_.reset();
  unique_fd refused;
  do {
    refused.reset(::accept(fd(), nullptr, nullptr));
  } while (!refused && detail::is_passing(errno));
  const bool was_accepted = static_cast<bool>(refused);
  refused.reset();
  reserve_ = detail::open_reserve();
  return was_accepted;
}

JALON_INLINE datagram datagram_socket::receive(std::span<char> into) noexcept {
  sockaddr_storage from{};
  iovec room{into.data(), into.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &room;
  message.msg_iovlen = 1;
  const auto got = uninterrupted([&] { return ::recvmsg(fd(), &message, 0); });
  if (got < 0) return {detail::failed_io(), {}, false};
  return {detail::moved(got),
          {reinterpret_cast<const sockaddr*>(&from), message.msg_namelen},
          (message.msg_flags & MSG_TRUNC) != 0};
}

JALON_INLINE datagram_socket::datagram_socket(const endpoint& at)
    : fd_(detail::open_socket(at.family(), SOCK_DGRAM)) {
  check_call(::bind(fd(), at.data(), at.size()), "bind", at.to_string());
}

}  // namespace jalon
