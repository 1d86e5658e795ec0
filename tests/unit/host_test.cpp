// What a service with answers that must wait needs of its host: the end of a turn, actions that are
// kept, paused input, the end of a client's input, the loop's time. One service that uses each.
#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <jalon/length_codec.hpp>
#include <jalon/server.hpp>

#include "catch.hpp"
#include "support/server_scene.hpp"

using jalon::actions;
using jalon::connection_id;
using support::peer;
using support::run_turns;
using support::run_until;
using support::server_scene;
using namespace std::chrono_literals;

namespace {

using story = std::vector<std::string>;

// Holds each answer back until the end of the turn, as a service does that commits first.
struct committing_service final : jalon::service {
  void received(connection_id id, std::string_view line, actions&) override {
    ++handled;
    held.send(id, "done: " + std::string(line));
  }
  void input_ended(connection_id id, actions&) override { held.close(id); }
  void end_of_turn(actions& out) override {
    if (held.size() == 0) return;
    commits.push_back(handled);
    handled = 0;
    out.append(held);
    held.clear();
  }

  actions held;
  int handled = 0;
  std::vector<int> commits;  // how many lines each of them was for
};

TEMPLATE_TEST_CASE("a turn's end comes after all that was read in it, and before it is written", "",
                   OWN_LOOPS) {
  server_scene<TestType, committing_service> s;
  peer anna = s.client();
  peer bob = s.client();
  anna.send("one\ntwo\n");
  bob.send("three\n");
  CHECK(s.gets(anna, "done: one\ndone: two\n"));
  CHECK(s.gets(bob, "done: three\n"));
  CHECK(s.service.commits == std::vector{3});
}

TEMPLATE_TEST_CASE("answers that are held back still arrive when the client has ended its input",
                   "", ALL_LOOPS) {
  server_scene<TestType, committing_service> s;
  peer anna = s.client();
  anna.send("one\nlast");
  anna.end_output();
  REQUIRE(s.until([&] { return anna.ended(); }));
  CHECK(anna.received() == "done: one\ndone: last\n");
  CHECK(s.until([&] { return s.server->size() == 0; }));
}

TEMPLATE_TEST_CASE("a turn in which nothing happened has no end that a service is told of", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  int ends = 0;
  s.service.on_end_of_turn = [&](std::size_t, std::string_view, actions&) { ++ends; };
  run_turns(s, 10);
  const int before = ends;
  run_turns(s, 10);
  CHECK(ends == before);
  anna.send("hello\n");
  CHECK(s.gets(anna, "hello\n"));
  CHECK(ends > before);
}

TEMPLATE_TEST_CASE("the end of a turn comes before a shutdown too", "", ALL_LOOPS) {
  server_scene<TestType, committing_service> s;
  peer anna = s.client();
  s.service.held.send(connection_id{}, "nobody gets this");
  bool done = false;
  s.server->shut_down(2s, [&] { done = true; });
  CHECK(s.service.commits.size() == 1);
  REQUIRE(s.until([&] { return anna.gone(); }));
  CHECK(s.until([&] { return done; }));
}

// Holds back what others are told when somebody leaves.
struct farewell_service final : jalon::service {
  void connected(connection_id id, const jalon::arrival&, actions&) override { ids.push_back(id); }
  void received(connection_id, std::string_view, actions&) override {}
  void disconnected(connection_id, jalon::departure, actions&) override {
    held.send(ids, "somebody has left");
  }
  void end_of_turn(actions& out) override {
    if (to_close) out.close(*std::exchange(to_close, {}));
    out.append(held);
    held.clear();
  }

  std::vector<connection_id> ids;
  std::optional<connection_id> to_close;
  actions held;
};

TEMPLATE_TEST_CASE("a turn ends after each departure, whatever led to it", "", ALL_LOOPS) {
  server_scene<TestType, farewell_service> s;
  peer anna = s.client();
  peer bob = s.client();
  SECTION("the service closes from outside") {
    actions kept;
    kept.close(s.service.ids.front());
    s.server->apply(kept);
  }
  SECTION("the service closes at the end of a turn") {
    s.service.to_close = s.service.ids.front();
    bob.send("anything\n");
  }
  SECTION("the client breaks") { anna.reset(); }
  CHECK(s.gets(bob, "somebody has left\n"));
}

TEMPLATE_TEST_CASE("a service may shut its server down at the end of a turn", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  bool done = false;
  s.service.on_end_of_turn = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.id_of(1), "goodbye");
    s.server->shut_down(2s, [&] { done = true; });
  };
  anna.send("hello\n");
  REQUIRE(s.until([&] { return anna.ended(); }));
  CHECK(s.until([&] { return done; }));
}

TEMPLATE_TEST_CASE("a second shutdown has no effect, and no time comes after the first", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    out.send(s.service.id_of(who), std::string(8'000'000, 'x'));
    out.wake_at(s.clock());
    s.server->shut_down(1s, [&] { s.service.story.emplace_back("done"); });
  };
  anna.send("stop\n");
  REQUIRE(s.tells({"anna connected", "anna says stop"}));
  s.server->shut_down(1h, [&] { s.service.story.emplace_back("never"); });
  s.clock.advance(1s);
  CHECK(s.tells({"anna connected", "anna says stop", "done"}));
}

TEMPLATE_TEST_CASE("a service that keeps a client whose input has ended may answer later", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.on_input_ended = [](std::size_t, std::string_view, actions&) {};
  peer anna = s.client();
  anna.send("hello\n");
  anna.end_output();
  REQUIRE(s.tells({"anna connected", "anna says hello", "anna ends"}));
  run_turns(s, 10);
  CHECK_FALSE(anna.gone());

  actions kept;
  kept.send(s.service.id_of(1), "at last");
  kept.close(s.service.id_of(1));
  s.server->apply(kept);
  REQUIRE(s.until([&] { return anna.ended(); }));
  CHECK(anna.received() == "hello\nat last\n");
  CHECK(s.tells({"anna connected", "anna says hello", "anna ends", "anna gone, end of input"}));
}

TEMPLATE_TEST_CASE("a client that breaks after its input has ended is gone, once", "", ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.on_input_ended = [](std::size_t, std::string_view, actions&) {};
  peer anna = s.client();
  anna.end_output();
  REQUIRE(s.tells({"anna connected", "anna ends"}));
  anna.reset();
  run_turns(s, 3);
  // Nothing is read from it any more: the break shows when something is sent.
  actions kept;
  kept.send(s.service.id_of(1), "are you there?");
  for (int n = 0; n < 3; ++n) {
    s.server->apply(kept);
    run_turns(s, 5);
  }
  CHECK(s.tells({"anna connected", "anna ends", "anna gone, broken"}));
  CHECK(s.until([&] { return s.server->size() == 0; }));
}

TEMPLATE_TEST_CASE("actions that were kept are applied from another thread by way of post", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  std::thread worker([&] {
    s.loop.post([&] {
      actions kept;
      kept.send(s.service.id_of(1), "the hash is ready");
      s.server->apply(kept);
    });
  });
  CHECK(s.gets(anna, "the hash is ready\n"));
  worker.join();
}

TEMPLATE_TEST_CASE("kept actions keep their order behind others, and go to nobody who is gone", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  peer bob = s.client();
  actions kept;
  kept.send(s.service.ids(), "one");
  kept.send(s.service.id_of(2), "two");
  kept.send(s.service.ids(), "three");
  bob.reset();
  REQUIRE(s.until([&] { return s.server->size() == 1; }));
  actions all;
  all.send(s.service.id_of(1), "zero");
  all.append(kept);
  s.server->apply(all);
  CHECK(s.gets(anna, "zero\none\nthree\n"));
}

// Pauses the input of a client that says "wait".
template <class On>
void pause_on_request(server_scene<On>& s) {
  s.service.answer = [&s](std::size_t who, std::string_view line, actions& out) {
    out.send(s.service.id_of(who), line);
    if (line == "wait") out.pause(s.service.id_of(who));
  };
}

template <class On>
void resume(server_scene<On>& s, std::size_t who) {
  actions kept;
  kept.resume(s.service.id_of(who));
  s.server->apply(kept);
}

TEMPLATE_TEST_CASE("a paused client gets no line handled until it is resumed, others do", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  pause_on_request(s);
  peer anna = s.client();
  peer bob = s.client();
  anna.send("one\nwait\ntwo\n");
  REQUIRE(s.gets(anna, "one\nwait\n"));
  anna.send("three\n");
  bob.send("me too\n");
  CHECK(s.gets(bob, "me too\n"));
  run_turns(s, 10);
  CHECK(anna.received() == "one\nwait\n");
  resume(s, 1);
  CHECK(s.gets(anna, "one\nwait\ntwo\nthree\n"));
}

TEMPLATE_TEST_CASE("a paused client may be paused again while its lines are delivered", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  pause_on_request(s);
  peer anna = s.client();
  anna.send("wait\none\nwait\ntwo\n");
  REQUIRE(s.gets(anna, "wait\n"));
  resume(s, 1);
  CHECK(s.gets(anna, "wait\none\nwait\n"));
  resume(s, 1);
  CHECK(s.gets(anna, "wait\none\nwait\ntwo\n"));
}

TEMPLATE_TEST_CASE("a paused client can be sent to, can be closed, and its end comes in its turn",
                   "", ALL_LOOPS) {
  server_scene<TestType> s;
  pause_on_request(s);
  peer anna = s.client();
  anna.send("wait\nlast");
  anna.end_output();
  REQUIRE(s.gets(anna, "wait\n"));
  run_turns(s, 10);
  CHECK(s.service.story == story{"anna connected", "anna says wait"});
  SECTION("resumed") {
    resume(s, 1);
    CHECK(s.until([&] { return anna.ended(); }));
    CHECK(anna.received() == "wait\nlast\n");
  }
  SECTION("closed") {
    actions kept;
    kept.send(s.service.id_of(1), "goodbye");
    kept.close(s.service.id_of(1));
    s.server->apply(kept);
    CHECK(s.until([&] { return anna.ended(); }));
    CHECK(anna.received() == "wait\ngoodbye\n");
  }
}

TEMPLATE_TEST_CASE("while a client is paused, what it sends stays in the system's buffers", "",
                   ALL_LOOPS) {
  jalon::server_options options;
  options.connection.read_bytes = 1'000;
  server_scene<TestType> s(options);
  pause_on_request(s);
  peer anna = s.client();
  anna.send("wait\n");
  REQUIRE(s.gets(anna, "wait\n"));
  anna.socket().set_buffers(4'096, 4'096);
  std::size_t sent = 0;
  const std::string lines(1'000, '\n');
  for (int turn = 0; turn < 2'000; ++turn) {
    sent += anna.send_some(lines);
    run_turns(s, 1);
  }
  const std::size_t before = sent;
  for (int turn = 0; turn < 100; ++turn) sent += anna.send_some(lines);
  INFO("it is slowed down, as by a server that does not read");
  CHECK(sent == before);
  CHECK(s.service.story == story{"anna connected", "anna says wait"});
}

TEMPLATE_TEST_CASE("a service can ask for the loop's time in each call", "", ALL_LOOPS) {
  server_scene<TestType> s;
  std::vector<jalon::steady_time> times;
  s.service.answer = [&](std::size_t who, std::string_view line, actions& out) {
    times.push_back(out.now());
    out.send(s.service.id_of(who), line);
  };
  peer anna = s.client();
  anna.send("one\n");
  REQUIRE(s.gets(anna, "one\n"));
  s.clock.advance(5s);
  anna.send("two\n");
  REQUIRE(s.gets(anna, "one\ntwo\n"));
  CHECK(times == std::vector{s.clock() - 5s, s.clock()});
}

TEMPLATE_TEST_CASE(
    "who is closed when a time has come is gone after that call, and others are told", "",
    ALL_LOOPS) {
  server_scene<TestType> s;
  auto& told = s.service.story;
  peer anna = s.client();
  peer bob = s.client();
  peer carol = s.client();
  s.service.on_input_ended = [](std::size_t, std::string_view, actions&) {};
  carol.end_output();
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.wake_at(out.now() + 5s);
  };
  bob.send("wait\n");
  REQUIRE(s.until([&] { return told.size() == 5; }));
  told.clear();
  const auto& ids = s.service.ids();
  s.service.on_elapsed = [&](std::size_t, std::string_view, actions& out) {
    out.send(ids[0], "time is up");
    out.close(ids[0]);
    out.send(ids[0], "nobody reads this");
    out.close(ids[0]);
    out.close(ids[2]);
    out.send(ids[1], "they are asked to leave");
    told.emplace_back("elapsed has returned");
  };
  s.service.on_disconnected = [&](std::size_t who, std::string_view, actions& out) {
    out.send(ids[1], "client " + std::to_string(who) + " is gone");
  };
  s.service.on_end_of_turn = [&](std::size_t, std::string_view, actions&) {
    told.emplace_back("end of turn");
  };
  s.clock.advance(5s);
  CHECK(s.gets(bob, "they are asked to leave\nclient 1 is gone\nclient 3 is gone\n"));
  CHECK(told == story{"elapsed", "elapsed has returned", "anna gone, asked",
                      "carol gone, end of input", "end of turn"});
  CHECK(s.until([&] { return anna.ended() && carol.ended(); }));
  CHECK(anna.received() == "time is up\n");
}

TEMPLATE_TEST_CASE("a service is served with any framing", "", ALL_LOOPS) {
  server_scene<TestType, support::recording_service, jalon::length_codec> s(
      {}, jalon::length_codec(4, 1'000));
  peer anna = s.client();
  peer bob = s.client();
  s.service.answer = [&](std::size_t, std::string_view frame, actions& out) {
    out.send(s.service.ids(), frame);
  };
  anna.send(std::string("\0\0\0\5hello\0\0\0\3a\nb", 16));
  CHECK(s.gets(anna, std::string("\0\0\0\5hello\0\0\0\3a\nb", 16)));
  CHECK(s.gets(bob, std::string("\0\0\0\5hello\0\0\0\3a\nb", 16)));
}

}  // namespace
