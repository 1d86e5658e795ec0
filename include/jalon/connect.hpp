// Connecting: one attempt over all the endpoints of a name, under one deadline.
// No name is looked up here; that is resolve.hpp.
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

namespace jalon {

/// Tries endpoints one after the other without ever waiting: whoever owns it waits for `fd()` to
/// be writable, then calls `advance()`. So it serves a loop and a blocking call alike.
class connector {
 public:
  /// How far it is.
  enum class state {
    pending,    ///< wait until `fd()` is writable, or give up on it with `skip()`
    connected,  ///< `take()` has the socket
    failed,     ///< no endpoint is left; `error()` is what the last one said
  };

  /// Starts with the first of @p targets.
  explicit connector(std::vector<endpoint> targets) : targets_(std::move(targets)) { start_next(); }

  /// Looks how the attempt came out; after a failure goes on with the next endpoint.
  state advance();

  /// Gives the endpoint of now up, as one that took too long, and starts with the next.
  state skip();

  /// How far it is.
  state status() const noexcept { return state_; }

  /// The descriptor to wait for; another one after each failure.
  int fd() const noexcept { return socket_.fd(); }

  /// The endpoint tried now, or last; none if there was none to try.
  endpoint target() const { return next_ == 0 ? endpoint{} : targets_[next_ - 1]; }

  /// How many endpoints are not tried yet.
  std::size_t left() const noexcept { return targets_.size() - next_; }

  /// What the last failure was; `host_unreachable` when there was no endpoint at all.
  std::error_code error() const noexcept { return error_; }

  /// The connected socket, the caller's from now on.
  stream_socket take() noexcept { return std::move(socket_); }

 private:
  state start_next();

  bool start(const endpoint& to);

  std::vector<endpoint> targets_;
  std::size_t next_ = 0;
  stream_socket socket_;
  state state_ = state::failed;
  std::error_code error_ = std::make_error_code(std::errc::host_unreachable);
};

namespace detail {

// Whether the descriptor became writable before the deadline.
bool wait_writable(int fd, std::chrono::steady_clock::time_point deadline);

}  // namespace detail

/// Connects to the first of @p targets that answers, all within @p timeout: each gets an even
/// share of the time that is left, so that one that is silent does not use it up.
///
/// **Blocks** for at most @p timeout.
/// @return a non-blocking socket
/// @throws std::system_error that names the last endpoint tried
stream_socket connect(std::vector<endpoint> targets, std::chrono::milliseconds timeout);

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/connect.hpp"
#endif
