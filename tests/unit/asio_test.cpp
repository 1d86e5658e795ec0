// What is particular to Asio's loop; what all loops do alike is in event_loop_test.cpp.
#ifdef JALON_EXAMPLES_WITH_ASIO

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <jalon/asio_loop.hpp>
#include <jalon/connection.hpp>
#include <jalon/server.hpp>

#include "catch.hpp"
#include "support/handler.hpp"
#include "support/peer.hpp"
#include "support/recording_service.hpp"
#include "support/resources.hpp"

using namespace std::chrono_literals;

namespace {

TEST_CASE("a server on Asio's loop runs beside whatever else its context does") {
  asio::io_context context;
  jalon::asio_loop loop(context);
  support::recording_service service;
  jalon::server server(loop, jalon::listener(jalon::endpoint::loopback(0)), service);

  std::string story;
  asio::steady_timer other(context, 0ms);
  other.async_wait([&](const asio::error_code&) { story += "timer "; });
  asio::post(context, [&] { story += "post "; });

  support::peer client(server.local());
  client.send("hello\n");
  for (int turn = 0; turn < 1'000 && client.received() != "hello\n"; ++turn)
    context.run_one_for(10ms);
  CHECK(client.received() == "hello\n");
  CHECK(story.find("timer ") != story.npos);
  CHECK(story.find("post ") != story.npos);
}

TEST_CASE("a connection on Asio's loop needs no server") {
  asio::io_context context;
  jalon::asio_loop loop(context);
  auto ends = support::tcp_pair();
  std::string got;
  support::function_handler handler;
  handler.on_received = [&](const jalon::frame& frame) {
    got = frame.payload;
    loop.stop();
  };
  const jalon::connection<jalon::asio_loop> link(loop, std::move(ends.first), handler);
  ends.second.write_some("a line\n");
  loop.run();
  CHECK(got == "a line");
}

TEST_CASE("timers of Asio's loop are called by its context, the earliest first") {
  asio::io_context context;
  jalon::asio_loop loop(context);
  std::string story;
  const auto start = loop.now();
  const auto second = loop.at(start + 2ms, [&] {
    story += '2';
    loop.stop();
  });
  const auto first = loop.at(start + 1ms, [&] { story += '1'; });
  const auto never = loop.at(jalon::steady_time::max(), [&] { story += '3'; });
  loop.run();
  CHECK(story == "12");
}

TEST_CASE("another thread may stop Asio's loop") {
  asio::io_context context;
  jalon::asio_loop loop(context);
  auto [near, far] = jalon::stream_socket::pair();
  const auto watch = loop.watch(near.fd(), jalon::io_events::read, [](jalon::io_events) {});
  std::atomic<bool> running = false;
  asio::post(context, [&] { running = true; });
  std::thread stopper([&] {
    while (!running) std::this_thread::yield();
    loop.stop();
  });
  loop.run();
  stopper.join();
  CHECK(running);
}

TEST_CASE("a context that runs Asio's loop runs what was put off once a round") {
  asio::io_context context;
  jalon::asio_loop loop(context);
  constexpr int rounds = 20;
  int runs = 0;
  int others = 0;
  std::optional<jalon::deferred> input;
  std::optional<jalon::deferred> output;
  input.emplace(
      loop.deferrals(),
      [&] {
        ++runs;
        output->schedule();
        input->schedule();
      },
      jalon::deferral_stage::after_input);
  output.emplace(loop.deferrals(), [&] { loop.retire(std::make_unique<int>()); });
  input->schedule();
  // What else the context does has its turn between two runs of the queue.
  std::function<void()> other = [&] {
    if (++others < rounds)
      asio::post(context, other);
    else
      loop.stop();
  };
  asio::post(context, other);
  loop.run();
  CHECK(runs >= rounds - 1);
  CHECK(runs <= rounds + 2);
}

TEST_CASE("a handler may not run Asio's loop, also if the user runs the context") {
  asio::io_context context;
  jalon::asio_loop loop(context);
  auto [near, far] = jalon::stream_socket::pair();
  far.write_some("x");
  int refused = 0;
  const auto run_nested = [&] {
    auto object = std::make_unique<int>(7);
    const int& kept = *object;
    loop.retire(std::move(object));
    CHECK_THROWS_AS(loop.run(), std::logic_error);
    CHECK_THROWS_AS(loop.run_once(0ms), std::logic_error);
    CHECK(kept == 7);  // it is destroyed at the end of the turn
    ++refused;
  };
  jalon::deferred put_off(loop.deferrals(), run_nested);
  jalon::asio_loop::watch_type watch;
  watch = loop.watch(near.fd(), jalon::io_events::read, [&](jalon::io_events) {
    watch.drop();
    run_nested();
  });
  const auto timer = loop.at(loop.now(), run_nested);
  loop.post(run_nested);
  put_off.schedule();
  for (int turn = 0; turn < 1'000 && refused < 4; ++turn) context.run_one_for(10ms);
  CHECK(refused == 4);
}

// A loop that can go before its context does; on the heap, where a sanitizer sees who still uses
// it.
struct mortal_loop {
  asio::io_context context;
  std::unique_ptr<jalon::asio_loop> loop = std::make_unique<jalon::asio_loop>(context);
  bool called = false;
};

TEST_CASE("what was put off on Asio's loop is not called when the loop has gone") {
  mortal_loop m;
  {
    jalon::deferred put_off(m.loop->deferrals(), [&] { m.called = true; });
    put_off.schedule();
  }
  m.loop.reset();
  m.context.poll();
  CHECK_FALSE(m.called);
}

TEST_CASE("a watch of Asio's loop that is ready is not called when the loop has gone") {
  mortal_loop m;
  auto [near, far] = jalon::stream_socket::pair();
  far.write_some("x");
  {
    const auto watch = m.loop->watch(near.fd(), jalon::io_events::read,
                                     [&](jalon::io_events) { m.called = true; });
  }
  m.loop.reset();
  m.context.poll();
  CHECK_FALSE(m.called);
}

TEST_CASE("a timer of Asio's loop that is due finds the loop gone, and lets it rest") {
  mortal_loop m;
  auto timer = m.loop->at(m.loop->now(), [&] { m.called = true; });
  // It comes first, in the turn in which the timer is due.
  asio::post(m.context, [&] {
    timer = {};
    m.loop.reset();
  });
  m.context.poll();
  CHECK(m.loop == nullptr);
  CHECK_FALSE(m.called);
}

TEST_CASE("what was posted is not called when the loop is destroyed, as a reactor does it",
          "[asio]") {
  asio::io_context context;
  bool called = false;
  {
    jalon::asio_loop loop(context);
    loop.post([&] { called = true; });
  }
  context.run();
  CHECK_FALSE(called);
}

}  // namespace

#endif
