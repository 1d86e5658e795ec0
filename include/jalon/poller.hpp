// Waiting for many descriptors at once: one concept, two models.
// Nothing here calls anybody back; that is reactor.hpp.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "error.hpp"
#include "unique_fd.hpp"

#ifdef __linux__
#include <sys/epoll.h>
#endif

namespace jalon {

/// What to wait for, and what has come; a set.
enum class io_events : unsigned char {
  none = 0,
  read = 1,    ///< reading will not block: bytes, a connection, or the end
  write = 2,   ///< writing will not block
  hangup = 4,  ///< the connection is broken, or closed both ways; comes unasked
};

/// Both sets together.
constexpr io_events operator|(io_events a, io_events b) noexcept {
  return static_cast<io_events>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// What is in both sets.
constexpr io_events operator&(io_events a, io_events b) noexcept {
  return static_cast<io_events>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}

/// Whether @p set holds any of @p what.
constexpr bool has(io_events set, io_events what) noexcept {
  return (set & what) != io_events::none;
}

/// One descriptor that is ready.
struct ready_event {
  void* tag = nullptr;               ///< what it was added with
  io_events what = io_events::none;  ///< what has come
};

/// How long to wait; nothing means for ever.
using wait_limit = std::optional<std::chrono::milliseconds>;

/// Watches descriptors, each added once with a tag of the caller's.
///
/// `wait` fills in what is ready and reports again, turn after turn, whatever stays ready
/// (level-triggered). A descriptor wanted for nothing is not reported at all, not even for a
/// hang-up: somebody who cannot act on it would only be woken again and again.
template <class P>
concept poller = requires(P p, int fd, io_events wanted, void* tag, std::vector<ready_event>& ready,
                          wait_limit limit) {
  p.add(fd, wanted, tag);
  p.modify(fd, wanted, tag);
  p.remove(fd);
  p.wait(ready, limit);
};

namespace detail {

// As poll(2) counts: -1 is for ever, and 24 days are the longest there is.
inline int to_timeout(wait_limit limit) {
  if (!limit) return -1;
  constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
  return static_cast<int>(std::clamp(*limit, std::chrono::milliseconds(0), longest).count());
}

inline short to_poll(io_events wanted) noexcept {
  return static_cast<short>((has(wanted, io_events::read) ? POLLIN : 0) |
                            (has(wanted, io_events::write) ? POLLOUT : 0));
}

}  // namespace detail

/// Waits with poll(2): everywhere there is, and the cost of a turn grows with all that is watched.
/// The set is kept from turn to turn.
class poll_poller {
 public:
  /// Begins to watch @p fd.
  void add(int fd, io_events wanted, void* tag) {
    const auto slot = static_cast<std::size_t>(fd);
    if (slot >= index_.size()) index_.resize(slot + 1);
    index_[slot] = fds_.size();
    fds_.push_back({to_field(fd, wanted), detail::to_poll(wanted), 0});
    tags_.push_back(tag);
  }

  /// Changes what is wanted of @p fd.
  void modify(int fd, io_events wanted, void* tag) {
    const std::size_t at = index_[static_cast<std::size_t>(fd)];
    fds_[at].fd = to_field(fd, wanted);
    fds_[at].events = detail::to_poll(wanted);
    tags_[at] = tag;
  }

  /// Watches @p fd no longer. The last of the set takes its place: nothing is moved but one.
  void remove(int fd) {
    const std::size_t at = index_[static_cast<std::size_t>(fd)];
    fds_[at] = fds_.back();
    tags_[at] = tags_.back();
    index_[static_cast<std::size_t>(from_field(fds_[at].fd))] = at;
    fds_.pop_back();
    tags_.pop_back();
  }

  /// Waits until something is ready, @p limit is over or a signal comes; fills @p ready.
  void wait(std::vector<ready_event>& ready, wait_limit limit) {
    ready.clear();
    int left = ::poll(fds_.data(), static_cast<nfds_t>(fds_.size()), detail::to_timeout(limit));
    if (left == -1 && errno != EINTR) throw_system_error(errno, "poll");
    for (std::size_t at = 0; left > 0; ++at) {
      if (fds_[at].revents == 0) continue;
      ready.push_back({tags_[at], from_poll(fds_[at].revents)});
      --left;
    }
  }

 private:
  // poll(2) passes negative descriptors over; so one that is wanted for nothing keeps its place.
  static int to_field(int fd, io_events wanted) { return wanted == io_events::none ? ~fd : fd; }
  static int from_field(int field) { return field < 0 ? ~field : field; }

  static io_events from_poll(short revents) {
    io_events what = io_events::none;
    if ((revents & POLLIN) != 0) what = what | io_events::read;
    if ((revents & POLLOUT) != 0) what = what | io_events::write;
    if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) what = what | io_events::hangup;
    return what;
  }

  std::vector<pollfd> fds_;
  std::vector<void*> tags_;         // by the same index as `fds_`
  std::vector<std::size_t> index_;  // descriptor to index in `fds_`
};

static_assert(poller<poll_poller>);

#ifdef __linux__

/// Waits with epoll(7): the kernel keeps the set, and a turn costs what is ready, not what is
/// watched. Linux only.
class epoll_poller {
 public:
  /// @throws std::system_error when descriptors run out
  epoll_poller() : fd_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

  /// Begins to watch @p fd.
  void add(int fd, io_events wanted, void* tag) {
    if (wanted != io_events::none) check(control(EPOLL_CTL_ADD, fd, wanted, tag), "epoll_ctl");
  }

  /// Changes what is wanted of @p fd. What is wanted for nothing is not in the kernel's set,
  /// since epoll reports a hang-up even then.
  void modify(int fd, io_events wanted, void* tag) {
    if (wanted == io_events::none) return remove(fd);
    if (control(EPOLL_CTL_MOD, fd, wanted, tag) == 0) return;
    if (errno != ENOENT) throw_system_error(errno, "epoll_ctl");
    add(fd, wanted, tag);
  }

  /// Watches @p fd no longer; it need not be in the set.
  void remove(int fd) noexcept { ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  /// Waits until something is ready, @p limit is over or a signal comes; fills @p ready.
  void wait(std::vector<ready_event>& ready, wait_limit limit) {
    ready.clear();
    const int count = ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(events_.size()),
                                   detail::to_timeout(limit));
    if (count == -1 && errno != EINTR) throw_system_error(errno, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      ready.push_back({event.data.ptr, from_epoll(event.events)});
    }
  }

 private:
  int control(int operation, int fd, io_events wanted, void* tag) {
    epoll_event event{};
    event.events = (has(wanted, io_events::read) ? EPOLLIN : 0U) |
                   (has(wanted, io_events::write) ? EPOLLOUT : 0U);
    event.data.ptr = tag;
    return ::epoll_ctl(fd_.get(), operation, fd, &event);
  }

  static io_events from_epoll(std::uint32_t events) {
    io_events what = io_events::none;
    if ((events & EPOLLIN) != 0) what = what | io_events::read;
    if ((events & EPOLLOUT) != 0) what = what | io_events::write;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) what = what | io_events::hangup;
    return what;
  }

  // What is ready beyond these comes with the next turn; epoll(7) passes nobody over for ever.
  static constexpr std::size_t most_a_turn = 1024;

  unique_fd fd_;
  std::vector<epoll_event> events_ = std::vector<epoll_event>(most_a_turn);
};

static_assert(poller<epoll_poller>);

#endif

}  // namespace jalon
