// Waiting for many descriptors at once: one concept, two models.
// Nothing here calls anybody back; that is reactor.hpp.
#pragma once

#include <poll.h>

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

/// What to wait for, and what has come; a set.
enum class io_events : unsigned char {
  none = 0,
  read = 1,     ///< reading will not block: bytes, a connection, or the end
  write = 2,    ///< writing will not block
  hung_up = 4,  ///< the connection is broken, or closed both ways; comes unasked
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

int to_timeout(wait_limit limit);

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
  void add(int fd, io_events wanted, void* tag);

  /// Changes what is wanted of @p fd.
  void modify(int fd, io_events wanted, void* tag);

  /// Watches @p fd no longer. The last of the set takes its place: nothing is moved but one.
  void remove(int fd);

  /// Waits until something is ready, @p limit is over or a signal comes; fills @p ready.
  void wait(std::vector<ready_event>& ready, wait_limit limit);

 private:
  static int to_field(int fd, io_events wanted);
  static int from_field(int field);

  static io_events from_poll(short revents);

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
  epoll_poller();

  /// Begins to watch @p fd.
  void add(int fd, io_events wanted, void* tag);

  /// Changes what is wanted of @p fd. What is wanted for nothing is not in the kernel's set,
  /// since epoll reports a hang-up even then.
  void modify(int fd, io_events wanted, void* tag);

  /// Watches @p fd no longer; it need not be in the set.
  void remove(int fd) noexcept;

  /// Waits until something is ready, @p limit is over or a signal comes; fills @p ready.
  void wait(std::vector<ready_event>& ready, wait_limit limit);

 private:
  int control(int operation, int fd, io_events wanted, void* tag);

  static io_events from_epoll(std::uint32_t events);

  // What is ready beyond these comes with the next turn; epoll(7) passes nobody over for ever.
  static constexpr std::size_t most_a_turn = 1024;

  unique_fd fd_;
  std::vector<epoll_event> events_;
};

static_assert(poller<epoll_poller>);

#endif

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/poller.hpp"
#endif
