// The deadlines of a connection, and what it tells its owner about the memory that it holds.
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <jalon/connection.hpp>
#include <jalon/length_codec.hpp>
#include <jalon/reactor.hpp>

#include "catch.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"

using jalon::connection_deadline;
using jalon::connection_options;
using support::run_turns;
using support::run_until;
using namespace std::chrono_literals;

namespace {

using deadline_story = std::vector<std::string>;

// A connection with deadlines of ten seconds, and the peer at its other end.
template <class On, class Codec = jalon::line_codec>
struct deadline_scene : On, jalon::connection_handler {
  using link_type = jalon::connection<typename On::loop_type, Codec>;

  static connection_options ten_seconds() {
    connection_options options;
    options.queue = {.low_water = 10'000, .high_water = 100'000, .hard_limit = 10'000'000};
    options.stall_timeout = 10s;
    options.frame_timeout = 10s;
    return options;
  }

  explicit deadline_scene(const connection_options& options = ten_seconds(), Codec codec = Codec{})
      : link(std::make_unique<link_type>(this->loop, std::move(ends.second), *this, options,
                                         std::move(codec))) {
    link->socket().set_buffers(4'096, 65'536);
    peer.socket().set_buffers(65'536, 65'536);
  }

  void received(const jalon::frame& frame) override {
    told.push_back(frame.error ? "!" + frame.error.message() : std::string(frame.payload));
  }
  void late(connection_deadline which) override {
    constexpr std::array names{"stall", "frame", "drain", "close"};
    told.emplace_back(std::string("late: ") + names.at(static_cast<std::size_t>(which)));
    if (on_late) on_late();
  }
  void ended(std::error_code error) override { told.emplace_back(error ? "broken" : "end"); }
  void closed() override { told.emplace_back("closed"); }
  void holds(std::size_t bytes) noexcept override { held.push_back(bytes); }

  // @p spans times ten seconds.
  void wait(int spans = 1) {
    for (int span = 0; span < spans; ++span) {
      run_turns(*this, 5);
      this->clock.advance(10s);
      run_turns(*this, 5);
    }
  }

  // What the peer's system takes in by itself may count as progress in the first span.
  void wait_until_told() {
    for (int span = 0; span < 3 && told.empty(); ++span) wait();
  }

  [[nodiscard]] bool tells(const deadline_story& due) {
    return run_until(*this, [&] { return told == due; });
  }

  deadline_story told;
  std::vector<std::size_t> held;
  std::function<void()> on_late;
  std::pair<jalon::stream_socket, jalon::stream_socket> ends = support::tcp_pair();
  support::peer peer{std::move(ends.first)};
  std::unique_ptr<link_type> link;
};

TEMPLATE_TEST_CASE("a peer that accepts nothing is disconnected after its time", "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send(std::string(4'000'000, 'x'));
  s.wait_until_told();
  CHECK(s.told == deadline_story{"late: stall"});
  CHECK_FALSE(s.link->open());
  INFO("it does not accept what is left either");
  s.wait(2);
  CHECK(s.told == deadline_story{"late: stall", "late: drain", "closed"});
}

// Sends so much that it fits into this system's send buffer, but not into the peer's receive
// buffer.
template <class Scene>
void fill_send_buffer(Scene& s) {
  s.link->socket().set_buffers(200'000, 65'536);
  s.peer.socket().set_buffers(4'096, 4'096);
  for (int i = 0; i < 100 && s.link->socket().unacknowledged() == 0; ++i) {
    s.link->send(std::string(20'000, 'x'));
    run_turns(s, 3);
    REQUIRE(s.link->queued() == 0);
  }
  REQUIRE(s.link->socket().unacknowledged() > 0);
}

TEMPLATE_TEST_CASE("a peer that accepts nothing is disconnected, though this system holds it all",
                   "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  fill_send_buffer(s);
  s.wait_until_told();
  CHECK(s.told == deadline_story{"late: stall"});
  CHECK_FALSE(s.link->open());
}

TEMPLATE_TEST_CASE("this system does not keep for a peer what that did not accept in time", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  fill_send_buffer(s);
  s.wait_until_told();
  s.wait(10);
  REQUIRE(s.told.back() == "closed");
  std::vector<char> room(300'000);
  jalon::io_result last;
  REQUIRE(run_until(s, [&] {
    last = s.peer.socket().read_some(room);
    return last.status == jalon::io_status::end || last.status == jalon::io_status::error;
  }));
  CHECK(last.error == std::errc::connection_reset);
}

TEMPLATE_TEST_CASE("a peer that has accepted all may be silent for as long as it likes", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  fill_send_buffer(s);
  std::vector<char> room(300'000);
  REQUIRE(run_until(s, [&] {
    while (s.peer.socket().read_some(room).bytes > 0) {
    }
    return s.link->socket().unacknowledged() == 0;
  }));
  s.wait(5);
  CHECK(s.told.empty());
  s.link->send("more");
  run_turns(s, 1);
  // The peer's system may take its time to acknowledge, which is no time of this clock.
  REQUIRE(run_until(s, [&] { return s.link->socket().unacknowledged() == 0; }));
  s.wait(5);
  CHECK(s.told.empty());
  CHECK(s.link->open());
}

TEMPLATE_TEST_CASE("a peer that accepts a little in its time stays", "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send(std::string(4'000'000, 'x'));
  std::vector<char> room(300'000);
  run_turns(s, 5);
  for (int span = 0; span < 6; ++span) {
    const std::size_t before = s.link->queued();
    REQUIRE(before > 0);
    REQUIRE(run_until(s, [&] {
      s.peer.read_some(room.data(), room.size());
      return s.link->queued() < before;
    }));
    s.wait();
  }
  CHECK(s.told.empty());
}

// Has the peer take something in each of @p spans, but less than what lets the system accept more.
template <class Scene>
void take_slowly(Scene& s, int spans) {
  run_turns(s, 5);
  for (int span = 0; span < spans && s.told.empty(); ++span) {
    const std::size_t before = s.link->socket().unacknowledged();
    std::array<char, 8'000> room;
    REQUIRE(run_until(s, [&] {
      s.peer.read_some(room.data(), room.size());
      return s.link->socket().unacknowledged() < before;
    }));
    s.wait();
  }
}

TEMPLATE_TEST_CASE("a peer that takes a little of a large send buffer stays, open or closing", "",
                   ALL_LOOPS) {
  for (const bool closing : {false, true}) {
    CAPTURE(closing);
    deadline_scene<TestType> s;
    s.link->socket().set_buffers(4'000'000, 65'536);
    s.link->send(std::string(4'000'000, 'x'));
    if (closing) s.link->close();
    take_slowly(s, 5);
    CHECK(s.told.empty());
  }
}

TEMPLATE_TEST_CASE("a peer that takes a little for too long is cut off once it is closed", "",
                   ALL_LOOPS) {
  auto options = deadline_scene<TestType>::ten_seconds();
  options.close_timeout = 30s;
  deadline_scene<TestType> s(options);
  s.link->socket().set_buffers(4'000'000, 65'536);
  s.link->send(std::string(4'000'000, 'x'));
  take_slowly(s, 4);
  CHECK(s.told.empty());
  s.link->close();
  take_slowly(s, 2);
  CHECK(s.told.empty());
  take_slowly(s, 2);
  CHECK(s.told == deadline_story{"late: close", "closed"});
}

TEMPLATE_TEST_CASE("a peer that has accepted all is not late, however long nothing is sent", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send(std::string(400'000, 'x'));
  run_turns(s, 5);
  REQUIRE(run_until(s, [&] { return s.peer.received().size() == 400'001; }));
  s.wait(10);
  CHECK(s.told.empty());
}

TEMPLATE_TEST_CASE("without deadlines, nobody is late", "", ALL_LOOPS) {
  connection_options options;
  deadline_scene<TestType> s(options);
  s.link->send(std::string(4'000'000, 'x'));
  s.peer.send("half");
  run_turns(s, 5);
  s.clock.advance(10'000h);
  run_turns(s, 5);
  CHECK(s.told.empty());
}

TEMPLATE_TEST_CASE("a frame that is begun and not finished disconnects, with what was sent", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send("an answer");
  s.peer.send("one\nhal");
  REQUIRE(s.tells({"one"}));
  s.clock.advance(9s);
  run_turns(s, 5);
  s.peer.send("f");  // a byte in each span does not help
  run_turns(s, 5);
  CHECK(s.told == deadline_story{"one"});
  s.clock.advance(1s);
  REQUIRE(s.tells({"one", "late: frame"}));
  REQUIRE(run_until(s, [&] { return s.peer.ended(); }));
  CHECK(s.peer.received() == "an answer\n");
  s.peer.leave();
  CHECK(s.tells({"one", "late: frame", "closed"}));
}

TEMPLATE_TEST_CASE("frames that are finished in time are not late, although one is always begun",
                   "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  deadline_story due;
  s.peer.send("a");
  for (int piece = 0; piece < 10; ++piece) {
    run_turns(s, 5);
    s.clock.advance(6s);
    s.peer.send("b\na");
    due.emplace_back("ab");
    REQUIRE(s.tells(due));
  }
  s.wait(2);
  due.insert(due.end(), {"late: frame", "late: drain", "closed"});
  CHECK(s.told == due);
}

TEMPLATE_TEST_CASE("a line that is too long, and does not end, is late", "", ALL_LOOPS) {
  deadline_scene<TestType> s(deadline_scene<TestType>::ten_seconds(), jalon::line_codec(8));
  s.peer.send("far too long");
  REQUIRE(s.tells({"!frame too long"}));
  s.wait();
  CHECK(s.told == deadline_story{"!frame too long", "late: frame"});
}

TEMPLATE_TEST_CASE("after a length that is too large, a peer is late", "", ALL_LOOPS) {
  deadline_scene<TestType, jalon::length_codec> s(deadline_scene<TestType>::ten_seconds(),
                                                  jalon::length_codec(1, 8));
  s.peer.send("\xff");
  REQUIRE(s.tells({"!frame too long"}));
  s.wait();
  CHECK(s.told == deadline_story{"!frame too long", "late: frame"});
}

TEMPLATE_TEST_CASE("while a connection does not read, no frame of its peer is late", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.peer.send("hal");
  REQUIRE(run_until(s, [&] { return s.link->undelivered() == 3; }));
  s.link->pause();
  s.peer.send("f\n");
  s.wait(5);
  CHECK(s.told.empty());
  s.link->resume();
  s.clock.advance(10s);  // the timer expires before what has waited is read
  CHECK(s.tells({"half"}));
  s.wait(5);
  CHECK(s.told == deadline_story{"half"});
}

TEMPLATE_TEST_CASE("a handler may send a last frame to who is late", "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.on_late = [&] {
    s.link->send("too late");
    s.link->close();
  };
  s.peer.send("half");
  s.wait();
  REQUIRE(run_until(s, [&] { return s.peer.ended(); }));
  CHECK(s.peer.received() == "too late\n");
}

TEMPLATE_TEST_CASE("a handler that throws when a peer is late leaves a connection that closes", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.on_late = [] { throw std::runtime_error("no"); };
  s.peer.send("half");
  CHECK_THROWS_AS(s.wait(), std::runtime_error);
  CHECK_FALSE(s.link->open());
  REQUIRE(run_until(s, [&] { return s.peer.ended(); }));
  s.peer.leave();
  CHECK(s.tells({"late: frame", "closed"}));
}

// A loop that counts the timers that are set.
struct timer_counting_loop : jalon::reactor {
  using jalon::reactor::reactor;

  auto at(jalon::steady_time when, std::function<void()> callback) {
    ++timers_set;
    return jalon::reactor::at(when, std::move(callback));
  }

  int timers_set = 0;
};

struct on_timer_counting {
  using loop_type = timer_counting_loop;

  support::settable_clock clock = {};
  loop_type loop{jalon::poll_poller{}, clock};
};

TEST_CASE("deadlines set no timer for a frame, however many frames there are") {
  const auto timers_for = [](int frames) {
    deadline_scene<on_timer_counting> s;
    for (int frame = 0; frame < frames; ++frame) {
      s.peer.send("begun");
      run_turns(s, 3);
      s.peer.send(" and finished\n");
      s.link->send(std::string(100'000, 'x'));  // more than the socket takes at once
      const std::size_t due = (static_cast<std::size_t>(frame) + 1) * 100'001;
      REQUIRE(run_until(s, [&] { return s.peer.received().size() == due; }));
      REQUIRE(run_until(s, [&] { return s.told.size() == static_cast<std::size_t>(frame) + 1; }));
    }
    return s.loop.timers_set;
  };
  CHECK(timers_for(10) == 2);
  CHECK(timers_for(100) == 2);
}

TEMPLATE_TEST_CASE("a connection tells what a frame in part holds, and when it is free again", "",
                   ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.peer.send("half");
  REQUIRE(run_until(s, [&] { return !s.held.empty(); }));
  CHECK(s.held == std::vector{connection_options{}.read_bytes});
  s.peer.send(" and half\n");
  REQUIRE(s.tells({"half and half"}));
  run_turns(s, 3);
  CHECK(s.held == std::vector{connection_options{}.read_bytes, std::size_t{0}});
  INFO("whole frames, and what a socket accepts at once, are nothing to tell");
  s.peer.send("one\ntwo\n");
  s.link->send("answer");
  REQUIRE(run_until(s, [&] { return s.peer.received() == "answer\n"; }));
  CHECK(s.held.size() == 2);
}

TEMPLATE_TEST_CASE("a connection tells what a full socket has left behind", "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send(std::string(4'000'000, 'x'));
  CHECK(s.held.empty());
  REQUIRE(run_until(s, [&] { return !s.held.empty(); }));
  run_turns(s, 5);
  CHECK(s.held.back() >= s.link->queued());
  CHECK(s.held.back() < s.link->queued() + 1'000);
  REQUIRE(run_until(s, [&] { return s.peer.received().size() == 4'000'001; }));
  run_turns(s, 5);
  CHECK(s.held.back() == 0);
}

TEMPLATE_TEST_CASE("many small frames hold more than their bytes", "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send(std::string(4'000'000, 'x'));
  run_turns(s, 5);
  const std::size_t before = s.held.back() - s.link->queued();
  for (int frame = 0; frame < 1'000; ++frame) s.link->send("x");
  run_turns(s, 5);
  CHECK(s.held.back() - s.link->queued() > before + 1'000 * sizeof(jalon::shared_payload));
}

TEMPLATE_TEST_CASE("a connection that is closed holds nothing more of its queue", "", ALL_LOOPS) {
  deadline_scene<TestType> s;
  s.link->send("the first");
  s.link->send(std::string(4'000'000, 'x'));
  s.link->send(std::string(4'000'000, 'y'));
  run_turns(s, 5);
  REQUIRE(s.held.back() > 4'000'000);
  s.link->close_without_queue("the last");
  run_turns(s, 5);
  CHECK(s.held.back() < 4'001'000);
}

}  // namespace
