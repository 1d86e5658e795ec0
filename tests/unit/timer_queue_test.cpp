// What is due at which time, told to the queue.
#include <chrono>
#include <ratio>
#include <string>
#include <vector>

#include <jalon/timer_queue.hpp>

#include "catch.hpp"

using jalon::steady_time;
using jalon::timer_queue;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start{1h};

// Timers that write their names down when they are called.
struct called_timers {
  timer_queue queue = {};
  std::string called = {};

  [[nodiscard]] timer_queue::timer add(steady_time when, char name) {
    return queue.add(when, [this, name] { called += name; });
  }
};

TEST_CASE("a time after a wait is never beyond the first or the last") {
  using jalon::time_after;
  constexpr auto first = steady_time::min();
  constexpr auto last = steady_time::max();
  constexpr steady_time now = start + 30 * 24h;
  for (const steady_time from : {first, steady_time{}, now, last}) {
    CHECK(time_after(from, 0s) == from);
    CHECK(time_after(from, std::chrono::hours::max()) == last);
    CHECK(time_after(from, std::chrono::hours::min()) == first);
    CHECK(time_after(from, std::chrono::duration<double>(1e300)) == last);
    CHECK(time_after(from, std::chrono::duration<float>(-1e30F)) == first);
  }
  CHECK(time_after(now, std::chrono::milliseconds::min()) == first);
  CHECK(time_after(now, std::chrono::milliseconds::max()) == last);
  CHECK(time_after(last, 1ns) == last);
  CHECK(time_after(first, -1ns) == first);
  CHECK(time_after(now, -2h) == now - 2h);
  INFO("types that are too narrow for the time that is left, and odd units");
  CHECK(time_after(now, std::chrono::duration<int, std::milli>(5)) == now + 5ms);
  CHECK(time_after(now, std::chrono::duration<short>(5)) == now + 5s);
  CHECK(time_after(now, std::chrono::duration<signed char, std::ratio<3600>>(-5)) == now - 5h);
  CHECK(time_after(now, std::chrono::duration<double>(0.5)) == now + 500ms);
  CHECK(time_after(now, std::chrono::duration<long, std::ratio<1, 3>>(6)) == now + 2s);
  CHECK(time_after(now, std::chrono::duration<long, std::pico>(7'000)) == now + 7ns);
}

TEST_CASE("the time until another is never beyond what a duration can be") {
  using jalon::time_until;
  using limit = steady_time::duration;
  constexpr auto first = steady_time::min();
  constexpr auto last = steady_time::max();
  CHECK(time_until(start, start + 1s) == -1s);
  CHECK(time_until(start + 1s, start) == 1s);
  CHECK(time_until(last, first) == limit::max());
  CHECK(time_until(first, last) == limit::min());
  CHECK(time_until(first, start) == limit::min());
  CHECK(time_until(last, steady_time{} - 1ns) == limit::max());
  CHECK(time_until(first, first) == 0s);
  CHECK(time_until(start, first) == limit::max());
  CHECK(time_until(last, last) == 0s);
}

TEST_CASE("what is due is called, the earliest first, and once") {
  called_timers s;
  const auto c = s.add(start + 3s, 'c');
  const auto a = s.add(start + 1s, 'a');
  const auto b = s.add(start + 2s, 'b');
  CHECK(s.queue.next() == start + 1s);

  CHECK(s.queue.expire(start) == 0);
  CHECK(s.queue.expire(start + 2s) == 2);
  CHECK(s.called == "ab");
  CHECK(s.queue.next() == start + 3s);
  CHECK(s.queue.expire(start + 1h) == 1);
  CHECK(s.called == "abc");
  CHECK(s.queue.expire(start + 2h) == 0);
  CHECK_FALSE(s.queue.next());
}

TEST_CASE("what is due at one time is called in the order in which it was added") {
  called_timers s;
  const auto a = s.add(start, 'a');
  const auto b = s.add(start, 'b');
  const auto c = s.add(start, 'c');
  s.queue.expire(start);
  CHECK(s.called == "abc");
}

TEST_CASE("a timer that is dropped, cancelled or replaced is not called") {
  called_timers s;
  { const auto dropped = s.add(start, 'd'); }
  auto cancelled = s.add(start, 'c');
  cancelled.cancel();
  cancelled.cancel();
  auto kept = s.add(start, 'r');
  kept = s.add(start, 'k');
  s.queue.expire(start);
  CHECK(s.called == "k");
}

TEST_CASE("a timer that was moved is called once, and held by its new owner") {
  called_timers s;
  auto first = s.add(start, 'm');
  timer_queue::timer second(std::move(first));
  first.cancel();  // NOLINT(bugprone-use-after-move): it holds nothing, and does nothing
  SECTION("called") {
    s.queue.expire(start);
    CHECK(s.called == "m");
  }
  SECTION("cancelled") {
    second.cancel();
    s.queue.expire(start);
    CHECK(s.called.empty());
  }
  SECTION("moved to itself") {
    auto& same = second;
    second = std::move(same);
    s.queue.expire(start);
    CHECK(s.called == "m");
  }
}

TEST_CASE("a timer that renews itself at once is called once at a time") {
  timer_queue queue;
  timer_queue::timer timer;
  int called = 0;
  std::function<void()> again = [&] {
    ++called;
    timer = queue.add(start, again);
  };
  again();
  for (int turn = 2; turn < 5; ++turn) {
    CHECK(queue.expire(start) == 1);
    CHECK(called == turn);
  }
}

TEST_CASE("what a callback adds for a time that is over waits for the next call") {
  called_timers timers;
  std::vector<timer_queue::timer> held;
  held.push_back(timers.queue.add(start, [&] {
    held.push_back(timers.add(start - 1s, 'a'));
    held.push_back(timers.add(start + 1s, 'b'));
  }));
  held.push_back(timers.add(start + 2s, 'c'));
  CHECK(timers.queue.expire(start + 3s) == 2);
  CHECK(timers.called == "c");
  CHECK(timers.queue.expire(start + 3s) == 2);
  CHECK(timers.called == "cab");
}

TEST_CASE("a callback may cancel another that is due, and its own timer") {
  called_timers s;
  timer_queue::timer own;
  timer_queue::timer other;
  own = s.queue.add(start, [&] {
    s.called += 'o';
    own.cancel();
    other.cancel();
  });
  other = s.add(start, 'x');
  const auto last = s.add(start, 'l');
  CHECK(s.queue.expire(start) == 2);
  CHECK(s.called == "ol");
}

TEST_CASE("what a callback holds lives as long as it runs, though its timer goes") {
  timer_queue queue;
  auto timer = std::make_unique<timer_queue::timer>();
  const auto word = std::make_shared<std::string>("still here");
  std::string seen;
  *timer = queue.add(start, [&timer, &seen, word] {
    timer.reset();
    seen = *word;
  });
  queue.expire(start);
  CHECK(seen == "still here");
}

TEST_CASE("a timer at the end of all times is never due") {
  called_timers s;
  const auto never = s.add(steady_time::max(), 'n');
  CHECK(s.queue.expire(start + 10'000h) == 0);
  CHECK(s.queue.next() == steady_time::max());
}

}  // namespace
