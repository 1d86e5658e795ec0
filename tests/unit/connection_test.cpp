// One peer on a loop: frames in, frames out, and every way in which it can end.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <jalon/connection.hpp>
#include <jalon/length_codec.hpp>

#include "catch.hpp"
#include "support/handler.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"

using jalon::connection_options;
using jalon::line_codec;
using support::run_turns;
using support::run_until;
using namespace std::chrono_literals;

namespace {

using story = std::vector<std::string>;

// A connection on a loop, the peer at its other end, and what the connection has told.
template <class On, class Codec = line_codec>
struct connection_scene : On, jalon::connection_handler {
  using link_type = jalon::connection<typename On::loop_type, Codec>;

  explicit connection_scene(const connection_options& options = {}, Codec codec = Codec{})
      : link(std::make_unique<link_type>(this->loop, std::move(ends.second), *this, options,
                                         std::move(codec))) {}

  void received(const jalon::frame& frame) override {
    told.push_back(frame.error ? "!" + frame.error.message() : std::string(frame.payload));
    if (on_frame) on_frame(told.back());
  }
  void ended(std::error_code error) override {
    told.push_back(error ? "broken: " + error.message() : "end");
    if (on_end) on_end();
  }
  void closed() override {
    told.emplace_back("closed");
    if (on_closed) on_closed();
  }

  // Gives the connection up in one of its handlers.
  void retire_link() { this->loop.retire(std::move(link)); }

  // Has the system hold little of what is under way, so that a test need not send much.
  void narrow() {
    link->socket().set_buffers(4'096, 65'536);
    peer.socket().set_buffers(65'536, 65'536);
  }

  // Turns until that has been told. @return whether it ever was
  bool tells(const story& due) {
    return run_until(*this, [&] { return told == due; });
  }

  // Turns until the peer has received that. @return whether it ever has
  bool peer_gets(const std::string& due) {
    return run_until(*this, [&] { return peer.received() == due; });
  }

  story told;
  std::function<void(const std::string&)> on_frame;
  std::function<void()> on_end;
  std::function<void()> on_closed;
  std::pair<jalon::stream_socket, jalon::stream_socket> ends = support::tcp_pair();
  support::peer peer{std::move(ends.first)};
  std::unique_ptr<link_type> link;
};

// Limits that a test passes with little.
connection_options small_queue() {
  connection_options options;
  options.queue = {.low_water = 10'000, .high_water = 100'000, .hard_limit = 10'000'000};
  options.drain_timeout = 10s;
  return options;
}

const std::string reset_message =
    "broken: " + std::make_error_condition(std::errc::connection_reset).message();

TEMPLATE_TEST_CASE("lines that are joined in one segment are told one by one", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  s.peer.send("one\ntwo\n\nthree\nfo");
  CHECK(s.tells({"one", "two", "", "three"}));
  s.peer.send("ur\n");
  CHECK(s.tells({"one", "two", "", "three", "four"}));
}

TEMPLATE_TEST_CASE("a line that comes byte by byte is one line", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  s.peer.socket().set_no_delay(true);
  for (const char byte : std::string("hello\r\nworld\n")) {
    s.peer.send({&byte, 1});
    run_turns(s, 2);
  }
  CHECK(s.tells({"hello", "world"}));
}

TEMPLATE_TEST_CASE("a stream that is cut anywhere gives the same lines", "", ALL_LOOPS) {
  const std::string stream = "ab\r\nfar too long\n\nc\nd";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    INFO("cut after " << cut << " bytes");
    connection_scene<TestType> s({}, line_codec(8));
    s.peer.send(stream.substr(0, cut));
    run_turns(s, 3);
    s.peer.send(stream.substr(cut));
    s.peer.end_output();
    CHECK(s.tells({"ab", "!frame too long", "", "c", "d", "end"}));
  }
}

TEMPLATE_TEST_CASE("what is sent arrives in order", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  CHECK(s.link->send("one"));
  CHECK(s.link->send(jalon::make_payload("two\nthree\n")));
  CHECK(s.link->queued() == 14);
  CHECK(s.peer_gets("one\ntwo\nthree\n"));
  CHECK(s.link->queued() == 0);
}

TEMPLATE_TEST_CASE("what is sent in one turn is written by one call", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  story writes;
  s.loop.set_trace([&](std::string_view line) {
    if (line.find(" wrote ") != line.npos) writes.emplace_back(line);
  });
  s.on_frame = [&](const std::string& line) {
    for (int i = 0; i < 100; ++i) s.link->send(line);
  };
  s.peer.send("1\n2\n3\n");
  REQUIRE(run_until(s, [&] { return s.peer.received().size() == 600; }));
  CHECK(writes == story{"  " + std::to_string(s.link->socket().fd()) +
                        " wrote 600 bytes; 0 wait to be written"});
}

TEMPLATE_TEST_CASE("after a half-close the last line is told, and answers still arrive", "",
                   ALL_LOOPS) {
  connection_scene<TestType> s;
  s.peer.send("question\nlast without LF");
  s.peer.end_output();
  REQUIRE(s.tells({"question", "last without LF", "end"}));
  CHECK(s.link->send("answer"));
  CHECK(s.peer_gets("answer\n"));
  CHECK_FALSE(s.peer.gone());

  s.link->close();
  CHECK(s.tells({"question", "last without LF", "end", "closed"}));
  CHECK(s.peer.ended());
}

TEMPLATE_TEST_CASE("a connection that is reset is broken, in mid-line too, and closed", "",
                   ALL_LOOPS) {
  const std::string begun = GENERATE("", "half a li");
  connection_scene<TestType> s;
  s.peer.send("whole\n" + begun);
  REQUIRE(s.tells({"whole"}));
  s.peer.reset();
  CHECK(s.tells({"whole", reset_message, "closed"}));
  run_turns(s, 5);
  CHECK(s.told.size() == 3);
}

TEMPLATE_TEST_CASE("a peer that vanishes while it is written to is broken", "", ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  s.narrow();
  REQUIRE(s.link->send(std::string(1'000'000, 'x')));
  run_turns(s, 5);
  REQUIRE(s.link->queued() > 0);
  s.peer.reset();
  REQUIRE(run_until(s, [&] { return s.told.size() == 2; }));
  CHECK(s.told[0].starts_with("broken: "));
  CHECK(s.told[1] == "closed");
}

TEMPLATE_TEST_CASE("too long a line is told, and the next one comes", "", ALL_LOOPS) {
  connection_scene<TestType> s({}, line_codec(1'000));
  s.peer.send(std::string(50'000, 'x') + "\nnext\n");
  CHECK(s.tells({"!frame too long", "next"}));
}

TEMPLATE_TEST_CASE("another codec cuts the stream its own way", "", ALL_LOOPS) {
  connection_scene<TestType, jalon::length_codec> s({}, jalon::length_codec(2, 100));
  s.peer.send(std::string("\0\3abc\0\0\0\1", 9));
  REQUIRE(s.tells({"abc", ""}));
  CHECK(s.link->send("xyz"));
  CHECK(s.peer_gets(std::string("\0\3xyz", 5)));
  s.peer.end_output();
  CHECK(s.tells({"abc", "", "!frame cut short", "end"}));
}

TEMPLATE_TEST_CASE("closing sends the last words, though the peer goes on talking", "", ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  const std::string much(500'000, 'x');
  REQUIRE(s.link->send(much));
  REQUIRE(s.link->send("goodbye"));
  s.link->close();
  CHECK(s.link->send("too late"));
  // It talks before it reads, in every turn, up to the end.
  const bool ended = run_until(s, [&] {
    s.peer.send_some("and another thing\n");
    return s.peer.gone();
  });
  REQUIRE(ended);
  CHECK(s.peer.received() == much + "\ngoodbye\n");
  CHECK(s.peer.ended());
  CHECK_FALSE(s.peer.error());
  INFO("what it said after the close is told to nobody");
  CHECK(s.told.empty());

  s.peer.leave();
  CHECK(s.tells({"closed"}));
}

TEMPLATE_TEST_CASE("the frame in whose handler a connection is closed can be read to its end", "",
                   ALL_LOOPS) {
  connection_scene<TestType> s;
  std::string payload;
  typename connection_scene<TestType>::link_type* link = nullptr;
  support::function_handler handler;
  handler.on_received = [&](const jalon::frame& frame) {
    link->close();
    payload = frame.payload;
  };
  auto ends = support::tcp_pair();
  typename connection_scene<TestType>::link_type closing(s.loop, std::move(ends.second), handler);
  link = &closing;
  ends.first.write_some("a line that is still needed\nanother\n");
  REQUIRE(run_until(s, [&] { return !payload.empty(); }));
  CHECK(payload == "a line that is still needed");
}

TEMPLATE_TEST_CASE("a peer that neither ends nor takes anything is cut off after its time", "",
                   ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  s.link->close();
  run_turns(s, 5);
  CHECK(s.peer.ended());
  s.clock.advance(9'999ms);
  run_turns(s, 5);
  CHECK(s.told.empty());
  s.clock.advance(1ms);
  CHECK(s.tells({"closed"}));
}

TEMPLATE_TEST_CASE("a peer that takes some of what waits has more time", "", ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  s.narrow();
  REQUIRE(s.link->send(std::string(4'000'000, 'x')));
  s.link->close();
  std::vector<char> room(200'000);
  for (int span = 0; span < 3; ++span) {
    run_turns(s, 5);
    const std::size_t queued = s.link->queued();
    REQUIRE(run_until(s, [&] {
      s.peer.read_some(room.data(), room.size());
      return s.link->queued() < queued;
    }));
    s.clock.advance(10s);
    run_turns(s, 5);
    CHECK(s.told.empty());
  }
  run_turns(s, 50);
  s.clock.advance(10s);
  run_turns(s, 5);
  s.clock.advance(10s);
  CHECK(s.tells({"closed"}));
}

TEMPLATE_TEST_CASE("above high water nothing is read, below low water all goes on", "", ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  s.narrow();
  const std::string answer(400'000, 'x');
  s.on_frame = [&](const std::string& line) {
    if (line == "much") REQUIRE(s.link->send(answer));
  };
  s.peer.send("much\nin the buffer\nand this\n");
  REQUIRE(s.tells({"much"}));
  s.peer.send("on the wire\n");
  run_turns(s, 20);
  INFO("the answer waits to be taken, so nothing more is told");
  CHECK(s.told == story{"much"});

  REQUIRE(run_until(s, [&] { return s.peer.received().size() == answer.size() + 1; }));
  CHECK(s.tells({"much", "in the buffer", "and this", "on the wire"}));
}

TEMPLATE_TEST_CASE("a peer that asks and does not read is made to wait", "", ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  s.narrow();
  s.on_frame = [&](const std::string&) { REQUIRE(s.link->send(std::string(1'000, 'x'))); };
  const std::string questions(4'000, '\n');
  std::size_t asked = 0;
  for (int turn = 0; turn < 1'000; ++turn) {
    asked += s.peer.send_some(questions);
    run_turns(s, 2);
  }
  INFO("what it asked is in buffers of the system and in one of the connection, all of them small");
  CHECK(asked < 500'000);
  CHECK(s.link->queued() < 110'000);
}

TEMPLATE_TEST_CASE("the end that came above high water is told when all before it is", "",
                   ALL_LOOPS) {
  connection_scene<TestType> s(small_queue());
  s.narrow();
  const std::string answer(400'000, 'x');
  s.on_frame = [&](const std::string& line) {
    if (line == "much") REQUIRE(s.link->send(answer));
  };
  s.peer.send("much\nlast");
  s.peer.end_output();
  REQUIRE(s.tells({"much"}));
  run_turns(s, 20);
  CHECK(s.told == story{"much"});
  REQUIRE(run_until(s, [&] { return s.peer.received().size() == answer.size() + 1; }));
  CHECK(s.tells({"much", "last", "end"}));
}

TEMPLATE_TEST_CASE("beyond the hard limit nothing is taken, and the peer can be told why", "",
                   ALL_LOOPS) {
  connection_options options;
  options.queue = {.low_water = 100, .high_water = 1'000, .hard_limit = 300'000};
  connection_scene<TestType> s(options);
  s.narrow();
  const std::string begun(200'000, 'b');
  REQUIRE(s.link->send(begun));
  run_turns(s, 5);
  REQUIRE(s.link->queued() > 0);
  REQUIRE(s.link->queued() < begun.size());
  while (s.link->send(std::string(9'999, 'n'))) {
  }
  CHECK(s.link->queued() <= 300'000);

  s.link->close_without_queue("you do not read");
  REQUIRE(run_until(s, [&] { return s.peer.gone(); }));
  INFO("the frame that was begun is whole, the others are not sent");
  CHECK(s.peer.received() == begun + "\nyou do not read\n");
  CHECK(s.peer.ended());
}

TEMPLATE_TEST_CASE("without last words, closing without the queue just ends", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  REQUIRE(s.link->send("never sent"));
  s.link->close_without_queue("");
  REQUIRE(run_until(s, [&] { return s.peer.gone(); }));
  CHECK(s.peer.received().empty());
  CHECK(s.peer.ended());
}

TEMPLATE_TEST_CASE("nothing is called after closed, also if the last line's handler aborts", "",
                   ALL_LOOPS) {
  auto ends = support::tcp_pair();
  TestType on;
  support::function_handler handler;
  jalon::connection<typename TestType::loop_type> link(on.loop, std::move(ends.first), handler);
  story told;
  handler.on_received = [&](const jalon::frame& frame) {
    told.emplace_back(frame.payload);
    link.abort();
  };
  handler.on_delivered = [&] { told.emplace_back("delivered"); };
  handler.on_closed = [&] { told.emplace_back("closed"); };
  support::peer other(std::move(ends.second));
  other.send("last without LF");
  other.end_output();
  REQUIRE(run_until(on, [&] { return other.gone(); }));
  CHECK(told.back() == "closed");
  CHECK(std::count(told.begin(), told.end(), "last without LF") == 1);
}

TEMPLATE_TEST_CASE("a connection that leaves with input unread sends its end, not a reset", "",
                   ALL_LOOPS) {
  connection_scene<TestType> s;
  s.link->pause();
  s.peer.send("never read");
  REQUIRE(s.link->send("the last line"));
  s.link->close_when_sent();
  REQUIRE(run_until(s, [&] { return s.peer.gone(); }));
  CHECK(s.peer.received() == "the last line\n");
  CHECK(s.peer.ended());
  CHECK_FALSE(s.peer.error());
}

TEMPLATE_TEST_CASE("aborted, a connection is closed at once, and tells that once", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  REQUIRE(s.link->send("never sent"));
  const int fd = s.link->socket().fd();
  s.link->abort();
  CHECK_FALSE(support::is_open(fd));
  s.link->abort();
  s.link->close();
  CHECK(s.link->send("neither"));
  run_turns(s, 5);
  CHECK(s.told == story{"closed"});
  CHECK(s.peer.received().empty());
}

TEMPLATE_TEST_CASE("any handler may abort its connection and have it retired", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  s.on_closed = [&] { s.retire_link(); };
  SECTION("when a frame has come, with another behind it") {
    s.on_frame = [&](const std::string&) { s.link->abort(); };
    s.peer.send("first\nsecond\n");
    CHECK(s.tells({"first", "closed"}));
  }
  SECTION("when a frame has come, with answers that wait") {
    s.on_frame = [&](const std::string&) {
      s.link->send("an answer that is lost");
      s.link->abort();
    };
    s.peer.send("first\n");
    CHECK(s.tells({"first", "closed"}));
  }
  SECTION("when the input has ended") {
    s.on_end = [&] { s.link->abort(); };
    s.peer.end_output();
    CHECK(s.tells({"end", "closed"}));
  }
  SECTION("when it is broken") {
    s.on_end = [&] { s.link->abort(); };
    s.peer.reset();
    CHECK(s.tells({reset_message, "closed"}));
  }
  SECTION("when it is closed") {
    s.link->close();
    s.peer.leave();
    CHECK(s.tells({"closed"}));
  }
  SECTION("when it delivers what waited for low water") {
    connection_scene<TestType> full(small_queue());
    full.narrow();
    full.on_closed = [&] { full.retire_link(); };
    full.on_frame = [&](const std::string& line) {
      if (line == "much")
        full.link->send(std::string(400'000, 'x'));
      else
        full.link->abort();
    };
    full.peer.send("much\nnow go\nnever told\n");
    REQUIRE(full.tells({"much"}));
    REQUIRE(run_until(full, [&] { return full.peer.gone(); }));
    CHECK(full.told == story{"much", "now go", "closed"});
    s.link->abort();
  }
  run_turns(s, 5);
  CHECK(s.link == nullptr);
  CHECK(run_until(s, [&] { return s.peer.socket().fd() == -1 || s.peer.gone(); }));
}

TEMPLATE_TEST_CASE("an end that is told may be answered by cutting off", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  s.on_end = [&] { s.link->abort(); };
  s.peer.reset();
  CHECK(s.tells({reset_message, "closed"}));
  run_turns(s, 5);
  CHECK(s.told.size() == 2);
}

TEMPLATE_TEST_CASE("one that floods keeps nobody waiting", "", ALL_LOOPS) {
  connection_scene<TestType> flood;
  auto ends = support::tcp_pair();
  std::size_t flooded = 0;
  std::size_t flooded_before_word = 0;
  flood.on_frame = [&](const std::string& line) { flooded += line.size() + 1; };
  const std::string lines(15, 'x');
  std::string much;
  while (much.size() < 1 << 18) much += lines + '\n';
  flood.peer.send_some(much);

  bool heard = false;
  support::function_handler handler;
  handler.on_received = [&](const jalon::frame&) {
    heard = true;
    flooded_before_word = flooded;
  };
  const jalon::connection<typename TestType::loop_type> quiet(flood.loop, std::move(ends.second),
                                                              handler);
  support::peer polite(std::move(ends.first));
  polite.send("a word\n");
  REQUIRE(run_until(flood, [&] { return heard; }));
  CHECK(flooded_before_word <= 2 * connection_options{}.read_bytes);
}

TEMPLATE_TEST_CASE("of one peer no more is read in a turn than was said", "", OWN_LOOPS) {
  connection_options options;
  options.read_bytes = 1'000;
  connection_scene<TestType> s(options);
  std::size_t got = 0;
  s.on_frame = [&](const std::string& line) { got += line.size() + 1; };
  s.peer.send(std::string(20'000, '\n'));
  while (got < 20'000) {
    const std::size_t before = got;
    s.loop.run_once(support::turn_limit);
    REQUIRE(got - before <= 1'000);
    REQUIRE(got > before);
  }
}

TEMPLATE_TEST_CASE("a trace tells what a connection reads, writes and has waiting", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  story lines;
  const std::string number = "  " + std::to_string(s.link->socket().fd());
  s.loop.set_trace([&](std::string_view line) {
    if (line.starts_with(number + " ")) lines.emplace_back(line);
  });
  const auto traced = [&](const std::string& words) {
    return run_until(
        s, [&] { return std::find(lines.begin(), lines.end(), number + words) != lines.end(); });
  };
  s.peer.send("hello\n");
  CHECK(traced(" read 6 bytes; 0 wait to be written"));
  s.link->send("answer");
  CHECK(traced(" wrote 7 bytes; 0 wait to be written"));
  CHECK(s.peer_gets("answer\n"));
  s.peer.end_output();
  CHECK(traced(" read 0 bytes, the end; 0 wait to be written"));
}

TEMPLATE_TEST_CASE("a trace tells why a connection is broken", "", ALL_LOOPS) {
  connection_scene<TestType> s;
  std::string all;
  s.loop.set_trace([&](std::string_view line) { all.append(line).push_back('\n'); });
  s.peer.reset();
  REQUIRE(run_until(s, [&] { return s.told.size() == 2; }));
  CHECK(all.find(" read 0 bytes, " + reset_message.substr(8) + "; 0 ") != all.npos);
}

}  // namespace
