// Signals as something to read.
#include <poll.h>
#include <signal.h>

#include <span>
#include <vector>

#include <jalon/signal_set.hpp>

#include "catch.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

using jalon::signal_set;
using support::disposition;

namespace {

bool readable(const signal_set& signals) {
  pollfd wanted{signals.fd(), POLLIN, 0};
  return ::poll(&wanted, 1, 0) == 1;
}

TEST_CASE("signals that come are read, in the order in which they came") {
  signal_set signals{SIGUSR1, SIGUSR2};
  CHECK_FALSE(readable(signals));
  CHECK_FALSE(signals.next());

  ::raise(SIGUSR2);
  ::raise(SIGUSR1);
  CHECK(readable(signals));
  CHECK(signals.next() == SIGUSR2);
  CHECK(signals.next() == SIGUSR1);
  CHECK_FALSE(signals.next());
  CHECK_FALSE(readable(signals));
}

TEST_CASE("the signals may be a list that was made while the program runs") {
  const std::vector<int> chosen{SIGUSR2};
  signal_set signals{std::span<const int>(chosen)};
  ::raise(SIGUSR2);
  CHECK(signals.next() == SIGUSR2);
  CHECK(disposition(SIGUSR1) == SIG_DFL);
}

TEST_CASE("a signal that comes leaves errno as it was") {
  const signal_set signals{SIGUSR1};
  errno = EXDEV;
  ::raise(SIGUSR1);
  CHECK(errno == EXDEV);
}

TEST_CASE("what was there before is back when the set has gone") {
  const support::caught_signal before(SIGUSR1, [](int) {});
  const auto handler = disposition(SIGUSR1);
  {
    const signal_set signals{SIGUSR1, SIGUSR2};
    CHECK(disposition(SIGUSR1) != handler);
    CHECK(disposition(SIGUSR2) != SIG_DFL);
  }
  CHECK(disposition(SIGUSR1) == handler);
  CHECK(disposition(SIGUSR2) == SIG_DFL);
}

TEST_CASE("a signal that is named twice is given back all the same") {
  { const signal_set signals{SIGUSR1, SIGUSR1}; }
  CHECK(disposition(SIGUSR1) == SIG_DFL);
}

TEST_CASE("there can be one set at a time, and another after it") {
  {
    signal_set first{SIGUSR1};
    CHECK_THROWS_AS(signal_set{SIGUSR2}, std::logic_error);
    CHECK(disposition(SIGUSR2) == SIG_DFL);
    ::raise(SIGUSR1);
    CHECK(first.next() == SIGUSR1);
  }
  CHECK_NOTHROW(signal_set{SIGUSR2});
}

TEST_CASE("a signal that cannot be caught is an error, and those before it are given back") {
  const auto error = support::thrown_by([] { signal_set{SIGUSR1, SIGKILL}; });
  REQUIRE(error);
  CHECK(std::string(error->what()).starts_with("sigaction: "));
  CHECK(disposition(SIGUSR1) == SIG_DFL);
  CHECK_NOTHROW(signal_set{SIGUSR1});
}

TEST_CASE("more signals than a pipe holds are not waited for") {
  signal_set signals{SIGUSR1};
  for (int i = 0; i < 70'000; ++i) ::raise(SIGUSR1);
  CHECK(signals.next() == SIGUSR1);
}

}  // namespace
