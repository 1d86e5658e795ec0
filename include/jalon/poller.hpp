// Waiting for many descriptors at once: the concept of a poller, and two classes that model it. A
// poller reports which descriptors are ready; the reactor (reactor.hpp) calls the handlers.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "compiled.hpp"
#include "error.hpp"
#include "unique_fd.hpp"

#ifdef __linux__
#include <sys/epoll.h>
#endif

namespace jalon {

/// A set of events: an interest set says what to wait for, a readiness set says what is ready.
enum class io_events : unsigned char {
  none = 0,
  read = 1,     ///< reading will not block: there are bytes, a connection, or end of file
  write = 2,    ///< writing will not block
  hung_up = 4,  ///< the connection is broken, or closed in both directions; reported without asking
};

/// The union of both sets.
constexpr io_events operator|(io_events a, io_events b) noexcept {
  return static_cast<io_events>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// The intersection of both sets.
constexpr io_events operator&(io_events a, io_events b) noexcept {
  return static_cast<io_events>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}

/// Whether @p set contains any event of @p what.
constexpr bool has(io_events set, io_events what) noexcept {
  return (set & what) != io_events::none;
}

/// A descriptor that is ready.
struct ready_event {
  void* tag = nullptr;               ///< the tag that it was added with
  io_events what = io_events::none;  ///< its readiness
};

/// The longest time to wait; `std::nullopt` means without limit.
using wait_limit = std::optional<std::chrono::milliseconds>;

/// Watches descriptors. Each is added once, with an interest set and a tag of the caller's choice.
///
/// `wait` is level-triggered: it reports a descriptor in every call as long as it is ready. A
/// descriptor whose interest set is empty is not reported at all, not even for a hang-up: its owner
/// could not act on it, and would be woken again and again. For one thread.
template <class P>
concept poller = requires(P p, int fd, io_events wanted, void* tag, std::vector<ready_event>& ready,
                          wait_limit limit) {
  p.add(fd, wanted, tag);
  p.modify(fd, wanted, tag);
  p.remove(fd);
  p.wait(ready, limit);
};

namespace detail {

int to_timeout(wait_limit limit);

// Throws unless @p fd is a descriptor.
void require_open(int fd);

inline short to_poll(io_events wanted) noexcept {
  return static_cast<short>((has(wanted, io_events::read) ? POLLIN : 0) |
                            (has(wanted, io_events::write) ? POLLOUT : 0));
}

}  // namespace detail

/// A poller on poll(2), which every POSIX system has. Each wait takes time proportional to the
/// number of watched descriptors.
class poll_poller {
 public:
  /// Starts to watch @p fd. @throws std::system_error (`EBADF`) if it is not open
  void add(int fd, io_events wanted, void* tag);

  /// Changes the interest set and the tag of @p fd.
  void modify(int fd, io_events wanted, void* tag);

  /// Stops watching @p fd, in constant time: the last entry of the array takes its place.
  void remove(int fd);

  /// Waits until a descriptor is ready, @p limit has passed or a signal arrives; replaces the
  /// contents of @p ready. @throws std::system_error
  void wait(std::vector<ready_event>& ready, wait_limit limit);

 private:
  static int to_field(int fd, io_events wanted);
  static int from_field(int field);

  static io_events from_poll(short revents);

  std::vector<pollfd> fds_;
  std::vector<void*> tags_;         // with the same index as in `fds_`
  std::vector<std::size_t> index_;  // from descriptor to index in `fds_`
};

static_assert(poller<poll_poller>);

#ifdef __linux__

/// A poller on epoll(7), for Linux only. The kernel keeps the interest list, so each wait takes
/// time proportional to the number of ready descriptors.
///
/// A child process made by fork(2) shares the kernel's list. If this is destroyed there, the list
/// stays as it is.
class epoll_poller {
 public:
  /// @throws std::system_error if no descriptor is left
  epoll_poller();

  /// Starts to watch @p fd. @throws std::system_error, for one (`EBADF`) if it is not open
  void add(int fd, io_events wanted, void* tag);

  /// Changes the interest set and the tag of @p fd. With an empty set, @p fd is removed from the
  /// kernel's interest list, because epoll always reports a hang-up. @throws std::system_error
  void modify(int fd, io_events wanted, void* tag);

  /// Stops watching @p fd. It need not be in the kernel's interest list.
  void remove(int fd) noexcept;

  /// Waits until a descriptor is ready, @p limit has passed or a signal arrives; replaces the
  /// contents of @p ready. @throws std::system_error
  void wait(std::vector<ready_event>& ready, wait_limit limit);

 private:
  int control(int operation, int fd, io_events wanted, void* tag);

  static io_events from_epoll(std::uint32_t events);

  // Further ready descriptors are reported by the next wait: epoll_wait(2) goes through them round
  // robin.
  static constexpr std::size_t most_a_turn = 1024;

  unique_fd fd_;
  pid_t owner_ = ::getpid();
  std::vector<epoll_event> events_;
};

static_assert(poller<epoll_poller>);

#endif

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/poller.hpp"
#endif
