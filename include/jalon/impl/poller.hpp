// The longer functions of poller.hpp.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../poller.hpp"

namespace jalon {

namespace detail {

// The timeout argument of poll(2), in milliseconds: -1 means without limit, and the longest is 24
// days.
JALON_INLINE int to_timeout(wait_limit limit) {
  if (!limit) return -1;
  constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
  return static_cast<int>(std::clamp(*limit, std::chrono::milliseconds(0), longest).count());
}

// poll(2) would report a number that is no descriptor again and again, and the array that is
// indexed by it would grow to any size.
JALON_INLINE void require_open(int fd) { check_call(::fcntl(fd, F_GETFD), "fcntl"); }

}  // namespace detail

JALON_INLINE void poll_poller::add(int fd, io_events wanted, void* tag) {
  detail::require_open(fd);
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= index_.size()) index_.resize(slot + 1);
  index_[slot] = fds_.size();
  fds_.push_back({to_field(fd, wanted), detail::to_poll(wanted), 0});
  tags_.push_back(tag);
}

JALON_INLINE void poll_poller::modify(int fd, io_events wanted, void* tag) {
  const std::size_t at = index_[static_cast<std::size_t>(fd)];
  fds_[at].fd = to_field(fd, wanted);
  fds_[at].events = detail::to_poll(wanted);
  tags_[at] = tag;
}

JALON_INLINE void poll_poller::remove(int fd) {
  const std::size_t at = index_[static_cast<std::size_t>(fd)];
  fds_[at] = fds_.back();
  tags_[at] = tags_.back();
  index_[static_cast<std::size_t>(from_field(fds_[at].fd))] = at;
  fds_.pop_back();
  tags_.pop_back();
}

JALON_INLINE void poll_poller::wait(std::vector<ready_event>& ready, wait_limit limit) {
  ready.clear();
  int left = ::poll(fds_.data(), static_cast<nfds_t>(fds_.size()), detail::to_timeout(limit));
  if (left == -1 && errno != EINTR) throw_system_error(errno, "poll");
  for (std::size_t at = 0; left > 0; ++at) {
    if (fds_[at].revents == 0) continue;
    ready.push_back({tags_[at], from_poll(fds_[at].revents)});
    --left;
  }
}

JALON_INLINE io_events poll_poller::from_poll(short revents) {
  io_events what = io_events::none;
  if ((revents & POLLIN) != 0) what = what | io_events::read;
  if ((revents & POLLOUT) != 0) what = what | io_events::write;
  if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) what = what | io_events::hung_up;
  return what;
}

// poll(2) ignores negative descriptors, so a descriptor with an empty interest set keeps its entry.
JALON_INLINE int poll_poller::to_field(int fd, io_events wanted) {
  return wanted == io_events::none ? ~fd : fd;
}

JALON_INLINE int poll_poller::from_field(int field) { return field < 0 ? ~field : field; }

#ifdef __linux__

JALON_INLINE epoll_poller::epoll_poller()
    : fd_(check_call(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), events_(most_a_turn) {}

JALON_INLINE void epoll_poller::add(int fd, io_events wanted, void* tag) {
  if (wanted == io_events::none) return detail::require_open(fd);
  check_call(control(EPOLL_CTL_ADD, fd, wanted, tag), "epoll_ctl");
}

JALON_INLINE void epoll_poller::modify(int fd, io_events wanted, void* tag) {
  if (wanted == io_events::none) return remove(fd);
  if (control(EPOLL_CTL_MOD, fd, wanted, tag) == 0) return;
  if (errno != ENOENT) throw_system_error(errno, "epoll_ctl");
  add(fd, wanted, tag);
}

JALON_INLINE void epoll_poller::remove(int fd) noexcept {
  if (::getpid() == owner_) ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

JALON_INLINE void epoll_poller::wait(std::vector<ready_event>& ready, wait_limit limit) {
  ready.clear();
  const int count = ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(events_.size()),
                                 detail::to_timeout(limit));
  if (count == -1 && errno != EINTR) throw_system_error(errno, "epoll_wait");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    ready.push_back({event.data.ptr, from_epoll(event.events)});
  }
}

JALON_INLINE int epoll_poller::control(int operation, int fd, io_events wanted, void* tag) {
  epoll_event event{};
  event.events = (has(wanted, io_events::read) ? EPOLLIN : 0U) |
                 (has(wanted, io_events::write) ? EPOLLOUT : 0U);
  event.data.ptr = tag;
  return ::epoll_ctl(fd_.get(), operation, fd, &event);
}

JALON_INLINE io_events epoll_poller::from_epoll(std::uint32_t events) {
  io_events what = io_events::none;
  if ((events & EPOLLIN) != 0) what = what | io_events::read;
  if ((events & EPOLLOUT) != 0) what = what | io_events::write;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) what = what | io_events::hung_up;
  return what;
}

#endif

}  // namespace jalon
