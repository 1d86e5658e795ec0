// Waiting for many descriptors: one suite, both models.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <jalon/poller.hpp>
#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"

using jalon::io_events;
using jalon::stream_socket;
using namespace std::chrono_literals;

#ifdef __linux__
#define POLLERS jalon::poll_poller, jalon::epoll_poller
#else
#define POLLERS jalon::poll_poller
#endif

namespace {

// A poller, and what it says in letters: `a:r b:rw c:h`, sorted by the names that are its tags.
template <class Poller>
class watcher {
 public:
  void add(int fd, io_events wanted, char name) { poller.add(fd, wanted, &names_[index(name)]); }
  void modify(int fd, io_events wanted, char name) {
    poller.modify(fd, wanted, &names_[index(name)]);
  }

  std::string ready(jalon::wait_limit limit = 0ms) {
    poller.wait(events_, limit);
    std::vector<std::string> words;
    for (const auto& event : events_)
      words.push_back(*static_cast<char*>(event.tag) + (":" + letters(event.what)));
    std::sort(words.begin(), words.end());
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
    return line;
  }

  Poller poller;

 private:
  static std::size_t index(char name) { return static_cast<std::size_t>(name - 'a'); }
  static std::string letters(io_events what) {
    std::string text;
    if (has(what, io_events::read)) text += 'r';
    if (has(what, io_events::write)) text += 'w';
    if (has(what, io_events::hung_up)) text += 'h';
    return text;
  }

  std::string names_ = "abcdefghijklmnopqrstuvwxyz";
  std::vector<jalon::ready_event> events_;
};

TEMPLATE_TEST_CASE("what is ready is reported, for what was wanted", "", POLLERS) {
  watcher<TestType> w;
  auto [near, far] = stream_socket::pair();
  w.add(near.fd(), io_events::read, 'a');
  CHECK(w.ready() == "");
  far.write_some("x");
  CHECK(w.ready() == "a:r");
  w.modify(near.fd(), io_events::read | io_events::write, 'a');
  CHECK(w.ready() == "a:rw");
  w.modify(near.fd(), io_events::write, 'a');
  CHECK(w.ready() == "a:w");
}

TEMPLATE_TEST_CASE("what stays ready is reported again and again", "", POLLERS) {
  watcher<TestType> w;
  auto [near, far] = stream_socket::pair();
  w.add(near.fd(), io_events::read, 'a');
  far.write_some("x");
  for (int turn = 0; turn < 3; ++turn) CHECK(w.ready() == "a:r");
  std::array<char, 8> room;
  near.read_some(room);
  CHECK(w.ready() == "");
}

TEMPLATE_TEST_CASE("a tag that is changed is the one that is reported", "", POLLERS) {
  watcher<TestType> w;
  auto [near, far] = stream_socket::pair();
  w.add(near.fd(), io_events::write, 'a');
  w.modify(near.fd(), io_events::write, 'b');
  CHECK(w.ready() == "b:w");
}

TEMPLATE_TEST_CASE("what is removed is reported no longer, the others are", "", POLLERS) {
  watcher<TestType> w;
  std::vector<stream_socket> ends;
  for (char name = 'a'; name <= 'd'; ++name) {
    auto both = stream_socket::pair();
    w.add(both.first.fd(), io_events::write, name);
    ends.push_back(std::move(both.first));
    ends.push_back(std::move(both.second));
  }
  CHECK(w.ready() == "a:w b:w c:w d:w");
  w.poller.remove(ends[2].fd());
  CHECK(w.ready() == "a:w c:w d:w");
  w.poller.remove(ends[6].fd());
  CHECK(w.ready() == "a:w c:w");
  w.poller.remove(ends[0].fd());
  CHECK(w.ready() == "c:w");
  w.modify(ends[4].fd(), io_events::none, 'c');
  CHECK(w.ready() == "");
  w.poller.remove(ends[4].fd());
  w.add(ends[0].fd(), io_events::write, 'e');
  CHECK(w.ready() == "e:w");
}

TEMPLATE_TEST_CASE("a number that is used again for another descriptor is that one's", "",
                   POLLERS) {
  watcher<TestType> w;
  auto first = stream_socket::pair();
  const int number = first.first.fd();
  w.add(number, io_events::read, 'a');
  first.second.write_some("for the one that goes");
  w.poller.remove(number);
  first.first = {};

  auto second = stream_socket::pair();
  REQUIRE(second.first.fd() == number);
  w.add(number, io_events::read, 'b');
  CHECK(w.ready() == "");
  second.second.write_some("x");
  CHECK(w.ready() == "b:r");
}

TEMPLATE_TEST_CASE("the end of the input is something to read", "", POLLERS) {
  watcher<TestType> w;
  auto [near, far] = support::tcp_pair();
  w.add(near.fd(), io_events::read, 'a');
  far.shutdown_write();
  support::await_readable(near.fd());
  CHECK(w.ready() == "a:r");
}

TEMPLATE_TEST_CASE("a broken connection is a hang-up, unasked", "", POLLERS) {
  watcher<TestType> w;
  auto ends = support::tcp_pair();
  w.add(ends.first.fd(), io_events::read, 'a');
  support::peer(std::move(ends.second)).reset();
  support::await_readable(ends.first.fd());
  CHECK(w.ready() == "a:rh");
}

TEMPLATE_TEST_CASE("who wants nothing hears nothing, not even a hang-up", "", POLLERS) {
  watcher<TestType> w;
  auto ends = stream_socket::pair();
  SECTION("wanting nothing from the start") { w.add(ends.first.fd(), io_events::none, 'a'); }
  SECTION("wanting nothing any more") {
    w.add(ends.first.fd(), io_events::read | io_events::write, 'a');
    w.modify(ends.first.fd(), io_events::none, 'a');
  }
  ends.second = {};
  CHECK(w.ready() == "");
  w.modify(ends.first.fd(), io_events::none, 'a');
  CHECK(w.ready() == "");

  w.modify(ends.first.fd(), io_events::read, 'a');
  CHECK(w.ready() == "a:rh");
}

TEMPLATE_TEST_CASE("nothing watched is nothing ready", "", POLLERS) {
  watcher<TestType> w;
  CHECK(w.ready(0ms) == "");
  CHECK(w.ready(1ms) == "");
  CHECK(w.ready(-5ms) == "");
}

TEMPLATE_TEST_CASE("a signal ends a wait early, with nothing ready and without an error", "",
                   POLLERS) {
  static std::atomic<int> caught;
  caught = 0;
  const support::caught_signal usr1(SIGUSR1, [](int) { ++caught; });
  watcher<TestType> w;
  auto [near, far] = stream_socket::pair();
  w.add(near.fd(), io_events::read, 'a');

  std::atomic<bool> returned = false;
  // A signal that comes before the wait has begun does not end it; so they are sent until it does.
  std::thread interrupter([waiting = ::pthread_self(), &returned] {
    while (!returned) {
      ::pthread_kill(waiting, SIGUSR1);
      std::this_thread::yield();
    }
  });
  const std::string ready = w.ready(10min);
  returned = true;
  interrupter.join();
  CHECK(ready == "");
  CHECK(caught > 0);
}

TEMPLATE_TEST_CASE("a thousand descriptors that are ready are all reported", "", POLLERS) {
  TestType poller;
  std::vector<stream_socket> ends;
  std::vector<int> reported(600);
  for (int& count : reported) {
    auto both = stream_socket::pair();
    poller.add(both.first.fd(), io_events::write, &count);
    ends.push_back(std::move(both.first));
    ends.push_back(std::move(both.second));
  }
  std::vector<jalon::ready_event> events;
  for (int turn = 0; turn < 2; ++turn) {
    poller.wait(events, 0ms);
    for (const auto& event : events) ++*static_cast<int*>(event.tag);
  }
  CHECK(std::count(reported.begin(), reported.end(), 2) == 600);
}

TEST_CASE("a wait that is too long for the system is the longest it has, not none or for ever") {
  using jalon::detail::to_timeout;
  CHECK(to_timeout(std::nullopt) == -1);
  CHECK(to_timeout(0ms) == 0);
  CHECK(to_timeout(-1ms) == 0);
  CHECK(to_timeout(17ms) == 17);
  constexpr int longest = std::numeric_limits<int>::max();
  CHECK(to_timeout(std::chrono::milliseconds(longest)) == longest);
  for (const auto limit : {24h * 25, 24h * 50, 24h * 365 * 100})
    CHECK(to_timeout(limit) == longest);
  CHECK(to_timeout(std::chrono::milliseconds::max()) == longest);
}

TEST_CASE("sets of events are joined and compared") {
  CHECK(has(io_events::read | io_events::write, io_events::write));
  CHECK_FALSE(has(io_events::read, io_events::write));
  CHECK_FALSE(has(io_events::none, io_events::read | io_events::write));
  CHECK(((io_events::read | io_events::write) & io_events::write) == io_events::write);
}

}  // namespace
