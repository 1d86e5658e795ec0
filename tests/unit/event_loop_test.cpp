// What every loop does for those who run on it: one suite, all loops.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <jalon/event_loop.hpp>
#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"

using jalon::deferred;
using jalon::io_events;
using jalon::stream_socket;
using support::run_turns;
using support::run_until;
using namespace std::chrono_literals;

namespace {

// Two ends of a stream, one of which is watched.
struct wire {
  std::pair<stream_socket, stream_socket> ends = stream_socket::pair();
  stream_socket& near = ends.first;
  stream_socket& far = ends.second;

  std::string take() {
    std::array<char, 256> room;
    return {room.data(), near.read_some(room).bytes};
  }
};

TEMPLATE_TEST_CASE("a handler is called when its descriptor is ready, and not before", "",
                   ALL_LOOPS) {
  TestType on;
  wire w;
  std::string got;
  const auto watch = on.loop.watch(w.near.fd(), io_events::read, [&](io_events what) {
    CHECK(what == io_events::read);
    got += w.take();
  });
  run_turns(on, 3);
  CHECK(got.empty());
  w.far.write_some("hello");
  CHECK(run_until(on, [&] { return got == "hello"; }));
}

TEMPLATE_TEST_CASE("a handler that leaves something is called again in the next turn", "",
                   ALL_LOOPS) {
  TestType on;
  wire w;
  int calls = 0;
  const auto watch = on.loop.watch(w.near.fd(), io_events::read, [&](io_events) { ++calls; });
  w.far.write_some("never read");
  REQUIRE(run_until(on, [&] { return calls >= 5; }));
}

TEMPLATE_TEST_CASE("what is wanted can be changed at any time", "", ALL_LOOPS) {
  TestType on;
  wire w;
  int reads = 0;
  int writes = 0;
  auto watch = on.loop.watch(w.near.fd(), io_events::none, [&](io_events what) {
    reads += has(what, io_events::read) ? 1 : 0;
    writes += has(what, io_events::write) ? 1 : 0;
  });
  w.far.write_some("x");
  run_turns(on, 5);
  CHECK(reads + writes == 0);

  watch.set_interest(io_events::read);
  REQUIRE(run_until(on, [&] { return reads >= 3; }));
  CHECK(writes == 0);

  watch.set_interest(io_events::write);
  run_turns(on, 1);  // what is under way for reading may still come in this turn
  reads = 0;
  REQUIRE(run_until(on, [&] { return writes >= 3; }));
  CHECK(reads == 0);

  watch.set_interest(io_events::none);
  const int before = writes;
  run_turns(on, 5);
  CHECK(writes == before);
}

TEMPLATE_TEST_CASE("a watch that is dropped, moved over or out of scope calls nobody", "",
                   ALL_LOOPS) {
  TestType on;
  wire w;
  w.far.write_some("x");
  int old_calls = 0;
  int new_calls = 0;
  auto watch = on.loop.watch(w.near.fd(), io_events::read, [&](io_events) { ++old_calls; });
  SECTION("dropped") {
    watch.drop();
    watch.drop();
    run_turns(on, 5);
  }
  SECTION("moved over") {
    wire other;
    other.far.write_some("y");
    watch = on.loop.watch(other.near.fd(), io_events::read, [&](io_events) { ++new_calls; });
    CHECK(run_until(on, [&] { return new_calls > 0; }));
    watch = {};
  }
  SECTION("out of scope") {
    { const auto gone = std::move(watch); }
    run_turns(on, 5);
  }
  CHECK(old_calls == 0);
}

TEMPLATE_TEST_CASE("what is no descriptor is not watched, and others are as before", "",
                   ALL_LOOPS) {
  const io_events wanted = GENERATE(io_events::none, io_events::read, io_events::write);
  TestType on;
  wire w;
  std::string got;
  const auto watch =
      on.loop.watch(w.near.fd(), io_events::read, [&](io_events) { got += w.take(); });
  wire closed;
  const int number = closed.near.fd();
  closed.near = {};
  for (const int fd : {-1, -100, std::numeric_limits<int>::min(), stream_socket().fd(), number,
                       std::numeric_limits<int>::max()}) {
    CAPTURE(fd);
    try {
      const auto none = on.loop.watch(fd, wanted, [](io_events) {});
      FAIL("it is watched");
    } catch (const std::system_error& thrown) {
      CHECK(thrown.code().value() == EBADF);
    }
  }
  CHECK_THROWS_AS((void)on.loop.watch(w.near.fd(), wanted, [](io_events) {}), std::system_error);
  w.far.write_some("hello");
  CHECK(run_until(on, [&] { return got == "hello"; }));
}

TEMPLATE_TEST_CASE("the interest of a watch that has ended may be set, and means nothing", "",
                   ALL_LOOPS) {
  TestType on;
  wire w;
  w.far.write_some("x");
  int calls = 0;
  auto dropped = on.loop.watch(w.near.fd(), io_events::none, [&](io_events) { ++calls; });
  dropped.drop();
  run_turns(on, 1);
  dropped.set_interest(io_events::read);
  typename TestType::loop_type::watch_type never;
  never.set_interest(io_events::read);
  auto moved_from = on.loop.watch(w.near.fd(), io_events::none, [&](io_events) { ++calls; });
  const auto taken = std::move(moved_from);
  moved_from.set_interest(io_events::read);  // NOLINT(bugprone-use-after-move): it may be called
  run_turns(on, 3);
  CHECK(calls == 0);
}

TEMPLATE_TEST_CASE("a handler may drop its own watch, and what it holds lives to its end", "",
                   ALL_LOOPS) {
  TestType on;
  wire w;
  w.far.write_some("x");
  typename TestType::loop_type::watch_type watch;
  std::vector<std::string> seen;
  watch = on.loop.watch(w.near.fd(), io_events::read,
                        [&, word = std::string("a text that the handler holds")](io_events) {
                          watch.drop();
                          seen.push_back(word);
                        });
  REQUIRE(run_until(on, [&] { return !seen.empty(); }));
  run_turns(on, 5);
  CHECK(seen == std::vector<std::string>{"a text that the handler holds"});
}

TEMPLATE_TEST_CASE("a handler may drop a watch that is ready in the same turn", "", ALL_LOOPS) {
  TestType on;
  wire first;
  wire second;
  int calls = 0;
  typename TestType::loop_type::watch_type first_watch;
  typename TestType::loop_type::watch_type second_watch;
  // Whichever comes first drops both.
  const auto drop_both = [&](io_events) {
    ++calls;
    first_watch.drop();
    second_watch.drop();
  };
  first_watch = on.loop.watch(first.near.fd(), io_events::read, drop_both);
  second_watch = on.loop.watch(second.near.fd(), io_events::read, drop_both);
  first.far.write_some("x");
  second.far.write_some("x");
  REQUIRE(run_until(on, [&] { return calls > 0; }));
  run_turns(on, 5);
  CHECK(calls == 1);
}

TEMPLATE_TEST_CASE("a number that is used again in the same turn is not taken for the old one", "",
                   ALL_LOOPS) {
  TestType on;
  wire first;
  wire second;
  bool replaced = false;
  int old_calls = 0;
  std::string got_by_stranger;
  std::optional<wire> stranger;
  typename TestType::loop_type::watch_type first_watch;
  typename TestType::loop_type::watch_type second_watch;
  typename TestType::loop_type::watch_type stranger_watch;

  // Whichever comes first closes the other and watches a new one that has its number.
  const auto replace = [&](wire& other, auto& other_watch) {
    if (std::exchange(replaced, true)) return;
    const int number = other.near.fd();
    other_watch.drop();
    other.near = {};
    stranger.emplace();
    REQUIRE(stranger->near.fd() == number);
    stranger_watch = on.loop.watch(
        number, io_events::read, [&](io_events) { got_by_stranger += stranger->take(); },
        "stranger");
  };
  first_watch = on.loop.watch(first.near.fd(), io_events::read, [&](io_events) {
    first.take();
    ++old_calls;
    replace(second, second_watch);
  });
  second_watch = on.loop.watch(second.near.fd(), io_events::read, [&](io_events) {
    second.take();
    ++old_calls;
    replace(first, first_watch);
  });
  first.far.write_some("x");
  second.far.write_some("x");
  REQUIRE(run_until(on, [&] { return replaced; }));
  run_turns(on, 5);
  CHECK(got_by_stranger.empty());
  CHECK(old_calls == 1);

  stranger->far.write_some("for the stranger");
  CHECK(run_until(on, [&] { return got_by_stranger == "for the stranger"; }));
  CHECK(old_calls == 1);
}

TEMPLATE_TEST_CASE("a handler may add watches, which are called in their turn", "", ALL_LOOPS) {
  TestType on;
  wire first;
  wire second;
  first.far.write_some("x");
  second.far.write_some("y");
  std::string got;
  typename TestType::loop_type::watch_type added;
  const auto watch = on.loop.watch(first.near.fd(), io_events::read, [&](io_events) {
    got += first.take();
    added =
        on.loop.watch(second.near.fd(), io_events::read, [&](io_events) { got += second.take(); });
  });
  CHECK(run_until(on, [&] { return got == "xy"; }));
}

TEMPLATE_TEST_CASE("a handler may end a hundred watches that are ready, its own among them", "",
                   ALL_LOOPS) {
  TestType on;
  std::vector<wire> wires(100);
  std::vector<typename TestType::loop_type::watch_type> watches;
  int calls = 0;
  for (auto& w : wires) {
    w.far.write_some("x");
    watches.push_back(on.loop.watch(w.near.fd(), io_events::read, [&](io_events) {
      ++calls;
      watches.clear();
    }));
  }
  REQUIRE(run_until(on, [&] { return calls > 0; }));
  run_turns(on, 3);
  CHECK(calls == 1);
}

TEMPLATE_TEST_CASE("a connection that breaks reaches who waits, whatever for", "", ALL_LOOPS) {
  const io_events wanted = GENERATE(io_events::read, io_events::write);
  TestType on;
  auto ends = support::tcp_pair();
  // So full that it is not writable before it breaks.
  ends.first.set_buffers(4'096, 4'096);
  const std::string much(1 << 20, 'x');
  for (int i = 0; i < 100 && ends.first.write_some(much).bytes > 0; ++i) {
  }
  bool called = false;
  auto watch = on.loop.watch(ends.first.fd(), wanted, [&](io_events what) {
    called = true;
    CHECK(has(what, wanted));
  });
  run_turns(on, 3);
  CHECK_FALSE(called);
  support::peer(std::move(ends.second)).reset();
  CHECK(run_until(on, [&] { return called; }));
}

TEMPLATE_TEST_CASE("the end of a pipe, which is a mere hang-up, reaches who reads it", "",
                   ALL_LOOPS) {
  TestType on;
  auto pipe = jalon::make_pipe();
  bool called = false;
  const auto watch = on.loop.watch(pipe.read.get(), io_events::read, [&](io_events what) {
    called = true;
    CHECK(what == io_events::read);
  });
  run_turns(on, 3);
  CHECK_FALSE(called);
  pipe.write.reset();
  CHECK(run_until(on, [&] { return called; }));
}

TEMPLATE_TEST_CASE("a timer is called when the loop's time has come, once", "", ALL_LOOPS) {
  TestType on;
  int calls = 0;
  const auto timer = on.loop.at(on.clock() + 10s, [&] { ++calls; });
  run_turns(on, 3);
  CHECK(calls == 0);
  on.clock.advance(9'999ms);
  run_turns(on, 3);
  CHECK(calls == 0);
  on.clock.advance(1ms);
  run_turns(on, 3);
  CHECK(calls == 1);
}

TEMPLATE_TEST_CASE("a timer that is dropped is not called, its time may come", "", ALL_LOOPS) {
  TestType on;
  int calls = 0;
  auto timer = on.loop.at(on.clock() + 1s, [&] { ++calls; });
  timer = {};
  on.clock.advance(2s);
  run_turns(on, 3);
  CHECK(calls == 0);
}

TEMPLATE_TEST_CASE("a loop runs until it is stopped, and can be run again", "", ALL_LOOPS) {
  TestType on;
  for (int round = 0; round < 3; ++round) {
    bool called = false;
    const auto timer = on.loop.at(on.clock(), [&] {
      called = true;
      on.loop.stop();
    });
    on.loop.run();
    CHECK(called);
  }
}

// Runs the loop. @return in how many turns it stopped; a hundred at most, then it is stopped
template <class On>
int turns_to_stop(On& on) {
  int turns = 0;
  std::optional<deferred> count;
  count.emplace(on.loop.deferrals(), [&] {
    if (++turns == 100) on.loop.stop();
    if (turns < 100) count->schedule();
  });
  count->schedule();
  on.loop.run();
  return turns;
}

TEMPLATE_TEST_CASE("a stop is kept when something throws in its turn", "", ALL_LOOPS) {
  TestType on;
  deferred thrower(on.loop.deferrals(), [] { throw std::runtime_error("a function"); });
  on.loop.post([&] { thrower.schedule(); });
  on.loop.stop();
  CHECK_THROWS_AS(on.loop.run(), std::runtime_error);
  CHECK(turns_to_stop(on) < 3);
  CHECK(turns_to_stop(on) >= 100);  // one stop is for one run
}

TEMPLATE_TEST_CASE("a stop is kept when what was posted beside it throws", "", ALL_LOOPS) {
  TestType on;
  int thrown = 0;
  on.loop.post([&] {
    on.loop.stop();
    on.loop.post([] { throw std::runtime_error("a function"); });
  });
  int turns = 0;
  // It may be that the loop stops before, and what is posted is for the next run.
  for (int i = 0; i < 2 && thrown == 0; ++i) {
    try {
      turns = turns_to_stop(on);
    } catch (const std::runtime_error&) {
      ++thrown;
      turns = turns_to_stop(on);
    }
    if (i == 0) CHECK(turns < 5);
  }
  CHECK(thrown == 1);
}

TEMPLATE_TEST_CASE("a run that a handler calls is refused, and takes no stop away", "", ALL_LOOPS) {
  TestType on;
  on.loop.stop();
  on.loop.post([&] {
    CHECK_THROWS_AS(on.loop.run(), std::logic_error);
    CHECK_THROWS_AS(on.loop.run_once(0ms), std::logic_error);
  });
  CHECK(turns_to_stop(on) < 3);
}

TEMPLATE_TEST_CASE("a single turn takes no stop away", "", ALL_LOOPS) {
  TestType on;
  on.loop.stop();
  run_turns(on, 2);
  CHECK(turns_to_stop(on) < 3);
  CHECK(turns_to_stop(on) >= 100);
}

TEMPLATE_TEST_CASE("what is due is handled also if the loop was stopped before", "", ALL_LOOPS) {
  TestType on;
  wire w;
  std::string got;
  const auto watch =
      on.loop.watch(w.near.fd(), io_events::read, [&](io_events) { got += w.take(); });
  w.far.write_some("x");
  run_turns(on, 1);  // Asio looks at a descriptor for the first time
  on.loop.stop();
  run_turns(on, 2);
  w.far.write_some("y");
  on.loop.run();
  run_turns(on, 1);
  CHECK(got == "xy");
}

TEMPLATE_TEST_CASE("a child process that destroys its copy leaves the parent's watches", "",
                   ALL_LOOPS) {
  auto on = std::make_unique<TestType>();
  wire w;
  std::string got;
  auto watch = on->loop.watch(w.near.fd(), io_events::read, [&](io_events) { got += w.take(); });
  auto timer = on->loop.at(on->clock() + 1s, [&] { got += " timer"; });
  run_turns(*on, 1);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    watch.drop();
    timer.cancel();
    on.reset();
    std::_Exit(0);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  w.far.write_some("hello");
  CHECK(run_until(*on, [&] { return got == "hello"; }));
  on->clock.advance(1s);
  CHECK(run_until(*on, [&] { return got == "hello timer"; }));
}

TEMPLATE_TEST_CASE("a timer of the first time that there is is due, one of the last never", "",
                   ALL_LOOPS) {
  TestType on;
  std::string called;
  const auto first = on.loop.at(jalon::steady_time::min(), [&] { called += 'f'; });
  const auto last = on.loop.at(jalon::steady_time::max(), [&] { called += 'l'; });
  run_turns(on, 3);
  CHECK(called == "f");
  on.loop.post([&] { called += 'p'; });
  on.loop.run_once(std::chrono::milliseconds::max());
  CHECK(called == "fp");
}

TEMPLATE_TEST_CASE("what is put off runs once, at the end of the turn", "", ALL_LOOPS) {
  TestType on;
  wire w;
  std::string story;
  deferred flush(on.loop.deferrals(), [&] { story += 'f'; });
  const auto watch = on.loop.watch(w.near.fd(), io_events::read, [&](io_events) {
    w.take();
    flush.schedule();
    flush.schedule();
    story += 'h';
  });
  w.far.write_some("x");
  REQUIRE(run_until(on, [&] { return story == "hf"; }));
  run_turns(on, 3);
  CHECK(story == "hf");
}

TEMPLATE_TEST_CASE("what is put off from outside a turn runs in the next one", "", ALL_LOOPS) {
  TestType on;
  int runs = 0;
  deferred flush(on.loop.deferrals(), [&] { ++runs; });
  flush.schedule();
  CHECK(runs == 0);
  on.loop.run_once(10min);
  CHECK(runs == 1);
}

TEMPLATE_TEST_CASE("what puts itself off again runs once a turn, in whatever stage", "",
                   ALL_LOOPS) {
  TestType on;
  int inputs = 0;
  int outputs = 0;
  std::optional<deferred> input;
  std::optional<deferred> output;
  input.emplace(
      on.loop.deferrals(),
      [&] {
        ++inputs;
        input->schedule();
        output->schedule();
      },
      jalon::deferral_stage::after_input);
  output.emplace(on.loop.deferrals(), [&] {
    ++outputs;
    on.loop.retire(std::make_unique<int>());
  });
  input->schedule();
  for (int turn = 1; turn <= 12; ++turn) {
    on.loop.run_once(10min);
    CHECK(inputs == turn);
    CHECK(outputs == turn);
  }
}

TEMPLATE_TEST_CASE("a turn that ends early has run what was put off once", "", ALL_LOOPS) {
  TestType on;
  wire w;
  int runs = 0;
  deferred flush(on.loop.deferrals(), [&] { ++runs; });
  bool throws = true;
  const auto watch = on.loop.watch(w.near.fd(), io_events::read, [&](io_events) {
    w.take();
    flush.schedule();
    if (throws) throw std::runtime_error("a handler");
  });
  w.far.write_some("x");
  CHECK_THROWS_AS(run_until(on, [] { return false; }), std::runtime_error);
  CHECK(runs == 0);
  on.loop.run_once(10min);
  CHECK(runs == 1);
  run_turns(on, 3);
  CHECK(runs == 1);
}

TEST_CASE("what puts itself off again waits for the next turn") {
  jalon::deferral_queue queue;
  int runs = 0;
  std::optional<deferred> again;
  again.emplace(queue, [&] {
    ++runs;
    again->schedule();
  });
  again->schedule();
  for (int turn = 1; turn <= 3; ++turn) {
    queue.run();
    CHECK(runs == turn);
    CHECK_FALSE(queue.empty());
  }
}

TEST_CASE("what is destroyed is not called, whether it waits or its turn is running") {
  jalon::deferral_queue queue;
  std::string story;
  std::optional<deferred> victim(std::in_place, queue, [&] { story += 'v'; });
  std::optional<deferred> killer(std::in_place, queue, [&] {
    story += 'k';
    victim.reset();
  });
  deferred last(queue, [&] { story += 'l'; });

  SECTION("while it waits") {
    victim->schedule();
    last.schedule();
    victim.reset();
    queue.run();
    CHECK(story == "l");
  }
  SECTION("by another that runs in the same turn") {
    killer->schedule();
    victim->schedule();
    last.schedule();
    queue.run();
    CHECK(story == "kl");
  }
}

TEST_CASE("a queue of what is put off wakes its loop for the first of them alone") {
  int wakes = 0;
  jalon::deferral_queue queue([&] { ++wakes; });
  deferred first(queue, [] {});
  deferred second(queue, [] {});
  first.schedule();
  second.schedule();
  CHECK(wakes == 1);
  queue.run();
  second.schedule();
  CHECK(wakes == 2);
}

}  // namespace
