// Stream sockets, listeners, datagram sockets and their options: thin wrappers of the system calls.
// They neither buffer nor frame, and no call here blocks.
//
// Every socket of the toolkit is non-blocking and close-on-exec. Setting up a socket throws
// `std::system_error`; reading and writing return an `io_result`, because a peer that is slow or
// has closed is not exceptional. A socket is used by one thread at a time.
#pragma once

#include <netinet/tcp.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "unique_fd.hpp"

namespace jalon {

/// The outcome of a read or a write.
enum class io_status {
  ok,           ///< some bytes were transferred
  would_block,  ///< the call would block; wait until the socket is ready
  end,          ///< end of file: the peer will send nothing more (reads only)
  error,        ///< the connection is broken; `io_result::error` is the reason
};

/// The result of a read or a write.
struct io_result {
  std::size_t bytes = 0;             ///< transferred, also if a later part would have blocked
  io_status status = io_status::ok;  ///< the outcome
  std::error_code error = {};        ///< the reason, if the status is `io_status::error`
};

namespace detail {

// On Linux and the BSDs this flag of send(2) prevents SIGPIPE; macOS has a socket option instead.
#ifdef MSG_NOSIGNAL
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0;
#endif

unique_fd set_socket_options(unique_fd fd);
unique_fd open_socket(int family, int type);

template <class Value>
void set_option(int fd, int level, int name, const Value& value) {
  check_call(::setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

void set_keepalive(int fd, std::chrono::seconds idle, std::chrono::seconds interval, int probes);

// @param call getsockname(2) or getpeername(2), which have the same signature
endpoint name_of(int fd, int (*call)(int, sockaddr*, socklen_t*), const char* name);

io_result failed_io();

inline io_result moved(ssize_t bytes) {
  return bytes < 0 ? failed_io() : io_result{static_cast<std::size_t>(bytes)};
}

}  // namespace detail

namespace detail {

// The file of a unix socket. Its destructor removes the file, if it is still the one that was made,
// and the process is still the one that made it.
class socket_file {
 public:
  socket_file() = default;
  explicit socket_file(const std::string& path);  // which bind(2) has made
  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&& other) noexcept;
  ~socket_file();

 private:
  std::string path_;  // absolute: the working directory may change
  dev_t device_ = 0;
  ino_t inode_ = 0;
  pid_t owner_ = 0;
};

}  // namespace detail

/// A connected stream socket: TCP or unix. Owns its descriptor. See tcp(7), unix(7), socket(7).
class stream_socket {
 public:
  /// No socket: `fd()` is -1.
  stream_socket() = default;

  /// Takes ownership of a non-blocking stream socket, connected or not yet connected.
  explicit stream_socket(unique_fd fd) noexcept : fd_(std::move(fd)) {}

  /// A new socket of @p family, not connected (socket(2)). @throws std::system_error
  static stream_socket open(int family) {
    return stream_socket{detail::open_socket(family, SOCK_STREAM)};
  }

  /// Two sockets connected to each other (socketpair(2)). @throws std::system_error
  static std::pair<stream_socket, stream_socket> pair();

  /// Reads the bytes that are available, at most `into.size()` (recv(2)).
  io_result read_some(std::span<char> into) noexcept {
    const auto got = uninterrupted([&] { return ::recv(fd(), into.data(), into.size(), 0); });
    if (got == 0 && !into.empty()) return {0, io_status::end, {}};
    return detail::moved(got);
  }

  /// Writes as many bytes as fit into the send buffer, possibly only a part of @p bytes (send(2)).
  /// Never raises SIGPIPE.
  io_result write_some(std::string_view bytes) noexcept {
    return detail::moved(uninterrupted(
        [&] { return ::send(fd(), bytes.data(), bytes.size(), detail::send_flags); }));
  }

  /// A gathered write: many pieces with one call, possibly only a part of them (sendmsg(2)). Never
  /// raises SIGPIPE. @pre there are at most `IOV_MAX` pieces
  io_result write_some(std::span<const iovec> pieces) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());  // read only, says sendmsg(2)
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(pieces.size());
    return detail::moved(
        uninterrupted([&] { return ::sendmsg(fd(), &message, detail::send_flags); }));
  }

  /// Half-closes the connection: shuts down the write side (`SHUT_WR`, shutdown(2)). The peer reads
  /// end of file, and may still send. On a broken connection it has no effect.
  void shutdown_write() noexcept { ::shutdown(fd(), SHUT_WR); }

  /// How many of the written bytes the peer's system has not acknowledged yet: as long as the peer
  /// does not read, about all but what fits into its receive buffer (`SIOCOUTQ`, tcp(7), unix(7);
  /// `SO_NWRITE` of macOS and `FIONWRITE` of FreeBSD, setsockopt(2) and tty(4)). Of a unix socket,
  /// the memory that they take. 0 where the system does not say.
  std::size_t unacknowledged() const noexcept;

  /// Whether `unacknowledged` counts bytes, and is 0 when the peer's system has them all; not so of
  /// a unix socket, whose bytes wait there until the peer reads them.
  bool counts_bytes() const noexcept;

  /// Sends small writes immediately instead of collecting them (`TCP_NODELAY`, tcp(7)).
  /// @throws std::system_error
  void set_no_delay(bool on) { detail::set_option(fd(), IPPROTO_TCP, TCP_NODELAY, int{on}); }

  /// Enables keep-alive, which detects peers that have vanished: after @p idle without traffic the
  /// system sends a probe every @p interval, and breaks the connection after @p probes without a
  /// reply (`SO_KEEPALIVE`, tcp(7)). A time of more than 32,767 seconds counts as that, which is
  /// the most that Linux takes. @throws std::system_error
  void set_keepalive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
    detail::set_keepalive(fd(), idle, interval, probes);
  }

  /// Requests sizes for the kernel's send and receive buffers, in bytes. The kernel may double or
  /// limit them (`SO_SNDBUF`, `SO_RCVBUF`, socket(7)). @throws std::system_error
  void set_buffers(int send_bytes, int receive_bytes) {
    detail::set_option(fd(), SOL_SOCKET, SO_SNDBUF, send_bytes);
    detail::set_option(fd(), SOL_SOCKET, SO_RCVBUF, receive_bytes);
  }

  /// Makes close(2) reset the connection (RST) and discard unsent bytes, instead of a normal end
  /// (`SO_LINGER` with a time of 0, socket(7)). @throws std::system_error
  void reset_on_close() { detail::set_option(fd(), SOL_SOCKET, SO_LINGER, ::linger{1, 0}); }

  /// The endpoint of this side (getsockname(2)). @throws std::system_error
  endpoint local() const { return detail::name_of(fd(), ::getsockname, "getsockname"); }

  /// The endpoint of the peer (getpeername(2)). @throws std::system_error if it is not connected
  endpoint remote() const { return detail::name_of(fd(), ::getpeername, "getpeername"); }

  /// Returns and clears the pending error of the socket (`SO_ERROR`, socket(7)): the result of a
  /// non-blocking connect.
  std::error_code take_error() noexcept;

  /// The descriptor, still owned; -1 if there is none.
  int fd() const noexcept { return fd_.get(); }

  /// Gives up ownership of the descriptor. @return its new owner
  unique_fd release() noexcept { return std::move(fd_); }

  /// Whether there is a socket.
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  unique_fd fd_;
};

/// The result of `listener::accept`.
struct accept_result {
  io_status status = io_status::would_block;  ///< ok, would_block or error
  stream_socket socket = {};                  ///< the accepted connection, if ok
  endpoint peer = {};                         ///< the endpoint of its other side, if ok
  std::error_code error = {};                 ///< the reason, if error
};

/// Whether @p error says that the process or the system has no descriptor left.
inline bool is_out_of_descriptors(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system;
}

/// The options of a listener.
struct listen_options {
  int backlog = SOMAXCONN;    ///< the most connections that wait to be accepted (listen(2))
  bool reuse_address = true;  ///< lets a restarted server bind its port again (`SO_REUSEADDR`)
};

/// A listening socket, which accepts connections. Owns its descriptor and the file of a unix
/// socket.
///
/// It holds one descriptor in reserve. If the process has no descriptor left, accept(2) fails and
/// the connection stays in the backlog: the listener remains ready, and an event loop spins.
/// `refuse` closes the reserve, accepts the connection, closes it, and opens the reserve again: the
/// client learns at once that there is no room, and the loop can wait.
class listener {
 public:
  /// Binds and listens. With port 0 the system chooses a port, which `local()` returns. The file of
  /// a unix socket is replaced if no server listens on it.
  /// @throws std::system_error that names the call and the endpoint
  explicit listener(const endpoint& at, const listen_options& options = {});

  /// Takes ownership of the descriptors and the file of a unix socket.
  listener(listener&& other) noexcept = default;
  listener& operator=(listener&&) = delete;
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() = default;

  /// Accepts the next connection of the backlog (accept(2)). The errors `EMFILE` and `ENFILE` mean
  /// that a connection waits, and that there is no descriptor for it: the caller closes something
  /// and tries again, or refuses the connection. After any other error the caller should pause
  /// accepting for a moment.
  accept_result accept();

  /// Accepts the next connection and closes it at once, with the descriptor in reserve.
  /// @return false if no connection waits, or if it can't be accepted even so
  bool refuse();

  /// Sets `TCP_NODELAY` for the sockets that it accepts: they inherit the options of the listener
  /// (Stevens, UNIX Network Programming 1, 7.4), which saves a system call for each.
  /// @throws std::system_error
  void set_no_delay(bool on) { detail::set_option(fd(), IPPROTO_TCP, TCP_NODELAY, int{on}); }
  /// Enables keep-alive for the sockets that it accepts; see `stream_socket::set_keepalive`.
  void set_keepalive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
    detail::set_keepalive(fd(), idle, interval, probes);
  }

  /// The endpoint that it listens on, with the port that the system chose (getsockname(2)).
  /// @throws std::system_error
  endpoint local() const { return detail::name_of(fd(), ::getsockname, "getsockname"); }

  /// The descriptor, still owned.
  int fd() const noexcept { return fd_.get(); }

 private:
  accept_result failed();

  unique_fd fd_;
  unique_fd reserve_;
  detail::socket_file file_;
};

/// A received datagram.
struct datagram {
  io_result result = {};   ///< the outcome, and how many bytes were stored
  endpoint from = {};      ///< the sender
  bool truncated = false;  ///< whether it was longer than the buffer; the rest is lost
};

/// A datagram socket: UDP. Owns its descriptor. See udp(7).
class datagram_socket {
 public:
  /// A socket bound to @p at; with port 0 the system chooses a port. @throws std::system_error
  explicit datagram_socket(const endpoint& at);

  /// Sends one datagram, in one piece or not at all (sendto(2)). Never raises SIGPIPE.
  io_result send_to(std::string_view bytes, const endpoint& to) noexcept {
    return detail::moved(uninterrupted([&] {
      return ::sendto(fd(), bytes.data(), bytes.size(), detail::send_flags, to.data(), to.size());
    }));
  }

  /// Receives the next datagram (recvmsg(2)). What does not fit into @p into is lost, and
  /// `truncated` is set. An empty datagram is `ok` with 0 bytes, not the end.
  datagram receive(std::span<char> into) noexcept;

  /// The endpoint that it is bound to (getsockname(2)). @throws std::system_error
  endpoint local() const { return detail::name_of(fd(), ::getsockname, "getsockname"); }

  /// The descriptor, still owned.
  int fd() const noexcept { return fd_.get(); }

 private:
  unique_fd fd_;
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/socket.hpp"
#endif
