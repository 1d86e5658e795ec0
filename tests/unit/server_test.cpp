// The host of a service: who comes, what they say, what they get, how they go.
#include <set>
#include <string>
#include <vector>

#include <jalon/server.hpp>

#include "catch.hpp"
#include "support/resources.hpp"
#include "support/server_scene.hpp"

using jalon::actions;
using support::peer;
using support::run_turns;
using support::server_scene;
using namespace std::chrono_literals;

namespace {

using story = std::vector<std::string>;

TEMPLATE_TEST_CASE("several clients are served at once, each with its own", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  peer bob = s.client();
  peer carl = s.client();
  CHECK(s.server->size() == 3);
  carl.send("from carl\n");
  anna.send("from anna\nagain\n");
  CHECK(s.gets(carl, "from carl\n"));
  CHECK(s.gets(anna, "from anna\nagain\n"));
  bob.send("at last\n");
  CHECK(s.gets(bob, "at last\n"));
}

TEMPLATE_TEST_CASE("a service is told who comes, from where and when, before it is told a line", "",
                   ALL_LOOPS) {
  jalon::server_options options;
  const std::chrono::system_clock::time_point noon{12h};
  options.wall_clock = [noon] { return noon; };
  server_scene<TestType> s(options);
  peer early(s.server->local());
  early.send("hello\n");
  REQUIRE(s.tells({"anna connected", "anna says hello"}));
  CHECK(s.service.arrivals.at(0).peer == early.socket().local());
  CHECK(s.service.arrivals.at(0).time == noon);
}

TEMPLATE_TEST_CASE("what a client asked before its half-close is answered, then it is closed", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer client = s.client();
  client.send("one\ntwo\nlast without LF");
  client.end_output();
  REQUIRE(s.until([&] { return client.ended(); }));
  CHECK(client.received() == "one\ntwo\nlast without LF\n");
  CHECK(s.tells({"anna connected", "anna says one", "anna says two", "anna says last without LF",
                 "anna gone, end of input"}));
  CHECK(s.until([&] { return s.server->size() == 0; }));
}

TEMPLATE_TEST_CASE("a client that breaks off is gone, once, and the others go on", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer rude = s.client();
  peer other = s.client();
  rude.send("whole\nhalf a li");
  REQUIRE(s.tells({"anna connected", "bob connected", "anna says whole"}));
  rude.reset();
  REQUIRE(s.tells({"anna connected", "bob connected", "anna says whole", "anna gone, broken"}));
  other.send("still here\n");
  CHECK(s.gets(other, "still here\n"));
  CHECK(s.server->size() == 1);
}

TEMPLATE_TEST_CASE("a client that the service closes gets its last words and then the end", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    out.send(s.service.id_of(who), "goodbye");
    out.close(s.service.id_of(who));
    out.send(s.service.id_of(who), "too late");
    out.close(s.service.id_of(who));
  };
  peer client = s.client();
  client.send("/quit\nnever told\n");
  REQUIRE(s.until([&] { return client.gone(); }));
  CHECK(client.received() == "goodbye\n");
  CHECK(client.ended());
  client.leave();
  REQUIRE(s.until([&] { return s.server->size() == 0; }));
  CHECK(s.service.story == story{"anna connected", "anna says /quit", "anna gone, asked"});
}

TEMPLATE_TEST_CASE("a service may close another client, and what that leads to is done too", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  peer bob = s.client();
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.close(s.service.id_of(2));
    out.send(s.service.id_of(1), "done");
  };
  s.service.on_disconnected = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.id_of(1), "bob has left");
    out.send(s.service.id_of(2), "nobody gets this");
  };
  anna.send("kick bob\n");
  CHECK(s.gets(anna, "done\nbob has left\n"));
  CHECK(s.until([&] { return bob.ended(); }));
  CHECK(bob.received().empty());
}

TEMPLATE_TEST_CASE("a log may have the server do something", "", ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.answer = [&s](std::size_t who, std::string_view, actions& out) {
    out.log(s.service.id_of(who), "an event of which the log is told");
  };
  peer anna = s.client();
  peer bob = s.client();
  s.at_log = [&s] {
    actions told;
    told.send(s.service.id_of(1), std::string(1'000, 'x'));
    s.server->apply(told);
  };
  bob.send("hello\n");
  CHECK(s.gets(anna, std::string(1'000, 'x') + '\n'));
  REQUIRE(s.log.size() == 1);
  CHECK(s.log.front().starts_with("an event of which the log is told: "));
}

TEMPLATE_TEST_CASE("a service may close a client as it comes", "", ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.on_connected = [&](std::size_t who, std::string_view, actions& out) {
    out.send(s.service.id_of(who), "full");
    out.close(s.service.id_of(who));
  };
  peer client(s.server->local());
  client.send("hello\n");
  REQUIRE(s.until([&] { return client.ended(); }));
  CHECK(client.received() == "full\n");
  CHECK(s.service.story == story{"anna connected", "anna gone, asked"});
}

TEMPLATE_TEST_CASE("a line that is too long is told, and the next one is served", "", ALL_LOOPS) {
  server_scene<TestType> s({}, jalon::line_codec(1'000));
  peer client = s.client();
  client.send(std::string(1'000, 'x') + "\nshort\n");
  CHECK(s.gets(client, "what?\nshort\n"));
  CHECK(s.service.story == story{"anna connected", "anna frame too long", "anna says short"});
}

// A service with the one call that is needed.
struct plain_echo final : jalon::service {
  void received(jalon::connection_id who, std::string_view line, actions& out) override {
    out.send(who, line);
    out.wake_at({});  // which it has no call for
  }
};

TEMPLATE_TEST_CASE("a service needs but one call", "", ALL_LOOPS) {
  server_scene<TestType, plain_echo> s({}, jalon::line_codec(100));
  peer client = s.client();
  client.send("hello\n");
  CHECK(s.gets(client, "hello\n"));

  SECTION("without one for lines that are too long, their sender is parted from") {
    client.send(std::string(200, 'x') + "\nnever told\n");
    REQUIRE(s.until([&] { return client.ended(); }));
    CHECK(client.received() == "hello\n");
  }
  SECTION("without one for departures, clients go as they like") {
    client.reset();
    CHECK(s.until([&] { return s.server->size() == 0; }));
  }
}

TEMPLATE_TEST_CASE("a stream that is cut anywhere is answered the same", "", ALL_LOOPS) {
  const std::string stream = "one\r\n\nthree\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    INFO("cut after " << cut << " bytes");
    server_scene<TestType> s;
    peer client = s.client();
    client.send(stream.substr(0, cut));
    run_turns(s, 3);
    client.send(stream.substr(cut));
    CHECK(s.gets(client, "one\n\nthree\n"));
  }
}

TEMPLATE_TEST_CASE("time is told when it was asked for, to the last wish alone", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer client = s.client();
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.wake_at(s.clock() + 1s);
    out.wake_at(s.clock() + 10s);
  };
  s.service.on_elapsed = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.id_of(1), "time is up");
    if (s.service.elapsed_at.size() < 2) out.wake_at(s.clock() + 5s);
  };
  client.send("start\n");
  REQUIRE(s.tells({"anna connected", "anna says start"}));
  s.clock.advance(9s);
  run_turns(s, 3);
  CHECK(s.service.elapsed_at.empty());
  s.clock.advance(1s);
  CHECK(s.gets(client, "time is up\n"));
  s.clock.advance(5s);
  CHECK(s.gets(client, "time is up\ntime is up\n"));
  s.clock.advance(1h);
  run_turns(s, 3);
  CHECK(s.service.elapsed_at == std::vector{s.clock() - 1h - 5s, s.clock() - 1h});
}

TEMPLATE_TEST_CASE("no client ever gets the id of another, gone or not", "", ALL_LOOPS) {
  server_scene<TestType> s;
  for (int round = 0; round < 100; ++round) {
    peer client = s.client();
    client.reset();
    REQUIRE(s.until([&] { return s.server->size() == 0; }));
  }
  const auto& ids = s.service.ids();
  CHECK(std::set(ids.begin(), ids.end()).size() == 100);
}

TEMPLATE_TEST_CASE("who keeps the id of a client that has gone reaches nobody", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer gone = s.client();
  gone.reset();
  REQUIRE(s.until([&] { return s.server->size() == 0; }));
  peer stranger = s.client();
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    out.send(s.service.id_of(1), "for the one that has gone");
    out.close(s.service.id_of(1));
    out.send(jalon::connection_id{}, "for nobody");
    out.send(s.service.id_of(who), "for you");
  };
  stranger.send("hello\n");
  CHECK(s.gets(stranger, "for you\n"));
  CHECK(s.server->size() == 1);
}

TEMPLATE_TEST_CASE("a server on a unix socket serves alike", "", ALL_LOOPS) {
  const support::temporary_folder folder;
  server_scene<TestType> s({}, jalon::line_codec{},
                           *jalon::endpoint::unix_path((folder / "chat").string()));
  peer client = s.client();
  client.send("hello\n");
  CHECK(s.gets(client, "hello\n"));
}

TEMPLATE_TEST_CASE("all that a client is sent in a turn goes out by one write", "", ALL_LOOPS) {
  server_scene<TestType> s;
  std::vector<peer> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(s.client());
  s.service.answer = [&](std::size_t, std::string_view line, jalon::actions& out) {
    out.send(s.service.ids(), line);
  };
  int writes = 0;
  s.loop.set_trace([&](std::string_view line) {
    if (line.find(" wrote ") != line.npos) ++writes;
  });
  std::string lines;
  for (int i = 0; i < 64; ++i) lines += "line " + std::to_string(i) + '\n';
  clients.front().send(lines);
  for (peer& one : clients) CHECK(s.gets(one, lines));
  CHECK(writes == 5);
}

// Tells a line to all but the one who says it; some lines mean more.
template <class On>
void tell_others(server_scene<On>& s) {
  s.service.answer = [&s](std::size_t who, std::string_view line, actions& out) {
    out.send_to_others(s.service.id_of(who), s.service.ids(), line);
    if (line == "two, you first") out.send(s.service.id_of(2), "only you");
    if (line == "three goes") out.close(s.service.id_of(3));
  };
}

TEMPLATE_TEST_CASE("what goes to many and what goes to one arrive in the order of their sending",
                   "", ALL_LOOPS) {
  server_scene<TestType> s;
  std::vector<peer> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(s.client());
  tell_others(s);
  clients[0].send("one\ntwo\ntwo, you first\nthree\n");
  CHECK(s.gets(clients[1], "one\ntwo\ntwo, you first\nonly you\nthree\n"));
  CHECK(s.gets(clients[2], "one\ntwo\ntwo, you first\nthree\n"));
  clients[1].send("four\nfive\n");
  CHECK(s.gets(clients[0], "four\nfive\n"));
  CHECK(s.gets(clients[2], "one\ntwo\ntwo, you first\nthree\nfour\nfive\n"));
}

TEMPLATE_TEST_CASE("who is parted from gets all that was said before, and nothing after", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  std::vector<peer> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(s.client());
  tell_others(s);
  clients[0].send("one\nthree goes\ntwo\n");
  CHECK(s.gets(clients[1], "one\nthree goes\ntwo\n"));
  REQUIRE(s.until([&] { return clients[2].ended(); }));
  CHECK(clients[2].received() == "one\nthree goes\n");
}

TEMPLATE_TEST_CASE("the last words of who leaves at once reach all", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer leaving = s.client();
  peer staying = s.client();
  peer third = s.client();
  tell_others(s);
  leaving.send("one\ntwo\nlast, without an end");
  leaving.end_output();
  CHECK(s.gets(staying, "one\ntwo\nlast, without an end\n"));
  CHECK(s.gets(third, "one\ntwo\nlast, without an end\n"));
}

TEMPLATE_TEST_CASE("a trace tells who is taken in", "", ALL_LOOPS) {
  server_scene<TestType> s;
  std::string all;
  s.loop.set_trace([&](std::string_view line) { all.append(line).push_back('\n'); });
  peer client = s.client();
  CHECK(all.find("  accepted ") != all.npos);
  CHECK(all.find(" from " + client.socket().local().to_string() + "\n") != all.npos);
}

TEMPLATE_TEST_CASE("a server that goes takes its connections along", "", ALL_LOOPS) {
  const std::size_t before = support::open_descriptors();
  {
    server_scene<TestType> s;
    peer client = s.client();
    client.send("hello\n");
    REQUIRE(s.gets(client, "hello\n"));
    s.server.reset();
    CHECK(s.until([&] { return client.gone(); }));
    run_turns(s, 3);
    CHECK(s.service.story == story{"anna connected", "anna says hello"});
  }
  CHECK(support::open_descriptors() == before);
}

TEMPLATE_TEST_CASE("shut down, a server takes nobody, sends what waits, and says when all is done",
                   "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer anna = s.client();
  peer bob = s.client();
  bool asked = false;
  int done = 0;
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.ids(), std::string(5'000'000, 'x'));
    asked = true;
  };
  anna.send("the last line\n");
  REQUIRE(s.until([&] { return asked; }));
  s.server->shut_down(2s, [&] { ++done; });
  CHECK(done == 0);
  CHECK_THROWS_AS(peer(s.server->local()), std::system_error);

  REQUIRE(s.until([&] { return anna.ended() && bob.ended(); }));
  CHECK(anna.received().size() == 5'000'001);
  CHECK(bob.received().size() == 5'000'001);
  REQUIRE(s.until([&] { return done > 0; }));
  s.clock.advance(10s);
  run_turns(s, 5);
  CHECK(done == 1);
  CHECK(s.server->size() == 0);
  INFO("the service is told nothing of it");
  CHECK(s.service.story == story{"anna connected", "bob connected", "anna says the last line"});
}

TEMPLATE_TEST_CASE("a server that is shut down by one line sends what the lines before it said", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  bool done = false;
  s.service.answer = [&](std::size_t, std::string_view line, actions& out) {
    if (line == "stop") return s.server->shut_down(2s, [&] { done = true; });
    out.send(s.service.ids(), line);
  };
  peer one = s.client();
  peer other = s.client();
  one.send("bye all\nstop\n");
  REQUIRE(s.until([&] { return one.ended() && other.ended(); }));
  CHECK(one.received() == "bye all\n");
  CHECK(other.received() == "bye all\n");
  CHECK(s.until([&] { return done; }));
}

TEMPLATE_TEST_CASE("shut down, a server cuts off who takes too long", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer deaf = s.client();
  bool asked = false;
  int done = 0;
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    out.send(s.service.id_of(who), std::string(8'000'000, 'x'));
    asked = true;
  };
  deaf.send("what I do not read\n");
  REQUIRE(s.until([&] { return asked; }));
  s.server->shut_down(2s, [&] { ++done; });
  s.clock.advance(1'999ms);
  run_turns(s, 5);
  CHECK(done == 0);
  CHECK(s.server->size() == 1);
  s.clock.advance(1ms);
  REQUIRE(s.until([&] { return done > 0; }));
  CHECK(done == 1);
  CHECK(s.server->size() == 0);
}

TEMPLATE_TEST_CASE("shut down, a server waits no more for clients that it has parted from", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    out.close(s.service.id_of(who));
  };
  peer stubborn = s.client();
  stubborn.send("/quit\n");
  REQUIRE(s.until([&] { return stubborn.ended(); }));
  CHECK(s.server->size() == 1);
  bool done = false;
  s.server->shut_down(2s, [&] { done = true; });
  CHECK(s.until([&] { return done; }));
}

TEMPLATE_TEST_CASE("a server without clients is shut down in the next turn, not in the call", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  bool done = false;
  s.server->shut_down(2s, [&] { done = true; });
  CHECK_FALSE(done);
  CHECK(s.until([&] { return done; }));
}

TEMPLATE_TEST_CASE("a server may be destroyed by the one who is told that it is shut down", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  bool asked = false;
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.ids(), std::string(8'000'000, 'x'));
    asked = true;
  };
  peer first = s.client();
  peer second = s.client();
  first.send("much\n");
  REQUIRE(s.until([&] { return asked; }));
  s.server->shut_down(2s, [&] { s.server.reset(); });
  SECTION("when the last client has all that was sent") {
    REQUIRE(s.until([&] { return first.gone() && second.gone(); }));
  }
  SECTION("when the last client has left") {
    first.reset();
    second.reset();
  }
  SECTION("when the time is up") { s.clock.advance(2s); }
  CHECK(s.until([&] { return !s.server; }));
}

TEMPLATE_TEST_CASE("a server may be shut down when somebody comes, with more at the door", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  bool done = false;
  s.service.on_connected = [&](std::size_t, std::string_view, actions&) {
    s.server->shut_down(2s, [&] { done = true; });
  };
  peer first(s.server->local());
  peer second(s.server->local());
  REQUIRE(s.until([&] { return first.gone() && second.gone(); }));
  CHECK(s.until([&] { return done; }));
  CHECK(s.service.story == story{"anna connected"});
}

}  // namespace
