// The longer functions of connect.hpp.
#pragma once

#include <poll.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include "../connect.hpp"

namespace jalon {

JALON_INLINE connector::state connector::advance() {
  if (state_ != state::pending) return state_;
  const std::error_code outcome = socket_.take_error();
  if (!outcome) return state_ = state::connected;
  error_ = outcome;
  return start_next();
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
  if (::connect(socket_.fd(), to.data(), to.size()) == 0) {
    state_ = state::connected;
    return true;
  }
  if (errno == EINPROGRESS || errno == EINTR) {  // EINTR: connecting continues in the background
    state_ = state::pending;
    return true;
  }
  error_ = {errno, std::system_category()};
  return false;
}

namespace detail {

JALON_INLINE bool wait_writable(int fd, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd watched{fd, POLLOUT, 0};
    const int ready = ::poll(&watched, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready == -1 && errno != EINTR) throw_system_error(errno, "poll");
    if (ready >= 0) return ready == 1;
  }
}

}  // namespace detail

JALON_INLINE stream_socket connect(std::vector<endpoint> targets,
                                   std::chrono::milliseconds timeout) {
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
