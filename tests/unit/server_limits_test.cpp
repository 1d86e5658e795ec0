// A server at its limits: clients that do not read, no descriptors left, a thousand at once.
#include <sys/resource.h>

#include <algorithm>
#include <span>
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

// Sends what one says to all, with the number of the line before it.
template <class On>
void tell_all(server_scene<On>& s) {
  s.service.answer = [&s, count = 0](std::size_t, std::string_view line, actions& out) mutable {
    out.send(s.service.ids(), std::to_string(++count) + ' ' + std::string(line));
  };
}

TEMPLATE_TEST_CASE("a client that does not read is closed, and told why; the others go on", "",
                   ALL_LOOPS) {
  jalon::server_options options;
  options.connection.queue = {.low_water = 1'000, .high_water = 10'000, .hard_limit = 400'000};
  options.last_frame = [](jalon::departure why) {
    return std::string(why == jalon::departure::not_reading ? "you do not read" : "?");
  };
  server_scene<TestType> s(options);
  tell_all(s);
  peer talker = s.client();
  peer deaf = s.client();
  peer other = s.client();

  std::string due;
  const std::string text(40'000, 'x');
  for (int line = 1; line <= 2'000 && s.log.empty(); ++line) {
    talker.send(text + "\n");
    due += std::to_string(line) + ' ' + text + '\n';
    REQUIRE(s.gets(talker, due));
    other.received();
  }
  REQUIRE(s.log.size() == 1);
  INFO(s.log[0]);
  CHECK(s.log[0].starts_with("a client does not read: bob, " + deaf.socket().local().to_string() +
                             ": "));
  CHECK(s.log[0].ends_with(" bytes wait"));
  CHECK(s.service.story.back() == "bob gone, not reading");
  CHECK(std::count(s.service.story.begin(), s.service.story.end(), "bob gone, not reading") == 1);
  CHECK(s.gets(other, due));

  INFO("what it reads at last are whole lines, and the reason as the last of them");
  REQUIRE(s.until([&] { return deaf.gone(); }));
  CHECK(deaf.ended());
  const std::string& got = deaf.received();
  const auto notice = got.rfind("you do not read\n");
  REQUIRE(notice != got.npos);
  CHECK(notice + 16 == got.size());
  CHECK(got.substr(0, notice) == due.substr(0, notice));
  CHECK(got[notice - 1] == '\n');

  talker.send("all well\n");
  due += std::to_string(std::count(due.begin(), due.end(), '\n') + 1) + " all well\n";
  CHECK(s.gets(other, due));
}

TEMPLATE_TEST_CASE("a deaf client that is found out between two messages takes neither along", "",
                   ALL_LOOPS) {
  jalon::server_options options;
  options.connection.queue = {.low_water = 50'000, .high_water = 100'000, .hard_limit = 400'000};
  server_scene<TestType> s(options);
  peer talker = s.client();
  peer deaf = s.client();
  peer other = s.client();
  const std::string text(40'000, 'x');
  s.service.answer = [&](std::size_t, std::string_view line, actions& out) {
    const auto& ids = s.service.ids();
    if (line == "news")
      out.send(std::vector{ids[0], ids[2]}, line);
    else
      out.send(std::vector{ids[1], ids[2]}, text);
  };
  // That somebody is gone is said to many, from within the message that found it out.
  s.service.on_disconnected = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.ids(), "two is gone");
  };
  std::string due_to_talker;
  std::string due;
  for (int line = 1; line <= 2'000 && s.log.empty(); ++line) {
    talker.send("more\nnews\n");
    due_to_talker += "news\n";
    due += text + "\nnews\n";
    REQUIRE(s.until([&] { return talker.received().size() >= due_to_talker.size(); }));
    other.received();
  }
  REQUIRE(s.log.size() == 1);
  CHECK(s.gets(talker, due_to_talker + "two is gone\n"));
  CHECK(s.gets(other, due + "two is gone\n"));
  CHECK(s.service.story.back() == "bob gone, not reading");
}

TEMPLATE_TEST_CASE("a deaf client that takes not even its notice is cut off after its time", "",
                   ALL_LOOPS) {
  jalon::server_options options;
  options.connection.queue = {.low_water = 1'000, .high_water = 10'000, .hard_limit = 400'000};
  options.connection.drain_timeout = 10s;
  server_scene<TestType> s(options);
  tell_all(s);
  peer talker = s.client();
  peer deaf = s.client();
  const std::string line = std::string(10'000, 'x') + '\n';
  REQUIRE(s.until([&] {
    talker.send_some(line);
    talker.received();
    return !s.log.empty();
  }));
  run_turns(s, 20);
  for (int span = 0; span < 2; ++span) {  // in the first one it may still have taken something
    s.clock.advance(10s);
    run_turns(s, 20);
  }
  CHECK(s.server->size() == 1);
}

TEMPLATE_TEST_CASE("who asks faster than it reads waits for itself, also if the answers go to all",
                   "", ALL_LOOPS) {
  jalon::server_options options;
  options.connection.queue = {.low_water = 1'000, .high_water = 10'000, .hard_limit = 100'000};
  server_scene<TestType> s(options);
  peer asker = s.client();
  peer other = s.client();
  const std::string text(8'000, 'x');
  s.service.answer = [&](std::size_t, std::string_view, actions& out) {
    out.send(s.service.ids(), text);
  };
  std::string asked;
  std::string due;
  for (int line = 0; line < 40; ++line) {
    asked += "more\n";
    due += text + '\n';
  }
  asker.send(asked);
  CHECK(s.gets(asker, due));
  CHECK(s.gets(other, due));
  CHECK(s.log.empty());
}

TEMPLATE_TEST_CASE("out of descriptors, all who wait learn it in few turns, and the server rests",
                   "", ALL_LOOPS) {
  constexpr std::size_t newcomers = 150;
  const support::many_descriptors enough(2 * newcomers + 100);
  server_scene<TestType> s;
  peer old = s.client();
  std::vector<peer> unlucky;
  while (unlucky.size() < newcomers) unlucky.emplace_back(s.server->local());
  int turns = 0;
  std::size_t refused = 0;
  bool still_served = false;
  std::size_t lines = 0;
  {
    const support::no_descriptors none_left;
    for (; turns < 100 && refused < newcomers; ++turns) {
      run_turns(s, 1);
      refused = static_cast<std::size_t>(
          std::count_if(unlucky.begin(), unlucky.end(), [](peer& one) { return one.gone(); }));
    }
    lines = s.log.size();
    run_turns(s, 100);
    old.send("still served\n");
    still_served = s.gets(old, "still served\n");
  }
  CHECK(refused == newcomers);
  CHECK(turns <= 10);
  CHECK(still_served);
  INFO("one line a turn says how many, and none when nobody waits");
  CHECK(lines <= 4);
  CHECK(s.log.size() == lines);
  const std::string reason = "cannot accept a connection: " +
                             std::make_error_condition(std::errc::too_many_files_open).message() +
                             "; ";
  std::size_t told = 0;
  for (const std::string& line : s.log) {
    REQUIRE(line.starts_with(reason));
    told += std::stoul(line.substr(reason.size()));
  }
  CHECK(told == newcomers);

  INFO("who comes when there are descriptors again is accepted, without a pause");
  peer lucky = s.client();
  lucky.send("hello\n");
  CHECK(s.gets(lucky, "hello\n"));
}

TEMPLATE_TEST_CASE("out of descriptors, those that only linger go first, the oldest before others",
                   "", ALL_LOOPS) {
  server_scene<TestType> s;
  s.service.answer = [&](std::size_t who, std::string_view line, actions& out) {
    out.send(s.service.id_of(who), line == "much" ? std::string(8'000'000, 'x') : "bye");
    out.close(s.service.id_of(who));
  };
  peer draining = s.client();
  draining.send("much\n");
  peer first = s.client();
  first.send("quit\n");
  peer second = s.client();
  second.send("quit\n");
  REQUIRE(s.gets(first, "bye\n"));
  REQUIRE(s.gets(second, "bye\n"));
  run_turns(s, 5);
  REQUIRE(s.server->size() == 3);
  CHECK(s.service.sockets_closed == 0);  // though all three are gone for the service

  peer newcomer(s.server->local());
  bool first_is_cut = false;
  bool second_is_cut = false;
  {
    const support::no_descriptors none_left;
    run_turns(s, 20);
    first.send_some("too late");  // answered with a reset by a socket that is closed
    second.send_some("too late");
    run_turns(s, 20);
    first_is_cut = static_cast<bool>(first.socket().take_error());
    second_is_cut = static_cast<bool>(second.socket().take_error());
  }
  CHECK(first_is_cut);
  CHECK_FALSE(second_is_cut);
  CHECK(s.service.sockets_closed == 1);
  CHECK(s.log == std::vector<std::string>{"cut off a client that is being closed: " +
                                          first.socket().local().to_string() +
                                          ": its descriptor is needed"});
  CHECK(s.server->size() == 3);
  CHECK(s.until([&] { return draining.received().size() == 8'000'001; }));
  newcomer.send("hello\n");
  CHECK(s.gets(newcomer, "bye\n"));
}

TEMPLATE_TEST_CASE("out of descriptors, all that are closing are looked at, some for each newcomer",
                   "", ALL_LOOPS) {
  const support::temporary_folder folder;
  server_scene<TestType> s({}, jalon::line_codec(),
                           *jalon::endpoint::unix_path((folder / "chat").string()));
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    if (who + 1 < s.service.ids().size()) return;
    const std::vector<jalon::connection_id> all = s.service.ids();
    out.send(std::span(all).first(all.size() - 1), std::string(4'000'000, 'x'));
    for (const auto id : all) out.close(id);
  };
  std::vector<peer> draining;
  for (int i = 0; i < 100; ++i) draining.push_back(s.client());
  peer last = s.client();
  last.send("all\n");
  REQUIRE(s.until([&] { return last.ended(); }));
  run_turns(s, 5);
  REQUIRE(s.server->size() == 101);
  peer refused(s.server->local());
  peer accepted(s.server->local());
  {
    const support::no_descriptors none_left;
    run_turns(s, 20);
  }
  CHECK(refused.gone());
  CHECK_FALSE(accepted.gone());
  CHECK(s.server->size() == 101);
  CHECK(s.service.arrivals.size() == 102);
}

TEMPLATE_TEST_CASE("a server may be shut down while it waits for descriptors", "", ALL_LOOPS) {
  server_scene<TestType> s;
  bool asked = false;
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    out.send(s.service.id_of(who), std::string(8'000'000, 'x'));
    asked = true;
  };
  peer deaf = s.client();
  deaf.send("what I do not read\n");
  REQUIRE(s.until([&] { return asked; }));
  peer unlucky(s.server->local());
  {
    const support::no_descriptors none_left;
    static_cast<void>(s.until([&] { return !s.log.empty(); }));
  }
  REQUIRE(s.log.size() == 1);
  bool done = false;
  s.server->shut_down(2s, [&] { done = true; });
  s.clock.advance(1s);
  run_turns(s, 5);
  CHECK_FALSE(done);
  s.clock.advance(1s);
  CHECK(s.until([&] { return done; }));
}

TEMPLATE_TEST_CASE("a message to a thousand clients reaches all, once and in order", "",
                   ALL_LOOPS) {
  constexpr std::size_t count = 1'000;
  const support::many_descriptors enough(2 * count + 100);
  const std::size_t before = support::open_descriptors();
  {
    server_scene<TestType> s;
    tell_all(s);
    std::vector<peer> clients;
    while (clients.size() < count) {
      clients.emplace_back(s.server->local());
      run_turns(s, 1);
    }
    REQUIRE(s.until([&] { return s.server->size() == count; }));
    CHECK(support::open_descriptors() >= before + 2 * count);

    clients.front().send("from the first\n");
    REQUIRE(s.gets(clients.back(), "1 from the first\n"));
    clients.back().send("from the last\n");
    REQUIRE(s.gets(clients.front(), "1 from the first\n2 from the last\n"));
    std::size_t wrong = 0;
    for (auto& client : clients) {
      if (!s.gets(client, "1 from the first\n2 from the last\n")) ++wrong;
    }
    CHECK(wrong == 0);

    const std::size_t with_all = support::open_descriptors();
    for (auto& client : clients) client.leave();
    REQUIRE(s.until([&] { return s.server->size() == 0; }));
    CHECK(support::open_descriptors() == with_all - 2 * count);
  }
  CHECK(support::open_descriptors() == before);
}

}  // namespace
