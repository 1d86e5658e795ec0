// The toolkit's own loop: turns, other threads, traces.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <jalon/reactor.hpp>
#include <jalon/signal_set.hpp>
#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"

using jalon::io_events;
using jalon::reactor;
using jalon::stream_socket;
using support::run_turns;
using support::run_until;
using namespace std::chrono_literals;

namespace {

TEMPLATE_TEST_CASE("a turn calls handlers, then what was posted, timers, and what was put off", "",
                   OWN_LOOPS) {
  TestType on;
  auto [near, far] = stream_socket::pair();
  std::string story;
  jalon::deferred put_off(on.loop.deferrals(), [&] { story += 'd'; });
  const auto watch = on.loop.watch(near.fd(), io_events::read, [&](io_events) {
    if (story.empty()) put_off.schedule();
    story += 'h';
  });
  const auto timer = on.loop.at(on.clock(), [&] { story += 't'; });
  on.loop.post([&] { story += 'p'; });
  far.write_some("x");
  on.loop.run_once();
  CHECK(story == "hptd");
}

TEMPLATE_TEST_CASE("what is posted runs once, in order, and may post more for a later turn", "",
                   OWN_LOOPS) {
  TestType on;
  std::string story;
  on.loop.post([&] {
    story += 'a';
    on.loop.post([&] { story += 'c'; });
  });
  on.loop.post([&] { story += 'b'; });
  CHECK(story.empty());
  on.loop.run_once();
  CHECK(story == "ab");
  on.loop.run_once();
  CHECK(story == "abc");
  run_turns(on, 3);
  CHECK(story == "abc");
}

TEMPLATE_TEST_CASE("other threads may post and stop, and nothing is lost", "", OWN_LOOPS) {
  TestType on;
  constexpr int threads = 4;
  constexpr int posts = 2'000;
  std::vector<int> last(threads, -1);
  int out_of_order = 0;
  int ran = 0;
  std::atomic<int> finished = 0;
  std::vector<std::thread> posters;
  for (std::size_t who = 0; who < threads; ++who) {
    posters.emplace_back([&, who] {
      for (int i = 0; i < posts; ++i) {
        on.loop.post([&, who, i] {
          ++ran;
          if (std::exchange(last[who], i) != i - 1) ++out_of_order;
        });
      }
      if (++finished == threads) on.loop.stop();
    });
  }
  on.loop.run();
  for (auto& poster : posters) poster.join();
  CHECK(ran == threads * posts);
  CHECK(out_of_order == 0);
}

TEMPLATE_TEST_CASE("a stop that comes before the loop runs is not lost", "", OWN_LOOPS) {
  TestType on;
  on.loop.stop();
  on.loop.run();
  SUCCEED("it returned");
}

TEMPLATE_TEST_CASE("a turn waits no longer than the earliest timer", "", OWN_LOOPS) {
  TestType on;
  int calls = 0;
  const auto timer = on.loop.at(on.clock(), [&] { ++calls; });
  on.loop.run_once(10min);
  CHECK(calls == 1);
  const auto soon = on.loop.at(on.clock() + 1us, [&] { ++calls; });
  on.loop.run_once(10min);
  INFO("the clock stands still: it waited for the moment, and found that it had not come");
  CHECK(calls == 1);
}

TEST_CASE("a loop without a word about clocks goes by the steady one") {
  reactor loop;
  bool called = false;
  const auto timer = loop.at(loop.now() + 1ms, [&] { called = true; });
  for (int turn = 0; turn < 1'000 && !called; ++turn) loop.run_once();
  CHECK(called);
}

TEMPLATE_TEST_CASE("a signal in the middle of a wait only ends the turn", "", OWN_LOOPS) {
  static std::atomic<int> caught;
  caught = 0;
  const support::caught_signal usr1(SIGUSR1, [](int) { ++caught; });
  TestType on;
  std::atomic<bool> returned = false;
  std::thread interrupter([running = ::pthread_self(), &returned] {
    while (!returned) {
      ::pthread_kill(running, SIGUSR1);
      std::this_thread::yield();
    }
  });
  on.loop.run_once(10min);
  returned = true;
  interrupter.join();
  CHECK(caught > 0);
}

TEMPLATE_TEST_CASE("a loop hears signals between two calls", "", OWN_LOOPS) {
  TestType on;
  jalon::signal_set signals{SIGUSR1};
  std::vector<int> heard;
  const auto watch = on.loop.watch(
      signals.fd(), io_events::read,
      [&](io_events) {
        while (const auto number = signals.next()) heard.push_back(*number);
      },
      "signals");
  on.loop.post([&] {
    ::raise(SIGUSR1);
    CHECK(heard.empty());
  });
  CHECK(run_until(on, [&] { return heard == std::vector{SIGUSR1}; }));
}

TEMPLATE_TEST_CASE("watches are counted, the loop's own is not", "", OWN_LOOPS) {
  TestType on;
  CHECK(on.loop.watches() == 0);
  auto [near, far] = stream_socket::pair();
  {
    const auto one = on.loop.watch(near.fd(), io_events::read, [](io_events) {});
    const auto two = on.loop.watch(far.fd(), io_events::none, [](io_events) {});
    CHECK(on.loop.watches() == 2);
  }
  CHECK(on.loop.watches() == 0);
}

TEMPLATE_TEST_CASE("a watch may hold another, which goes with it", "", OWN_LOOPS) {
  TestType on;
  auto [near, far] = stream_socket::pair();
  auto inner = std::make_shared<reactor::watch_type>(
      on.loop.watch(far.fd(), io_events::read, [](io_events) {}));
  reactor::watch_type outer;
  outer = on.loop.watch(near.fd(), io_events::write,
                        [held = std::move(inner), &outer](io_events) { outer.drop(); });
  run_turns(on, 3);
  CHECK(on.loop.watches() == 0);
}

TEST_CASE("a descriptor that cannot be watched is an error, and leaves nothing behind") {
  const int not_open = 1'000'000;
#ifdef __linux__
  reactor loop{jalon::epoll_poller{}};
  CHECK_THROWS_AS(loop.watch(not_open, io_events::read, [](io_events) {}), std::system_error);
  CHECK(loop.watches() == 0);
#endif
}

TEMPLATE_TEST_CASE("a trace tells what each turn asks for, and what comes", "", OWN_LOOPS) {
  TestType on;
  auto [near, far] = stream_socket::pair();
  std::vector<std::string> lines;
  const auto tells = [&](const std::string& words) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(words) != line.npos; });
  };
  const std::string number = std::to_string(near.fd());
  CHECK_FALSE(on.loop.trace());
  on.loop.set_trace([&](std::string_view line) { lines.emplace_back(line); });
  CHECK(on.loop.trace());

  auto watch = on.loop.watch(
      near.fd(), io_events::read | io_events::write, [](io_events) {}, "the near end");
  on.loop.run_once(0ms);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("turn 1 asks for "));
  CHECK(tells(" " + number + ":rw"));
  CHECK(lines[1] == "  ready " + number + ":w, the near end");

  lines.clear();
  watch.set_interest(io_events::none);
  on.loop.run_once(0ms);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("turn 2 asks for "));
  CHECK(lines[0].ends_with(" " + number + ":"));

  lines.clear();
  on.loop.set_trace({});
  on.loop.run_once(0ms);
  CHECK(lines.empty());
}

}  // namespace
