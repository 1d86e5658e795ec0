// Connects to the first endpoint of a list that accepts, under one deadline for all of them. The
// endpoints of a name come from resolve.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "socket.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// Tries endpoints in order, with non-blocking sockets (connect(2), EINPROGRESS). Its owner waits
/// until `fd()` is writable, then calls `advance()`: an event loop and a blocking call can both use
/// it. The exception is a unix socket whose backlog is full, see `backlog_full()`. For one thread.
///
/// A TCP socket that connects to a free local port may by chance get this port as its own, and is
/// then connected to itself (simultaneous open, RFC 9293 section 3.5). That counts as refused.
class connector {
 public:
  /// The progress of the attempt.
  enum class state {
    pending,    ///< wait until `fd()` is writable, or abandon this endpoint with `skip()`
    connected,  ///< `take()` returns the socket
    failed,     ///< every endpoint was tried; `error()` is the reason of the last failure
  };

  /// Starts to connect to the first of @p targets.
  explicit connector(std::vector<endpoint> targets) : targets_(std::move(targets)) { start_next(); }

  /// Checks the result of the current attempt (`SO_ERROR`, socket(7)); after a failure starts with
  /// the next endpoint. @return the new state
  state advance();

  /// Abandons the current endpoint with the error `timed_out`, and starts with the next one.
  /// @return the new state
  state skip();

  /// Whether the target is a unix socket whose backlog is full (unix(7), EAGAIN). The kernel does
  /// not report when there is room: `fd()` is always writable. So do not wait for it, but for a
  /// moment, before `advance()`, which tries again.
  bool backlog_full() const noexcept { return backlog_full_; }

  /// The current state.
  state status() const noexcept { return state_; }

  /// The descriptor to wait for, still owned; a different one after each failure.
  int fd() const noexcept { return socket_.fd(); }

  /// The endpoint that was tried last; an empty one if there was none to try.
  endpoint target() const { return next_ == 0 ? endpoint{} : targets_[next_ - 1]; }

  /// The number of endpoints that are not tried yet.
  std::size_t left() const noexcept { return targets_.size() - next_; }

  /// The reason of the last failure; `host_unreachable` if no endpoint has failed.
  std::error_code error() const noexcept { return error_; }

  /// The connected socket, which the caller then owns.
  stream_socket take() noexcept { return std::move(socket_); }

 private:
  state start_next();

  bool start(const endpoint& to);
  bool begin_connect(const endpoint& to);
  bool confirm();
  bool fail(std::error_code reason);
  bool is_connected_to_itself() const;

  std::vector<endpoint> targets_;
  std::size_t next_ = 0;
  stream_socket socket_;
  state state_ = state::failed;
  bool backlog_full_ = false;
  std::error_code error_ = std::make_error_code(std::errc::host_unreachable);
};

namespace detail {

// Waits until the descriptor is writable. @return false if the deadline passed first
bool wait_writable(int fd, std::chrono::steady_clock::time_point deadline);

// Waits until the attempt can be advanced. @return false if the deadline passed first
bool wait_for(const connector& attempt, std::chrono::steady_clock::time_point deadline);

}  // namespace detail

/// Connects to the first of @p targets that accepts. @p timeout bounds all attempts together: each
/// gets an equal share of the time that is left, so that a silent endpoint does not use it up.
///
/// **Blocks** for at most @p timeout.
/// @return a non-blocking socket
/// @throws std::system_error that names the last endpoint tried
stream_socket connect(std::vector<endpoint> targets, std::chrono::milliseconds timeout);

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/connect.hpp"
#endif
