// The loop names a handler that is called again and again and does nothing, and nobody else.
#include <array>
#include <deque>
#include <string>
#include <vector>

#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"

#ifdef __linux__
#include <sys/eventfd.h>
#endif

using jalon::io_events;
using jalon::stream_socket;
using support::run_turns;

namespace {

// More turns than the loop needs to be sure of a stall.
constexpr int many_turns = 3'000;

const std::vector<std::string> nobody;

// A loop, and whom it names.
template <class On>
struct watched : On {
  watched() {
    this->loop.on_stall([this](std::string_view name, int fd) {
      named.push_back(std::string(name) + ' ' + std::to_string(fd));
    });
  }

  std::vector<std::string> named;
};

void read_one_byte(stream_socket& from) {
  char byte = 0;
  from.read_some({&byte, 1});
}

TEMPLATE_TEST_CASE("a handler that ignores the end of its input is named, once", "", OWN_LOOPS) {
  watched<TestType> on;
  auto ends = stream_socket::pair();
  ends.second = {};
  const auto watch = on.loop.watch(
      ends.first.fd(), io_events::read, [](io_events) {}, "deaf");
  run_turns(on, 4 * many_turns);
  CHECK(on.named == std::vector{"deaf " + std::to_string(ends.first.fd())});
}

TEMPLATE_TEST_CASE("a handler that always wants to write and never does is named", "", OWN_LOOPS) {
  watched<TestType> on;
  auto ends = support::tcp_pair();
  const auto watch = on.loop.watch(
      ends.first.fd(), io_events::write, [](io_events) {}, "idle");
  run_turns(on, many_turns);
  CHECK(on.named == std::vector{"idle " + std::to_string(ends.first.fd())});
}

TEMPLATE_TEST_CASE("a handler that leaves its bytes where they are is named", "", OWN_LOOPS) {
  watched<TestType> on;
  auto [near, far] = stream_socket::pair();
  far.write_some("never read");
  const auto watch = on.loop.watch(
      near.fd(), io_events::read, [](io_events) {}, "lazy");
  run_turns(on, many_turns);
  CHECK(on.named.size() == 1);
}

TEMPLATE_TEST_CASE("a handler that moves a byte now and then is named once at most", "",
                   OWN_LOOPS) {
  watched<TestType> on;
  auto ends = stream_socket::pair();
  ends.second.write_some(std::string(100, 'x'));
  int calls = 0;
  const auto watch = on.loop.watch(ends.first.fd(), io_events::read, [&](io_events) {
    if (++calls % many_turns == 0) read_one_byte(ends.first);
  });
  run_turns(on, 4 * many_turns);
  CHECK(on.named.size() == 1);
}

TEMPLATE_TEST_CASE("who really reads is not named, however long", "", OWN_LOOPS) {
  const bool tcp = GENERATE(true, false);
  CAPTURE(tcp);
  watched<TestType> on;
  auto ends = tcp ? support::tcp_pair() : stream_socket::pair();
  REQUIRE(ends.second.write_some(std::string(many_turns + 1, 'x')).bytes == many_turns + 1);
  const auto watch = on.loop.watch(ends.first.fd(), io_events::read,
                                   [&](io_events) { read_one_byte(ends.first); });
  run_turns(on, many_turns);
  CHECK(on.named == nobody);
}

TEMPLATE_TEST_CASE("who really writes is not named, though the other reads at once", "",
                   OWN_LOOPS) {
  const bool tcp = GENERATE(true, false);
  CAPTURE(tcp);
  watched<TestType> on;
  auto ends = tcp ? support::tcp_pair() : stream_socket::pair();
  const auto writer = on.loop.watch(
      ends.first.fd(), io_events::write, [&](io_events) { ends.first.write_some("x"); }, "writer");
  const auto reader = on.loop.watch(
      ends.second.fd(), io_events::read,
      [&](io_events) {
        std::array<char, 64> room;
        ends.second.read_some(room);
      },
      "reader");
  run_turns(on, many_turns);
  CHECK(on.named == nobody);
}

TEMPLATE_TEST_CASE("who both reads and writes is not named", "", OWN_LOOPS) {
  watched<TestType> on;
  auto ends = support::tcp_pair();
  ends.first.write_some("x");
  // A byte goes to and fro for ever.
  const auto echo = [](stream_socket& end) {
    return [&end](io_events) {
      read_one_byte(end);
      end.write_some("x");
    };
  };
  const auto left = on.loop.watch(ends.first.fd(), io_events::read, echo(ends.first));
  const auto right = on.loop.watch(ends.second.fd(), io_events::read, echo(ends.second));
  run_turns(on, 2 * many_turns);
  CHECK(on.named == nobody);
}

TEMPLATE_TEST_CASE("who takes a connection in every turn is not named", "", OWN_LOOPS) {
  watched<TestType> on;
  jalon::listener accepting(jalon::endpoint::loopback(0));
  int taken = 0;
  const auto watch = on.loop.watch(accepting.fd(), io_events::read, [&](io_events) {
    auto accepted = accepting.accept();
    if (!accepted.socket) return;
    ++taken;
    accepted.socket.reset_on_close();  // leaves no trace of itself in TIME_WAIT
  });
  std::deque<support::peer> clients;
  for (int turn = 0; turn < many_turns; ++turn) {
    // More wait than are taken, as at a server that is busy.
    while (clients.size() < 4) clients.emplace_back(accepting.local());
    clients.pop_front();
    clients.emplace_back(accepting.local());
    run_turns(on, 1);
  }
  CHECK(taken == many_turns);
  CHECK(on.named == nobody);
}

TEMPLATE_TEST_CASE("who takes one of many datagrams that look alike is not named", "", OWN_LOOPS) {
  watched<TestType> on;
  jalon::datagram_socket receiver(jalon::endpoint::loopback(0));
  jalon::datagram_socket sender(jalon::endpoint::loopback(0));
  int taken = 0;
  const auto watch = on.loop.watch(receiver.fd(), io_events::read, [&](io_events) {
    std::array<char, 16> room;
    taken += receiver.receive(room).result.bytes == 4 ? 1 : 0;
  });
  for (int i = 0; i < 3; ++i) sender.send_to("same", receiver.local());
  for (int turn = 0; turn < many_turns; ++turn) {
    sender.send_to("same", receiver.local());
    run_turns(on, 1);
  }
  CHECK(taken >= many_turns - 1);
  CHECK(on.named == nobody);
}

#ifdef __linux__
TEMPLATE_TEST_CASE("who empties something that has no bytes to count is not named", "", OWN_LOOPS) {
  watched<TestType> on;
  const jalon::unique_fd counter{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  const auto watch = on.loop.watch(counter.get(), io_events::read, [&](io_events) {
    eventfd_t value = 0;
    ::eventfd_read(counter.get(), &value);
  });
  for (int turn = 0; turn < many_turns; ++turn) {
    ::eventfd_write(counter.get(), 1);
    run_turns(on, 1);
  }
  CHECK(on.named == nobody);
}
#endif

TEMPLATE_TEST_CASE("the loop itself is not named, though somebody posts in every turn", "",
                   OWN_LOOPS) {
  watched<TestType> on;
  int ran = 0;
  for (int turn = 0; turn < many_turns; ++turn) {
    on.loop.post([&] { ++ran; });
    run_turns(on, 1);
  }
  CHECK(ran == many_turns);
  CHECK(on.named == nobody);
}

TEMPLATE_TEST_CASE("a pause clears a handler of suspicion", "", OWN_LOOPS) {
  watched<TestType> on;
  auto ends = stream_socket::pair();
  bool works = false;
  int idle = 0;
  const auto watch = on.loop.watch(ends.first.fd(), io_events::read, [&](io_events) {
    if (works)
      read_one_byte(ends.first);
    else
      ++idle;
  });
  // Each spell of idleness is short of a stall; together they are not.
  for (int spell = 0; spell < 4; ++spell) {
    ends.second.write_some(std::string(1'500, 'x'));
    works = true;
    run_turns(on, 1'001);
    works = false;
    run_turns(on, 900);
    works = true;
    run_turns(on, 600);
  }
  CHECK(idle == 4 * 900);
  CHECK(on.named == nobody);
}

TEST_CASE("a loop that nobody told whom to tell says it on standard error, and goes on") {
  jalon::reactor loop;
  auto ends = stream_socket::pair();
  const auto pipe = jalon::make_pipe();
  // Takes standard error away for as long as the loop may write to it.
  const jalon::unique_fd saved{::dup(2)};
  ::dup2(pipe.write.get(), 2);
  {
    const auto watch = loop.watch(
        ends.first.fd(), io_events::write, [](io_events) {}, "who");
    for (int turn = 0; turn < many_turns; ++turn) loop.run_once(std::chrono::milliseconds(0));
  }
  ::dup2(saved.get(), 2);
  std::array<char, 512> room{};
  const auto said = ::read(pipe.read.get(), room.data(), room.size());
  REQUIRE(said > 0);
  const std::string line(room.data(), static_cast<std::size_t>(said));
  INFO(line);
  CHECK(line.starts_with("jalon: the handler of who (descriptor "));
  CHECK(line.find('\n') == line.size() - 1);
}

}  // namespace
