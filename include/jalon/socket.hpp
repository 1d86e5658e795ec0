// Sockets: streams, listeners, datagrams, and their options. Thin, typed, and never waiting.
// No loop, no buffering and no framing live here.
//
// Every socket of the toolkit is non-blocking and closed on exec. Setting one up throws
// `std::system_error`; reading and writing return an `io_result`, because a peer that is slow,
// gone or rude is no exception.
#pragma once

#include <netinet/tcp.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "unique_fd.hpp"

namespace jalon {

/// How a read or a write came out.
enum class io_status {
  ok,           ///< some bytes were moved
  would_block,  ///< nothing now; wait until the socket is ready
  end,          ///< the peer has sent all it will send (reads only)
  error,        ///< the connection is broken; `io_result::error` says how
};

/// What a read or a write did.
struct io_result {
  std::size_t bytes = 0;             ///< moved, also where a later part would have blocked
  io_status status = io_status::ok;  ///< how it came out
  std::error_code error = {};        ///< the reason, with `io_status::error`
};

namespace detail {

// Linux and the BSDs take this flag at every send; macOS has a socket option instead.
#ifdef MSG_NOSIGNAL
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0;
#endif

unique_fd equip(unique_fd fd);
unique_fd open_socket(int family, int type);

template <class Value>
void set_option(int fd, int level, int name, const Value& value) {
  check_call(::setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

void set_keepalive(int fd, std::chrono::seconds idle, std::chrono::seconds interval, int probes);

// getsockname(2) or getpeername(2), whose signatures are one.
endpoint name_of(int fd, int (*call)(int, sockaddr*, socklen_t*), const char* name);

io_result failed_io();

inline io_result moved(ssize_t bytes) {
  return bytes < 0 ? failed_io() : io_result{static_cast<std::size_t>(bytes)};
}

}  // namespace detail

/// A connected stream: TCP, or a unix socket. Owns its descriptor. See tcp(7), socket(7).
class stream_socket {
 public:
  /// No socket: `fd()` is -1.
  stream_socket() = default;

  /// Takes over a descriptor that is connected, or about to be, and non-blocking.
  explicit stream_socket(unique_fd fd) noexcept : fd_(std::move(fd)) {}

  /// A new socket for @p family, not connected yet. @throws std::system_error
  static stream_socket open(int family) {
    return stream_socket{detail::open_socket(family, SOCK_STREAM)};
  }

  /// Two sockets connected to each other (socketpair(2)). @throws std::system_error
  static std::pair<stream_socket, stream_socket> pair();

  /// Reads what is there, at most @p into.size() bytes (recv(2)).
  io_result read_some(std::span<char> into) noexcept {
    const auto got = uninterrupted([&] { return ::recv(fd(), into.data(), into.size(), 0); });
    if (got == 0 && !into.empty()) return {0, io_status::end, {}};
    return detail::moved(got);
  }

  /// Writes what the system takes now, maybe less than all (send(2)). Raises no SIGPIPE.
  io_result write_some(std::string_view bytes) noexcept {
    return detail::moved(uninterrupted(
        [&] { return ::send(fd(), bytes.data(), bytes.size(), detail::send_flags); }));
  }

  /// Writes many pieces with one call (sendmsg(2)); at most `IOV_MAX` of them.
  io_result write_some(std::span<const iovec> pieces) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());  // read only, says sendmsg(2)
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(pieces.size());
    return detail::moved(
        uninterrupted([&] { return ::sendmsg(fd(), &message, detail::send_flags); }));
  }

  /// Says that nothing more will be sent (`SHUT_WR`, shutdown(2)): the peer reads to the end,
  /// and may still answer. On a broken connection nothing happens.
  void shutdown_write() noexcept { ::shutdown(fd(), SHUT_WR); }

  /// Sends small writes at once instead of waiting for more (`TCP_NODELAY`, tcp(7)).
  void set_no_delay(bool on) { detail::set_option(fd(), IPPROTO_TCP, TCP_NODELAY, int{on}); }

  /// Finds peers that have vanished without a word: after @p idle of silence the system asks
  /// every @p interval, and breaks the connection after @p probes without an answer (tcp(7)).
  void set_keepalive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
    detail::set_keepalive(fd(), idle, interval, probes);
  }

  /// The sizes that are asked of the system for what it holds of this socket, in bytes; it may
  /// double or cap them (`SO_SNDBUF`, `SO_RCVBUF`, socket(7)).
  void set_buffers(int send_bytes, int receive_bytes) {
    detail::set_option(fd(), SOL_SOCKET, SO_SNDBUF, send_bytes);
    detail::set_option(fd(), SOL_SOCKET, SO_RCVBUF, receive_bytes);
  }

  /// Makes closing cut the connection (RST) instead of ending it in order (`SO_LINGER`).
  void reset_on_close() { detail::set_option(fd(), SOL_SOCKET, SO_LINGER, linger{1, 0}); }

  /// Where this end is. @throws std::system_error
  endpoint local() const { return detail::name_of(fd(), ::getsockname, "getsockname"); }

  /// Where the other end is. @throws std::system_error if the peer has gone
  endpoint remote() const { return detail::name_of(fd(), ::getpeername, "getpeername"); }

  /// The error that waits on the socket, and takes it off (`SO_ERROR`); how a non-blocking
  /// connect came out.
  std::error_code take_error() noexcept;

  /// The descriptor, still owned; -1 if there is none.
  int fd() const noexcept { return fd_.get(); }

  /// Gives the descriptor up. @return the owner of it
  unique_fd release() noexcept { return std::move(fd_); }

  /// Whether there is a socket.
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  unique_fd fd_;
};

/// What `listener::accept` found.
struct accept_result {
  io_status status = io_status::would_block;  ///< ok, would_block or error
  stream_socket socket = {};                  ///< the connection, if ok
  endpoint peer = {};                         ///< where it comes from, if ok
  std::error_code error = {};                 ///< the reason, if error
};

/// How a listener is set up.
struct listen_options {
  int backlog = SOMAXCONN;    ///< connections that wait to be accepted (listen(2))
  bool reuse_address = true;  ///< restart at once on the same port (`SO_REUSEADDR`)
};

/// A socket that takes connections in. Owns its descriptor, and the file of a unix socket.
///
/// It holds one descriptor in reserve. When the process has none left, a plain `accept` fails
/// and the connection stays in the queue: the listener is ready for ever and serves nobody. This
/// one gives the reserve up, takes the connection, closes it, and reopens the reserve: the
/// client learns at once that there is no room, and the loop can rest.
class listener {
 public:
  /// Binds and listens. Port 0 lets the system choose; `local()` tells.
  /// @throws std::system_error that names the call and the endpoint
  explicit listener(const endpoint& at, const listen_options& options = {});

  /// Takes all over, the file of a unix socket too.
  listener(listener&& other) noexcept;
  listener& operator=(listener&&) = delete;
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  ~listener();

  /// Takes the next connection, if one waits (accept(2)). After an error the caller does well to
  /// pause: `EMFILE` and `ENFILE` mean that one connection has been turned away.
  accept_result accept();

  /// Has the sockets that it accepts send at once, and find peers that have vanished, as
  /// `stream_socket` does. They inherit it (Stevens, UNIX Network Programming 1, 7.4): so it costs
  /// no call for each of them.
  void set_no_delay(bool on) { detail::set_option(fd(), IPPROTO_TCP, TCP_NODELAY, int{on}); }
  /// See `stream_socket::set_keepalive`.
  void set_keepalive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
    detail::set_keepalive(fd(), idle, interval, probes);
  }

  /// Where it listens, with the port the system chose. @throws std::system_error
  endpoint local() const { return detail::name_of(fd(), ::getsockname, "getsockname"); }

  /// The descriptor, still owned.
  int fd() const noexcept { return fd_.get(); }

 private:
  accept_result failed();
  bool turn_one_away();

  unique_fd fd_;
  unique_fd reserve_;
  std::string path_;
};

/// A datagram that came in.
struct datagram {
  io_result result = {};   ///< how reading came out, and the size of what was kept
  endpoint from = {};      ///< who sent it
  bool truncated = false;  ///< it was longer than the room it was given
};

/// A socket for datagrams: UDP. Owns its descriptor. See udp(7).
class datagram_socket {
 public:
  /// A socket bound to @p at; port 0 lets the system choose. @throws std::system_error
  explicit datagram_socket(const endpoint& at);

  /// Sends one datagram, whole or not at all (sendto(2)).
  io_result send_to(std::string_view bytes, const endpoint& to) noexcept {
    return detail::moved(uninterrupted([&] {
      return ::sendto(fd(), bytes.data(), bytes.size(), detail::send_flags, to.data(), to.size());
    }));
  }

  /// Takes the next datagram; what does not fit is lost, and said so (recvmsg(2)). An empty
  /// datagram is a datagram: `ok` with no bytes.
  datagram receive(std::span<char> into) noexcept;

  /// Where it is bound. @throws std::system_error
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
