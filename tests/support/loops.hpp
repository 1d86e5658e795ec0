// The loops that a test runs on, each with a settable clock, and running them until something is
// so. No test waits longer for a time than a loop's turn; each is bounded by a number of turns.
#pragma once

#include <chrono>

#include <jalon/reactor.hpp>

#include "settable_clock.hpp"

#ifdef JALON_EXAMPLES_WITH_ASIO
#include <asio/io_context.hpp>

#include <jalon/asio_loop.hpp>
#endif

namespace support {

/// How long a turn may wait when nothing happens: enough for another thread to do its part.
inline constexpr std::chrono::milliseconds turn_limit{1};

/// A reactor on poll(2).
struct on_poll {
  using loop_type = jalon::reactor;

  settable_clock clock = {};
  loop_type loop{jalon::poll_poller{}, clock};
};

#ifdef __linux__
/// A reactor on epoll(7).
struct on_epoll {
  using loop_type = jalon::reactor;

  settable_clock clock = {};
  loop_type loop{jalon::epoll_poller{}, clock};
};
#endif

#ifdef JALON_EXAMPLES_WITH_ASIO
/// Asio's loop.
struct on_asio {
  using loop_type = jalon::asio_loop;

  settable_clock clock = {};
  asio::io_context context = {};
  loop_type loop{context, clock};
};
#endif

/// Turns @p on 's loop so many times, whether anything happens or not.
template <class On>
void run_turns(On& on, int turns) {
  for (int turn = 0; turn < turns; ++turn) on.loop.run_once(std::chrono::milliseconds(0));
}

/// Turns @p on 's loop until @p reached. @return whether it was, within a bound that no test
/// comes near to
template <class On, class Condition>
[[nodiscard]] bool run_until(On& on, Condition reached) {
  constexpr int most_turns = 5'000;
  for (int turn = 0; turn < most_turns; ++turn) {
    if (reached()) return true;
    on.loop.run_once(turn_limit);
  }
  return reached();
}

}  // namespace support

// The lists that TEMPLATE_TEST_CASE takes: all loops, and the models of our own.
#if defined(__linux__) && defined(JALON_EXAMPLES_WITH_ASIO)
#define ALL_LOOPS support::on_poll, support::on_epoll, support::on_asio
#elif defined(__linux__)
#define ALL_LOOPS support::on_poll, support::on_epoll
#elif defined(JALON_EXAMPLES_WITH_ASIO)
#define ALL_LOOPS support::on_poll, support::on_asio
#else
#define ALL_LOOPS support::on_poll
#endif

#ifdef __linux__
#define OWN_LOOPS support::on_poll, support::on_epoll
#else
#define OWN_LOOPS support::on_poll
#endif
