// What a handler that throws means: the exception leaves the loop's run, every object stays valid,
// and what was not done yet is done in a later turn.
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <jalon/acceptor.hpp>
#include <jalon/server.hpp>

#include "catch.hpp"
#include "support/handler.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"
#include "support/server_scene.hpp"

using jalon::actions;
using jalon::deferral_stage;
using jalon::deferred;
using jalon::io_events;
using support::peer;
using support::run_turns;
using support::run_until;
using support::server_scene;
using namespace std::chrono_literals;

namespace {

using story = std::vector<std::string>;

struct mistake : std::runtime_error {
  mistake() : std::runtime_error("a handler's mistake") {}
};

// Runs turns until one throws. @return whether one did
template <class On>
[[nodiscard]] bool throws_once(On& on) {
  try {
    static_cast<void>(run_until(on, [] { return false; }));
  } catch (const mistake&) {
    return true;
  }
  return false;
}

// Throws when it is called for the first time.
struct throw_once {
  bool thrown = false;
  void operator()() {
    if (!std::exchange(thrown, true)) throw mistake();
  }
};

TEMPLATE_TEST_CASE("a watch whose handler throws goes on watching", "", ALL_LOOPS) {
  TestType on;
  auto [near, far] = jalon::stream_socket::pair();
  throw_once trouble;
  int calls = 0;
  const auto watch = on.loop.watch(near.fd(), io_events::read, [&](io_events) {
    ++calls;
    trouble();
  });
  far.write_some("x");
  REQUIRE(throws_once(on));
  CHECK(run_until(on, [&] { return calls >= 3; }));
}

TEMPLATE_TEST_CASE("other watches that are ready are called after one that throws", "", ALL_LOOPS) {
  TestType on;
  auto [near, far] = jalon::stream_socket::pair();
  auto [other, other_far] = jalon::stream_socket::pair();
  throw_once trouble;
  int calls = 0;
  const auto call = [&](io_events) {
    ++calls;
    trouble();
  };
  const auto watch = on.loop.watch(near.fd(), io_events::read, call);
  const auto other_watch = on.loop.watch(other.fd(), io_events::read, call);
  far.write_some("x");
  other_far.write_some("x");
  REQUIRE(throws_once(on));
  CHECK(run_until(on, [&] { return calls >= 4; }));
}

TEMPLATE_TEST_CASE("timers that are due behind one that throws are called", "", ALL_LOOPS) {
  TestType on;
  std::string told;
  const auto first = on.loop.at(on.clock(), [&] {
    told += '1';
    throw mistake();
  });
  const auto second = on.loop.at(on.clock(), [&] { told += '2'; });
  REQUIRE(throws_once(on));
  CHECK(run_until(on, [&] { return told == "12"; }));
  run_turns(on, 3);
  CHECK(told == "12");
}

TEMPLATE_TEST_CASE("posted functions behind one that throws are called, stop among them", "",
                   ALL_LOOPS) {
  TestType on;
  std::string told;
  on.loop.post([&] { told += '1'; });
  on.loop.post([] { throw mistake(); });
  on.loop.post([&] { told += '2'; });
  on.loop.post([&] {
    told += '3';
    on.loop.stop();
  });
  CHECK_THROWS_AS(on.loop.run(), mistake);
  CHECK(told == "1");
  on.loop.run();
  CHECK(told == "123");
}

TEMPLATE_TEST_CASE("deferred functions behind one that throws are called in the next turn", "",
                   ALL_LOOPS) {
  const auto stage = GENERATE(deferral_stage::after_input, deferral_stage::output);
  TestType on;
  std::string told;
  deferred first(
      on.loop.deferrals(), [&] { told += '1'; }, stage);
  deferred wrong(
      on.loop.deferrals(), [] { throw mistake(); }, stage);
  deferred last(
      on.loop.deferrals(), [&] { told += '2'; }, stage);
  first.schedule();
  wrong.schedule();
  last.schedule();
  REQUIRE(throws_once(on));
  CHECK(told == "1");
  CHECK(run_until(on, [&] { return told == "12"; }));
  first.schedule();
  CHECK(run_until(on, [&] { return told == "121"; }));
}

TEMPLATE_TEST_CASE("a deferred function that waits behind one that threw may be destroyed", "",
                   ALL_LOOPS) {
  TestType on;
  bool called = false;
  deferred wrong(on.loop.deferrals(), [] { throw mistake(); });
  auto last = std::make_unique<deferred>(on.loop.deferrals(), [&] { called = true; });
  wrong.schedule();
  last->schedule();
  REQUIRE(throws_once(on));
  last.reset();
  run_turns(on, 3);
  CHECK_FALSE(called);
}

TEMPLATE_TEST_CASE("a loop may be destroyed with deferred functions that an exception left", "",
                   ALL_LOOPS) {
  auto on = std::make_unique<TestType>();
  auto wrong = std::make_unique<deferred>(on->loop.deferrals(), [] { throw mistake(); });
  auto last = std::make_unique<deferred>(on->loop.deferrals(), [] {});
  wrong->schedule();
  last->schedule();
  REQUIRE(throws_once(*on));
  wrong.reset();
  last.reset();
  on.reset();
}

TEMPLATE_TEST_CASE("what is retired is destroyed after the turn, also if a handler threw", "",
                   ALL_LOOPS) {
  struct witness {
    bool* gone;
    ~witness() { *gone = true; }
  };
  TestType on;
  bool gone = false;
  bool alive_in_turn = false;
  const auto timer = on.loop.at(on.clock(), [&] {
    on.loop.retire(std::unique_ptr<witness>(new witness{&gone}));
    alive_in_turn = !gone;
    throw mistake();
  });
  REQUIRE(throws_once(on));
  CHECK(alive_in_turn);
  CHECK(run_until(on, [&] { return gone; }));
}

TEMPLATE_TEST_CASE("what is retired may hold a watch of the loop, and go with the loop", "",
                   ALL_LOOPS) {
  auto ends = jalon::stream_socket::pair();
  TestType on;
  using watch_type = typename TestType::loop_type::watch_type;
  auto watch = std::make_unique<watch_type>(
      on.loop.watch(ends.first.fd(), io_events::read, [](io_events) {}));
  on.loop.retire(std::move(watch));
}

// A connection with a handler that throws once.
template <class On>
struct throwing_scene : On {
  std::pair<jalon::stream_socket, jalon::stream_socket> ends = support::tcp_pair();
  support::function_handler handler;
  jalon::connection<typename On::loop_type> link{this->loop, std::move(ends.first), handler};
  peer other{std::move(ends.second)};
  throw_once trouble;
  story told;
};

TEMPLATE_TEST_CASE("frames behind one whose handler throws are delivered", "", ALL_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_received = [&](const jalon::frame& frame) {
    s.told.emplace_back(frame.payload);
    if (frame.payload == "two") s.trouble();
  };
  s.other.send("one\ntwo\nthree\nfour");
  REQUIRE(throws_once(s));
  CHECK(s.told == story{"one", "two"});
  CHECK(run_until(s, [&] { return s.told == story{"one", "two", "three"}; }));
  s.other.send(" and more\n");
  CHECK(run_until(s, [&] { return s.told.back() == "four and more"; }));
}

TEMPLATE_TEST_CASE("a connection whose handler throws after a read goes on", "", ALL_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_received = [&](const jalon::frame& frame) { s.told.emplace_back(frame.payload); };
  s.handler.on_delivered = [&] { s.trouble(); };
  s.other.send("one\n");
  REQUIRE(throws_once(s));
  s.other.send("two\n");
  CHECK(run_until(s, [&] { return s.told == story{"one", "two"}; }));
}

TEMPLATE_TEST_CASE("a connection whose handler throws at the end of the input can still send", "",
                   ALL_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_ended = [&](std::error_code) { s.trouble(); };
  s.other.end_output();
  REQUIRE(throws_once(s));
  CHECK(s.link.phase() == jalon::connection_phase::half_closed_remote);
  s.link.send("an answer");
  s.link.close();
  CHECK(run_until(s, [&] { return s.other.gone(); }));
  CHECK(s.other.received() == "an answer\n");
}

TEMPLATE_TEST_CASE("a connection whose handler throws at the end of the input does not spin", "",
                   OWN_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_ended = [&](std::error_code) { s.trouble(); };
  s.other.end_output();
  REQUIRE(throws_once(s));
  // A descriptor that stays ready makes each turn of the reactor say so.
  int ready = 0;
  s.loop.set_trace([&](std::string_view line) { ready += line.find(" ready ") != line.npos; });
  run_turns(s, 20);
  CHECK(ready <= 1);
}

TEMPLATE_TEST_CASE("a handler that throws when all is sent does not stop the input", "",
                   ALL_LOOPS) {
  TestType on;
  auto ends = support::tcp_pair();
  support::function_handler handler;
  jalon::connection_options options;
  options.queue = {.low_water = 10, .high_water = 100, .hard_limit = 1'000'000};
  jalon::connection<typename TestType::loop_type> link(on.loop, std::move(ends.first), handler,
                                                       options);
  peer other(std::move(ends.second));
  throw_once trouble;
  story told;
  handler.on_received = [&](const jalon::frame& frame) {
    told.emplace_back(frame.payload);
    link.send(std::string(1'000, 'x'));
  };
  handler.on_drained = [&] { trouble(); };
  other.send("one\ntwo\n");
  REQUIRE(throws_once(on));
  CHECK(run_until(on, [&] { return told == story{"one", "two"}; }));
  other.send("three\n");
  CHECK(run_until(on, [&] { return told == story{"one", "two", "three"}; }));
}

TEMPLATE_TEST_CASE("a connection that breaks is closed, though its handler throws", "", ALL_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_ended = [&](std::error_code) { throw mistake(); };
  s.handler.on_closed = [&] { s.told.emplace_back("closed"); };
  s.other.reset();
  REQUIRE(throws_once(s));
  CHECK(s.told == story{"closed"});
  CHECK(s.link.phase() == jalon::connection_phase::closed);
}

TEMPLATE_TEST_CASE("a connection whose handler throws when all is sent goes on", "", ALL_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_drained = [&] { s.trouble(); };
  s.link.send("one");
  REQUIRE(throws_once(s));
  s.link.send("two");
  CHECK(run_until(s, [&] { return s.other.received() == "one\ntwo\n"; }));
}

TEMPLATE_TEST_CASE("a connection whose handler throws when it is closed is closed", "", ALL_LOOPS) {
  throwing_scene<TestType> s;
  s.handler.on_closed = [&] { s.trouble(); };
  CHECK_THROWS_AS(s.link.abort(), mistake);
  s.link.abort();
  CHECK(s.link.phase() == jalon::connection_phase::closed);
  run_turns(s, 3);
}

TEMPLATE_TEST_CASE("an acceptor whose handler throws accepts the next connection", "", ALL_LOOPS) {
  TestType on;
  throw_once trouble;
  int taken = 0;
  jalon::acceptor<typename TestType::loop_type> door(
      on.loop, jalon::listener(jalon::endpoint::loopback(0)), {[&](jalon::accept_result) {
        ++taken;
        trouble();
      }});
  const peer first(door.local());
  const peer second(door.local());
  REQUIRE(throws_once(on));
  CHECK(run_until(on, [&] { return taken == 2; }));
}

// A service each of whose calls can be made to throw, once.
TEMPLATE_TEST_CASE("a service that throws in one call is served as before in the next", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  throw_once trouble;
  SECTION("when a client comes") {
    s.service.on_connected = [&](std::size_t, std::string_view, actions&) { trouble(); };
    peer first(s.server->local());
    REQUIRE(throws_once(s));
    first.send("hello\n");
    CHECK(s.gets(first, "hello\n"));
  }
  SECTION("when a line comes, with another behind it") {
    s.service.answer = [&](std::size_t who, std::string_view line, actions& out) {
      out.send(s.service.id_of(who), line);
      if (line == "one") trouble();
    };
    peer first = s.client();
    first.send("one\ntwo\n");
    REQUIRE(throws_once(s));
    INFO("what it asked for before it threw is done too");
    CHECK(s.gets(first, "one\ntwo\n"));
  }
  SECTION("when the input ends") {
    s.service.on_input_ended = [&](std::size_t who, std::string_view, actions& out) {
      out.close(s.service.id_of(who));
      trouble();
    };
    peer first = s.client();
    first.end_output();
    REQUIRE(throws_once(s));
    CHECK(s.until([&] { return first.ended(); }));
    CHECK(s.until([&] { return s.server->size() == 0; }));
  }
  SECTION("when a client is gone") {
    s.service.on_disconnected = [&](std::size_t, std::string_view, actions&) { trouble(); };
    peer first = s.client();
    peer second = s.client();
    first.reset();
    REQUIRE(throws_once(s));
    CHECK(s.until([&] { return s.server->size() == 1; }));
    second.send("hello\n");
    CHECK(s.gets(second, "hello\n"));
  }
  SECTION("when it closes several clients, and throws when it is told of the first") {
    s.service.answer = [&](std::size_t, std::string_view, actions& out) {
      for (const auto id : s.service.ids()) out.close(id);
    };
    s.service.on_disconnected = [&](std::size_t, std::string_view, actions&) { trouble(); };
    peer first = s.client();
    peer second = s.client();
    first.send("all out\n");
    REQUIRE(throws_once(s));
    CHECK(s.until([&] { return first.ended() && second.ended(); }));
  }
  SECTION("when its time has come") {
    s.service.answer = [&](std::size_t who, std::string_view line, actions& out) {
      out.wake_at(s.clock());
      out.send(s.service.id_of(who), line);
    };
    s.service.on_elapsed = [&](std::size_t, std::string_view, actions&) { trouble(); };
    peer first = s.client();
    first.send("one\n");
    REQUIRE(throws_once(s));
    CHECK(s.gets(first, "one\n"));
    first.send("two\n");
    CHECK(s.gets(first, "one\ntwo\n"));
  }
  SECTION("at the end of a turn") {
    peer first = s.client();
    s.service.answer = [](std::size_t, std::string_view, actions&) {};
    s.service.on_end_of_turn = [&](std::size_t, std::string_view, actions& out) {
      if (!trouble.thrown) out.send(s.service.id_of(1), "what was asked for before");
      trouble();
    };
    first.send("one\n");
    REQUIRE(throws_once(s));
    CHECK(s.gets(first, "what was asked for before\n"));
  }
}

TEMPLATE_TEST_CASE("actions that are applied from outside are all done, though a call throws", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  throw_once trouble;
  s.service.on_disconnected = [&](std::size_t, std::string_view, actions&) { trouble(); };
  peer anna = s.client();
  peer bob = s.client();
  actions kept;
  kept.close(s.service.id_of(1));
  kept.send(s.service.id_of(2), "hello");
  CHECK_THROWS_AS(s.server->apply(kept), mistake);
  CHECK(s.gets(bob, "hello\n"));
}

TEMPLATE_TEST_CASE("a server whose service throws at the last end of a turn shuts down", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  run_turns(s, 3);
  throw_once trouble;
  s.service.on_end_of_turn = [&](std::size_t, std::string_view, actions&) { trouble(); };
  bool done = false;
  CHECK_THROWS_AS(s.server->shut_down(2s, [&] { done = true; }), mistake);
  CHECK(s.until([&] { return anna.gone() && done; }));
}

TEMPLATE_TEST_CASE(
    "all recipients get a message, though one is a slow consumer and the service "
    "throws when it is told of it",
    "", ALL_LOOPS) {
  jalon::server_options options;
  options.connection.queue = {.low_water = 100, .high_water = 1'000, .hard_limit = 3'000'000};
  server_scene<TestType> s(options);
  peer slow = s.client();
  peer other = s.client();
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.id_of(1), std::string(2'900'000, 'x'));
    out.send(s.service.ids(), std::string(200'000, 'y'));
  };
  throw_once trouble;
  s.service.on_disconnected = [&](std::size_t, std::string_view, actions&) { trouble(); };
  slow.socket().set_buffers(4'096, 4'096);
  other.send("to all\n");
  REQUIRE(throws_once(s));
  CHECK(s.until([&] { return other.received().size() == 200'001; }));
}

}  // namespace
