// The longer functions of connect.hpp.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "../connect.hpp"

namespace jalon {

JALON_INLINE connector::state connector::advance() {
  if (state_ != state::pending) return state_;
  if (backlog_full_) return begin_connect(target()) ? state_ : start_next();
  const std::error_code outcome = socket_.take_error();
  return (outcome ? fail(outcome) : confirm()) ? state_ : start_next();
}

JALON_INLINE connector::state connector::skip() {
  error_ = std::make_error_code(std::errc::timed_out);
  return start_next();
}

JALON_INLINE connector::state connector::start_next() {
  while (next_ < targets_.size()) {
    if (start(targets_[next_++])) return state_;
  }
  socket_ = {};
  return state_ = state::failed;
}

JALON_INLINE bool connector::start(const endpoint& to) {
  try {
    socket_ = stream_socket::open(to.family());
  } catch (const std::system_error& failure) {  // for example, IPv6 is disabled: try the others
    error_ = failure.code();
    return false;
  }
  return begin_connect(to);
}

// @return whether it is connected or pending
JALON_INLINE bool connector::begin_connect(const endpoint& to) {
  const bool connected = ::connect(socket_.fd(), to.data(), to.size()) == 0;
  const int error = connected ? 0 : errno;
  backlog_full_ = error == EAGAIN && to.family() == AF_UNIX;
  // EINTR: connecting continues in the background.
  const bool pending = error == EINPROGRESS || error == EINTR || backlog_full_;
  if (backlog_full_) error_ = {error, std::system_category()};
  if (pending) {
    state_ = state::pending;
    return true;
  }
  return connected ? confirm() : fail({error, std::system_category()});
}

// The kernel reports success. @return whether it is one
JALON_INLINE bool connector::confirm() {
  if (is_connected_to_itself()) return fail(std::make_error_code(std::errc::connection_refused));
  state_ = state::connected;
  return true;
}

JALON_INLINE bool connector::fail(std::error_code reason) {
  error_ = reason;
  return false;
}

JALON_INLINE bool connector::is_connected_to_itself() const {
  const int family = targets_[next_ - 1].family();
  if (family != AF_INET && family != AF_INET6) return false;
  try {
    return detail::name_of(socket_.fd(), ::getsockname, "getsockname") ==
           detail::name_of(socket_.fd(), ::getpeername, "getpeername");
  } catch (const std::system_error&) {  // the peer has closed already
    return false;
  }
}

namespace detail {

JALON_INLINE bool wait_writable(int fd, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest{std::numeric_limits<int>::max()};
  for (;;) {
    const auto left =
        std::chrono::ceil<milliseconds>(time_until(deadline, std::chrono::steady_clock::now()));
    pollfd watched{fd, POLLOUT, 0};
    const auto wait = std::clamp(left, milliseconds(0), longest);
    const int ready = ::poll(&watched, 1, static_cast<int>(wait.count()));
    if (ready == -1 && errno != EINTR) throw_system_error(errno, "poll");
    if (ready >= 0) return ready == 1;
  }
}

JALON_INLINE bool wait_for(const connector& attempt,
                           std::chrono::steady_clock::time_point deadline) {
  constexpr int between_tries = 10;  // milliseconds
  if (!attempt.backlog_full()) return wait_writable(attempt.fd(), deadline);
  ::poll(nullptr, 0, between_tries);
  return std::chrono::steady_clock::now() < deadline;
}

}  // namespace detail

JALON_INLINE stream_socket connect(std::vector<endpoint> targets,
                                   std::chrono::milliseconds timeout) {
  const auto deadline = time_after(std::chrono::steady_clock::now(), timeout);
  connector attempt(std::move(targets));
  while (attempt.status() == connector::state::pending) {
    const auto now = std::chrono::steady_clock::now();
    const auto share = time_until(deadline, now) / static_cast<long>(attempt.left() + 1);
    if (detail::wait_for(attempt, now + share))
      attempt.advance();
    else
      attempt.skip();
  }
  if (attempt.status() == connector::state::connected) return attempt.take();
  throw std::system_error(attempt.error(), "connect " + attempt.target().to_string());
}

}  // namespace jalon
