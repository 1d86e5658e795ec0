// Connecting: one attempt over all the endpoints of a name, under one deadline.
// No name is looked up here; that is resolve.hpp.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

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
  state advance() {
    if (state_ != state::pending) return state_;
    const std::error_code outcome = socket_.take_error();
    if (!outcome) return state_ = state::connected;
    error_ = outcome;
    return start_next();
  }

  /// Gives the endpoint of now up, as one that took too long, and starts with the next.
  state skip() {
    error_ = std::make_error_code(std::errc::timed_out);
    return start_next();
  }

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
  state start_next() {
    while (next_ < targets_.size()) {
      if (start(targets_[next_++])) return state_;
    }
    socket_ = {};
    return state_ = state::failed;
  }

  bool start(const endpoint& to) {
    try {
      socket_ = stream_socket::open(to.family());
    } catch (const std::system_error& failure) {  // say, IPv6 is switched off: try the others
      error_ = failure.code();
      return false;
    }
    if (::connect(socket_.fd(), to.data(), to.size()) == 0) {
      state_ = state::connected;
      return true;
    }
    if (errno == EINPROGRESS || errno == EINTR) {  // interrupted, it goes on all the same
      state_ = state::pending;
      return true;
    }
    error_ = {errno, std::system_category()};
    return false;
  }

  std::vector<endpoint> targets_;
  std::size_t next_ = 0;
  stream_socket socket_;
  state state_ = state::failed;
  std::error_code error_ = std::make_error_code(std::errc::host_unreachable);
};

namespace detail {

// Whether the descriptor became writable before the deadline.
inline bool wait_writable(int fd, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wanted{fd, POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready == -1 && errno != EINTR) throw_system_error(errno, "poll");
    if (ready >= 0) return ready == 1;
  }
}

}  // namespace detail

/// Connects to the first of @p targets that answers, all within @p timeout: each gets an even
/// share of the time that is left, so that one that is silent does not use it up.
///
/// **Blocks** for at most @p timeout.
/// @return a non-blocking socket
/// @throws std::system_error that names the last endpoint tried
inline stream_socket connect(std::vector<endpoint> targets, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  connector attempt(std::move(targets));
  while (attempt.status() == connector::state::pending) {
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<long>(attempt.left() + 1);
    if (detail::wait_writable(attempt.fd(), now + share))
      attempt.advance();
    else
      attempt.skip();
  }
  if (attempt.status() == connector::state::connected) return attempt.take();
  throw std::system_error(attempt.error(), "connect " + attempt.target().to_string());
}

}  // namespace jalon
