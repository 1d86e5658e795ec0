// Clients that a server disconnects on its own: for the memory that all hold together, and for
// deadlines. What they and the log are told.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <jalon/server.hpp>

#include "catch.hpp"
#include "support/server_scene.hpp"

using jalon::actions;
using support::peer;
using support::run_turns;
using support::server_scene;
using namespace std::chrono_literals;

namespace {

// The last frames are the names of the reasons.
std::string name_of_reason(jalon::departure why) {
  switch (why) {
    case jalon::departure::not_reading:
      return "not reading";
    case jalon::departure::stalled:
      return "stalled";
    case jalon::departure::unfinished_frame:
      return "unfinished";
    case jalon::departure::memory_limit:
      return "memory";
    default:
      return "?";
  }
}

jalon::server_options with_budget(std::size_t bytes) {
  jalon::server_options options;
  options.memory_budget = bytes;
  options.last_frame = name_of_reason;
  options.connection.queue = {
      .low_water = 100'000'000, .high_water = 100'000'000, .hard_limit = 100'000'000};
  return options;
}

// Has each line answered with as many frames of a thousand bytes as it says.
template <class On>
void answer_with_thousands(server_scene<On>& s) {
  s.service.answer = [&s](std::size_t who, std::string_view line, actions& out) {
    const std::string frame(999, 'x');
    for (int left = std::stoi(std::string(line)); left > 0; --left)
      out.send(s.service.id_of(who), frame);
  };
}

template <class On>
std::size_t departures(const server_scene<On>& s) {
  const auto& story = s.service.story;
  return static_cast<std::size_t>(
      std::count_if(story.begin(), story.end(),
                    [](const std::string& line) { return line.find(" gone, ") != line.npos; }));
}

// Whether the last thing that @p who gets is this line, after whole lines, and then the end.
template <class On>
[[nodiscard]] bool is_told_last(server_scene<On>& s, peer& who, const std::string& line) {
  if (!s.until([&] { return who.ended(); })) return false;
  const std::string& got = who.received();
  return got == line + '\n' || got.ends_with('\n' + line + '\n');
}

TEMPLATE_TEST_CASE("over the memory budget, who holds the most is disconnected, and told why", "",
                   ALL_LOOPS) {
  server_scene<TestType> s(with_budget(12'000'000));
  answer_with_thousands(s);
  peer anna = s.client();
  peer bob = s.client();
  peer carol = s.client();
  carol.send("8000\n");
  bob.send("30000\n");
  REQUIRE(s.until([&] { return departures(s) == 1; }));
  run_turns(s, 20);
  CHECK(s.service.story.back() == "bob gone, memory limit");
  REQUIRE(s.log.size() == 1);
  CHECK(s.log[0].starts_with("the connections hold too much memory: bob, " +
                             bob.socket().local().to_string() + ": it held "));
  CHECK(is_told_last(s, bob, "memory"));
  INFO("the others go on");
  CHECK(s.until([&] { return carol.received().size() == 8'000'000; }));
  anna.send("1\n");
  CHECK(s.until([&] { return anna.received().size() == 1'000; }));
}

TEMPLATE_TEST_CASE("a departure is told though the log throws", "", ALL_LOOPS) {
  server_scene<TestType> s(with_budget(12'000'000));
  answer_with_thousands(s);
  peer anna = s.client();
  s.at_log = [] { throw std::runtime_error("the disk is full"); };
  anna.send("30000\n");
  CHECK_THROWS_WITH(s.until([] { return false; }), "the disk is full");
  s.at_log = {};
  run_turns(s, 20);
  CHECK(s.service.story.back() == "anna gone, memory limit");
}

TEMPLATE_TEST_CASE("unfinished frames count too, and each look at all frees much", "", ALL_LOOPS) {
  constexpr std::size_t clients = 120;
  constexpr std::size_t budget = 1'000'000;
  constexpr std::size_t held = 16'384;
  server_scene<TestType> s(with_budget(budget));
  std::vector<peer> all;
  std::size_t gone = 0;
  std::size_t looks = 0;
  for (std::size_t i = 0; i < clients; ++i) {
    all.push_back(s.client());
    all.back().send("unfinished");
    for (int turn = 0; turn < 4; ++turn) {
      run_turns(s, 1);
      if (departures(s) == gone) continue;
      ++looks;
      CHECK(departures(s) - gone >= budget / 8 / held);
      gone = departures(s);
    }
  }
  CHECK(looks > 1);
  CHECK((clients - gone) * held <= budget);
  CHECK((clients - gone) * held > budget / 2);
  INFO("those that are left are served");
  peer& last = all.back();
  last.send(" no more\n");
  CHECK(s.gets(last, "unfinished no more\n"));
}

TEMPLATE_TEST_CASE("what is accepted within a turn does not count", "", ALL_LOOPS) {
  server_scene<TestType> s(with_budget(5'000));
  answer_with_thousands(s);
  peer anna = s.client();
  for (std::size_t round = 1; round <= 20; ++round) {
    anna.send("10\n");
    REQUIRE(s.until([&] { return anna.received().size() == round * 10'000; }));
  }
  CHECK(s.log.empty());
}

TEMPLATE_TEST_CASE("the input of paused clients counts", "", ALL_LOOPS) {
  server_scene<TestType> s(with_budget(40'000));
  s.service.answer = [&](std::size_t who, std::string_view line, actions& out) {
    out.send(s.service.id_of(who), line);
    if (line == "wait") out.pause(s.service.id_of(who));
  };
  std::vector<peer> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(s.client());
    all.back().send("wait\nmore\n");
    run_turns(s, 5);
  }
  REQUIRE(s.until([&] { return departures(s) == 1; }));
  run_turns(s, 20);
  CHECK(departures(s) == 1);
  INFO("there is room again once they are resumed");
  actions kept;
  for (const auto id : s.service.ids()) kept.resume(id);
  s.server->apply(kept);
  run_turns(s, 5);
  peer next = s.client();
  next.send("wait\nmore\n");
  run_turns(s, 20);
  CHECK(departures(s) == 1);
}

TEMPLATE_TEST_CASE("who does not accept even what is left for it is cut off at once", "",
                   ALL_LOOPS) {
  server_scene<TestType> s(with_budget(5'000'000));
  s.service.answer = [&](std::size_t who, std::string_view, actions& out) {
    std::string large;
    large.resize(30'000'000, 'x');
    out.send(s.service.id_of(who), large);
  };
  peer bob = s.client();
  bob.send("one frame that is begun, and can't be dropped\n");
  REQUIRE(s.until([&] { return departures(s) == 1; }));
  CHECK(s.until([&] { return s.server->size() == 0; }));
  REQUIRE(s.log.size() == 2);
  CHECK(s.log[1].starts_with("the connections hold too much memory: " +
                             bob.socket().local().to_string() + ": closing, it held "));
}

TEMPLATE_TEST_CASE("a connection that ends gives back what it held", "", ALL_LOOPS) {
  server_scene<TestType> s(with_budget(40'000));
  for (int i = 0; i < 20; ++i) {
    peer client = s.client();
    client.send("unfinished");
    run_turns(s, 5);
    client.reset();
    REQUIRE(s.until([&] { return s.server->size() == 0; }));
  }
  CHECK(s.log.empty());
}

TEMPLATE_TEST_CASE("a service that throws when it is told of one is told of the others", "",
                   ALL_LOOPS) {
  jalon::server_options options = with_budget(100'000);
  server_scene<TestType> s(options);
  int thrown = 0;
  s.service.on_disconnected = [&](std::size_t, std::string_view, actions&) {
    if (thrown++ == 0) throw std::runtime_error("no");
  };
  std::vector<peer> all;
  for (int i = 0; i < 7; ++i) {
    all.push_back(s.client());
    all.back().send("unfinished");
  }
  CHECK_THROWS_AS(run_turns(s, 20), std::runtime_error);
  run_turns(s, 20);
  CHECK(departures(s) == 2);
  CHECK(thrown == 2);
}

TEMPLATE_TEST_CASE("a client that accepts nothing for its time is disconnected, and told why", "",
                   ALL_LOOPS) {
  jalon::server_options options = with_budget(100'000'000);
  options.connection.stall_timeout = 30s;
  server_scene<TestType> s(options);
  answer_with_thousands(s);
  peer deaf = s.client();
  deaf.send("30000\n");
  run_turns(s, 20);
  s.clock.advance(30s);
  run_turns(s, 20);
  s.clock.advance(30s);  // in the first one it may still have taken something
  REQUIRE(s.until([&] { return departures(s) == 1; }));
  CHECK(s.service.story.back() == "anna gone, stalled");
  REQUIRE(s.log.size() == 1);
  CHECK(s.log[0].starts_with("a client accepts nothing: anna, " +
                             deaf.socket().local().to_string() + ": "));
  CHECK(s.log[0].ends_with(" bytes wait"));
  CHECK(is_told_last(s, deaf, "stalled"));
}

TEMPLATE_TEST_CASE("a client that does not finish a frame is disconnected, and told why", "",
                   ALL_LOOPS) {
  jalon::server_options options = with_budget(100'000'000);
  options.connection.frame_timeout = 60s;
  server_scene<TestType> s(options);
  peer slow = s.client();
  slow.send("hello\nunfinished");
  REQUIRE(s.gets(slow, "hello\n"));
  s.clock.advance(60s);
  REQUIRE(s.until([&] { return departures(s) == 1; }));
  CHECK(s.service.story.back() == "anna gone, unfinished frame");
  CHECK(s.log ==
        std::vector<std::string>{"a client does not finish a frame: anna, " +
                                 slow.socket().local().to_string() + ": 10 bytes of it are held"});
  CHECK(is_told_last(s, slow, "unfinished"));
}

}  // namespace
