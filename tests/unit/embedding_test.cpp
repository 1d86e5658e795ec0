// What the programs that use the toolkit may do to it: fork, run a loop within a handler, watch a
// descriptor twice, say "no limit" with the largest duration, change the working directory.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <jalon/connect.hpp>
#include <jalon/server.hpp>
#include <jalon/signal_set.hpp>

#include "catch.hpp"
#include "support/handler.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"
#include "support/server_scene.hpp"

using jalon::io_events;
using support::peer;
using support::run_turns;
using support::run_until;
using support::server_scene;
using namespace std::chrono_literals;

namespace {

// Runs @p what in a child process, which ends without the destructors of this one. @return whether
// it ended as it should
bool in_child(const std::function<void()>& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    what();
    ::_exit(0);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEMPLATE_TEST_CASE("a child that destroys its copy of a watch leaves the parent's alone", "",
                   OWN_LOOPS) {
  TestType on;
  auto ends = jalon::stream_socket::pair();
  int calls = 0;
  std::optional<jalon::reactor::watch_type> watch =
      on.loop.watch(ends.first.fd(), io_events::read, [&](io_events) { ++calls; });
  REQUIRE(in_child([&] { watch.reset(); }));
  ends.second.write_some("x");
  CHECK(run_until(on, [&] { return calls > 0; }));
}

TEST_CASE("a child that destroys its copy of a listener leaves the parent's file alone") {
  const support::temporary_folder folder;
  const std::string path = (folder / "chat").string();
  std::optional<jalon::listener> door(*jalon::endpoint::unix_path(path));
  REQUIRE(in_child([&] { door.reset(); }));
  CHECK(std::filesystem::exists(path));
  door.reset();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a signal that a child gets is not reported to the parent") {
  jalon::signal_set signals{SIGUSR1};
  REQUIRE(in_child([] { ::raise(SIGUSR1); }));
  CHECK_FALSE(signals.next());
  ::raise(SIGUSR1);
  CHECK(signals.next() == SIGUSR1);
}

TEST_CASE("a listener removes its own file, and no file that took its place") {
  const support::temporary_folder folder;
  const std::string path = (folder / "chat").string();
  std::optional<jalon::listener> first(*jalon::endpoint::unix_path(path));
  SECTION("the socket of a successor") {
    std::filesystem::remove(path);
    const jalon::listener second(*jalon::endpoint::unix_path(path));
    first.reset();
    CHECK(std::filesystem::exists(path));
    auto client = jalon::connect({*jalon::endpoint::unix_path(path)}, 1s);
    CHECK(client.fd() != -1);
  }
  SECTION("a plain file") {
    std::filesystem::remove(path);
    std::ofstream(path) << "precious";
    first.reset();
    CHECK(std::filesystem::file_size(path) == 8);
  }
  SECTION("also after it was moved") {
    const jalon::listener moved(std::move(*first));
    first.reset();
    CHECK(std::filesystem::exists(path));
  }
}

TEST_CASE("a listener with a relative path removes its file in another working directory too") {
  const support::temporary_folder folder;
  const support::temporary_folder other;
  const auto before = std::filesystem::current_path();
  std::ofstream(other / "chat") << "precious";
  std::filesystem::current_path(folder / ".");
  {
    const jalon::listener door(*jalon::endpoint::unix_path("chat"));
    std::filesystem::current_path(other / ".");
  }
  std::filesystem::current_path(before);
  CHECK_FALSE(std::filesystem::exists(folder / "chat"));
  CHECK(std::filesystem::exists(other / "chat"));
}

TEMPLATE_TEST_CASE("a handler that runs its loop gets an error that says so", "", ALL_LOOPS) {
  TestType on;
  std::string told;
  const auto timer = on.loop.at(on.clock(), [&] {
    try {
      on.loop.run_once(0ms);
    } catch (const std::logic_error& error) {
      told = error.what();
    }
    try {
      on.loop.run();
    } catch (const std::logic_error&) {
      told += " twice";
    }
  });
  REQUIRE(run_until(on, [&] { return !told.empty(); }));
  CHECK(told.find("handler") != told.npos);
  CHECK(told.ends_with(" twice"));
  INFO("the loop goes on");
  bool called = false;
  const auto later = on.loop.at(on.clock(), [&] { called = true; });
  CHECK(run_until(on, [&] { return called; }));
}

TEMPLATE_TEST_CASE("a descriptor cannot be watched twice at a time", "", ALL_LOOPS) {
  TestType on;
  auto ends = jalon::stream_socket::pair();
  int calls = 0;
  const auto count = [&](io_events) { ++calls; };
  auto watch = on.loop.watch(ends.first.fd(), io_events::read, count);
  const auto watch_again = [&] {
    static_cast<void>(on.loop.watch(ends.first.fd(), io_events::read, [](io_events) {}));
  };
  CHECK_THROWS_AS(watch_again(), std::system_error);
  ends.second.write_some("x");
  CHECK(run_until(on, [&] { return calls > 0; }));
  watch = {};
  CHECK_NOTHROW(watch_again());
}

TEMPLATE_TEST_CASE("a loop that was stopped before it runs returns after one turn", "", ALL_LOOPS) {
  TestType on;
  on.loop.stop();
  on.loop.run();
  bool called = false;
  const auto timer = on.loop.at(on.clock(), [&] {
    called = true;
    on.loop.stop();
  });
  on.loop.run();
  CHECK(called);
}

TEMPLATE_TEST_CASE("two stops before a run are one", "", ALL_LOOPS) {
  TestType on;
  on.loop.stop();
  on.loop.stop();
  on.loop.run();
  int calls = 0;
  const auto timer = on.loop.at(on.clock(), [&] {
    ++calls;
    on.loop.stop();
  });
  on.loop.run();
  CHECK(calls == 1);
}

TEMPLATE_TEST_CASE("what is sent in the handler that stops the loop is written", "", ALL_LOOPS) {
  TestType on;
  auto ends = support::tcp_pair();
  support::function_handler handler;
  jalon::connection<typename TestType::loop_type> link(on.loop, std::move(ends.first), handler);
  peer other(std::move(ends.second));
  const auto timer = on.loop.at(on.clock(), [&] {
    on.loop.stop();
    link.send("bye");
  });
  on.loop.run();
  CHECK(other.received() == "bye\n");
}

TEMPLATE_TEST_CASE("a loop with nothing to watch waits for what other threads post", "",
                   ALL_LOOPS) {
  TestType on;
  std::string told;
  std::thread other([&] {
    on.loop.post([&] { told += "posted"; });
    on.loop.post([&] { on.loop.stop(); });
  });
  on.loop.run();
  other.join();
  CHECK(told == "posted");
}

TEST_CASE("the largest duration after any time is the last time, not one in the past") {
  using jalon::steady_time;
  using jalon::time_after;
  const steady_time now{1h};
  CHECK(time_after(now, 5s) == now + 5s);
  CHECK(time_after(now, 0s) == now);
  CHECK(time_after(now, std::chrono::milliseconds::max()) == steady_time::max());
  CHECK(time_after(now, std::chrono::seconds::max()) == steady_time::max());
  CHECK(time_after(now, steady_time::duration::max()) == steady_time::max());
  CHECK(time_after(steady_time::max(), 1ms) == steady_time::max());
}

TEMPLATE_TEST_CASE("a drain timeout without limit does not cut off at once", "", ALL_LOOPS) {
  TestType on;
  auto ends = support::tcp_pair();
  jalon::connection_options options;
  options.drain_timeout = std::chrono::milliseconds::max();
  options.close_timeout = std::chrono::milliseconds::max();
  support::function_handler handler;
  bool closed = false;
  handler.on_closed = [&] { closed = true; };
  jalon::connection<typename TestType::loop_type> link(on.loop, std::move(ends.first), handler,
                                                       options);
  link.close();
  on.clock.advance(24h);
  run_turns(on, 5);
  CHECK_FALSE(closed);
  ends.second = {};
  CHECK(run_until(on, [&] { return closed; }));
}

TEMPLATE_TEST_CASE("a shutdown without limit waits for the clients", "", ALL_LOOPS) {
  server_scene<TestType> s;
  peer slow = s.client();
  s.service.answer = [&](std::size_t who, std::string_view, jalon::actions& out) {
    out.send(s.service.id_of(who), std::string(8'000'000, 'x'));
  };
  slow.send("much\n");
  REQUIRE(s.tells({"anna connected", "anna says much"}));
  bool done = false;
  s.server->shut_down(std::chrono::milliseconds::max(), [&] { done = true; });
  run_turns(s, 5);
  CHECK_FALSE(done);
  REQUIRE(s.until([&] { return slow.received().size() == 8'000'001; }));
  CHECK(s.until([&] { return done; }));
}

TEST_CASE("connecting without limit connects") {
  const jalon::listener door(jalon::endpoint::loopback(0));
  CHECK(jalon::connect({door.local()}, std::chrono::milliseconds::max()).fd() != -1);
}

TEMPLATE_TEST_CASE("an answer that is sent before a shutdown in the same call arrives", "",
                   ALL_LOOPS) {
  server_scene<TestType> s;
  bool done = false;
  s.service.answer = [&](std::size_t who, std::string_view, jalon::actions& out) {
    out.send(s.service.id_of(who), "goodbye");
    s.server->shut_down(2s, [&] { done = true; });
  };
  peer anna = s.client();
  anna.send("stop\n");
  REQUIRE(s.until([&] { return anna.ended(); }));
  CHECK(anna.received() == "goodbye\n");
  CHECK(s.until([&] { return done; }));
}

TEST_CASE("connecting to a free local port never ends in a connection to itself") {
  // Ports that the system chooses for clients: near one that it has just chosen.
  const jalon::listener door(jalon::endpoint::loopback(0));
  const std::uint16_t chosen = jalon::connect({door.local()}, 1s).local().port();
  int to_itself = 0;
  for (int attempt = 0; attempt < 100'000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(chosen + 2 + attempt % 200 * 2);
    jalon::connector once({jalon::endpoint::loopback(port)});
    if (once.status() == jalon::connector::state::pending) once.advance();
    if (once.status() != jalon::connector::state::connected) continue;
    to_itself += once.take().local() == once.target() ? 1 : 0;  // it may be somebody's server
  }
  CHECK(to_itself == 0);
}

TEST_CASE("connecting to a unix socket with a full backlog waits until there is room") {
  const support::temporary_folder folder;
  const auto at = *jalon::endpoint::unix_path((folder / "chat").string());
  jalon::listener door(at, {.backlog = 0});
  std::vector<jalon::stream_socket> before;
  jalon::connector attempt({at});
  for (int n = 0; n < 10 && !attempt.backlog_full(); ++n) {
    before.push_back(attempt.take());
    attempt = jalon::connector({at});
  }
  REQUIRE(attempt.backlog_full());
  CHECK_THROWS_AS(jalon::connect({at}, 20ms), std::system_error);
  CHECK(attempt.advance() == jalon::connector::state::pending);
  while (door.accept().status == jalon::io_status::ok) {
  }
  CHECK(attempt.advance() == jalon::connector::state::connected);
  CHECK_FALSE(attempt.backlog_full());
}

}  // namespace
