// Connected streams: reading, writing, ending, breaking; never waiting, never a signal.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <string>
#include <system_error>
#include <thread>

#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

using jalon::io_status;
using jalon::stream_socket;

namespace {

std::string read_all(stream_socket& socket) {
  std::array<char, 256> room;
  return {room.data(), socket.read_some(room).bytes};
}

template <class Value>
Value option(int fd, int level, int name) {
  Value value{};
  socklen_t size = sizeof value;
  jalon::check_call(::getsockopt(fd, level, name, &value, &size), "getsockopt");
  return value;
}

constexpr std::chrono::seconds idle_time{61};
constexpr std::chrono::seconds interval{11};
constexpr int probes = 4;

void check_keepalive(int fd) {
  CHECK(option<int>(fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
#ifdef TCP_KEEPIDLE
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_KEEPIDLE) == idle_time.count());
#endif
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_KEEPINTVL) == interval.count());
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_KEEPCNT) == probes);
}

TEST_CASE("what one end writes the other reads") {
  auto [left, right] = stream_socket::pair();
  const auto written = left.write_some("hello");
  CHECK(written.status == io_status::ok);
  CHECK(written.bytes == 5);
  CHECK(read_all(right) == "hello");
}

TEST_CASE("reading returns at once when nothing is there, and tells the end") {
  auto [left, right] = stream_socket::pair();
  std::array<char, 8> room;
  CHECK(right.read_some(room).status == io_status::would_block);

  left.write_some("last");
  left.shutdown_write();
  CHECK(right.read_some(room).bytes == 4);
  CHECK(right.read_some(room).status == io_status::end);

  SECTION("and after a half-close the other direction is open") {
    right.write_some("answer");
    CHECK(read_all(left) == "answer");
  }
}

TEST_CASE("reading into no room is no end") {
  auto [left, right] = stream_socket::pair();
  left.write_some("x");
  const auto nothing = right.read_some({});
  CHECK(nothing.status == io_status::ok);
  CHECK(nothing.bytes == 0);
  CHECK(read_all(right) == "x");
}

TEST_CASE("writing takes what the system takes, then would block") {
  auto [left, right] = stream_socket::pair();
  const std::string much(1 << 20, 'x');
  std::size_t taken = 0;
  auto result = left.write_some(much);
  for (int tries = 0; tries < 1'000 && result.status == io_status::ok; ++tries) {
    taken += result.bytes;
    result = left.write_some(much);
  }
  CHECK(result.status == io_status::would_block);
  CHECK(result.bytes == 0);
  CHECK(taken > 0);
}

TEST_CASE("pieces are written in order by one call") {
  auto [left, right] = stream_socket::pair();
  std::array<std::string, 3> words = {"one ", "two ", "three"};
  std::array<iovec, 3> pieces;
  for (std::size_t i = 0; i < words.size(); ++i) pieces[i] = {words[i].data(), words[i].size()};
  CHECK(left.write_some(pieces).bytes == 13);
  CHECK(read_all(right) == "one two three");
}

TEST_CASE("writing to a peer that has gone is an error, and raises no signal") {
  // With SIGPIPE as it is by default, a signal would end the test here.
  REQUIRE(support::disposition(SIGPIPE) == SIG_DFL);
  auto [left, right] = stream_socket::pair();
  right = {};
  const auto plain = left.write_some("into the void");
  CHECK(plain.status == io_status::error);
  CHECK(plain.error == std::errc::broken_pipe);

  std::string text = "gathered";
  const iovec piece{text.data(), text.size()};
  const auto gathered = left.write_some(std::span(&piece, 1));
  CHECK(gathered.error == std::errc::broken_pipe);
  CHECK(support::disposition(SIGPIPE) == SIG_DFL);
}

TEST_CASE("a connection that the peer resets is broken, not ended") {
  auto [client, accepted] = support::tcp_pair();
  support::peer rude(std::move(client));
  rude.send("half a li");
  support::await_readable(accepted.fd());
  rude.reset();
  std::array<char, 64> room;
  // The bytes that came before may be lost with the connection, but it never ends in order.
  auto result = accepted.read_some(room);
  if (result.status == io_status::ok) result = accepted.read_some(room);
  CHECK(result.status == io_status::error);
  CHECK(result.error == std::errc::connection_reset);
}

TEST_CASE("a signal in the middle of a call is not seen by who reads") {
  static std::atomic<int> caught;
  caught = 0;
  const support::caught_signal usr1(SIGUSR1, [](int) { ++caught; });

  // A socket that waits, so that there is something to interrupt.
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  stream_socket waiting{jalon::unique_fd{fds[0]}};
  stream_socket other{jalon::unique_fd{fds[1]}};

  std::thread interrupter([reader = ::pthread_self(), &other] {
    // Again and again, for ThreadSanitizer keeps a signal that comes just before a call until that
    // call ends: another one has to end it.
    while (caught < 100) {
      ::pthread_kill(reader, SIGUSR1);
      std::this_thread::yield();
    }
    other.write_some("word");
  });
  std::array<char, 8> room;
  const auto result = waiting.read_some(room);
  interrupter.join();
  CHECK(result.status == io_status::ok);
  CHECK(std::string(room.data(), result.bytes) == "word");
  CHECK(caught >= 100);
}

TEST_CASE("every socket is closed on exec and does not block") {
  auto [left, right] = stream_socket::pair();
  const auto opened = stream_socket::open(AF_INET);
  auto [client, accepted] = support::tcp_pair();
  for (const int fd : {left.fd(), right.fd(), opened.fd(), client.fd(), accepted.fd()}) {
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  }
}

TEST_CASE("a socket tells both its ends") {
  auto [client, accepted] = support::tcp_pair();
  CHECK(client.local() == accepted.remote());
  CHECK(client.remote() == accepted.local());
  CHECK(client.local().address() == "127.0.0.1");
  CHECK(client.local().port() != 0);
}

TEST_CASE("a socket that is not connected has no other end, and the error says which call") {
  const auto lonely = stream_socket::open(AF_INET);
  const auto error = support::thrown_by([&] { static_cast<void>(lonely.remote()); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::not_connected);
  CHECK(std::string(error->what()).starts_with("getpeername: "));
}

TEST_CASE("options reach the system") {
  auto [client, accepted] = support::tcp_pair();
  const int fd = accepted.fd();

  accepted.set_no_delay(true);
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
  accepted.set_no_delay(false);
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_NODELAY) == 0);

  accepted.set_keepalive(idle_time, interval, probes);
  check_keepalive(fd);

#ifdef TCP_KEEPIDLE
  accepted.set_keepalive(std::chrono::seconds::max(), std::chrono::seconds((1LL << 32) + 5),
                         probes);
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 32'767);
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 32'767);
#endif
  CHECK_THROWS_AS(accepted.set_keepalive(std::chrono::seconds::min(), interval, probes),
                  std::system_error);

  accepted.set_buffers(20'000, 30'000);
  CHECK(option<int>(fd, SOL_SOCKET, SO_SNDBUF) >= 20'000);
  CHECK(option<int>(fd, SOL_SOCKET, SO_RCVBUF) >= 30'000);
  CHECK(option<int>(fd, SOL_SOCKET, SO_SNDBUF) < 100'000);
}

TEST_CASE("what a listener accepts inherits the listener's options") {
  jalon::listener listener(jalon::endpoint::loopback(0));
  listener.set_no_delay(true);
  listener.set_keepalive(idle_time, interval, probes);
  const auto client = jalon::connect({listener.local()}, std::chrono::seconds(10));
  support::await_readable(listener.fd());
  const auto accepted = listener.accept();
  REQUIRE(accepted.status == io_status::ok);

  const int fd = accepted.socket.fd();
  CHECK(option<int>(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
  check_keepalive(fd);
}

TEST_CASE("an option of another kind of socket is an error that names the call") {
  auto [left, right] = stream_socket::pair();
  const auto error = support::thrown_by([&socket = left] { socket.set_no_delay(true); });
  REQUIRE(error);
  CHECK(std::string(error->what()).starts_with("setsockopt: "));
}

TEST_CASE("an error that waits on a socket is taken once") {
  auto [client, accepted] = support::tcp_pair();
  CHECK_FALSE(client.take_error());
  support::peer(std::move(accepted)).reset();
  support::await_readable(client.fd());
  CHECK(client.take_error() == std::errc::connection_reset);
  CHECK_FALSE(client.take_error());
  CHECK(stream_socket().take_error() == std::errc::bad_file_descriptor);
}

TEST_CASE("a socket that is released is owned by the caller") {
  auto [left, right] = stream_socket::pair();
  const jalon::unique_fd owner = left.release();
  CHECK_FALSE(left);
  CHECK(left.fd() == -1);
  CHECK(support::is_open(owner.get()));
}

TEST_CASE("a family that there is not is an error that names the call") {
  const auto error = support::thrown_by([] { static_cast<void>(stream_socket::open(9'999)); });
  REQUIRE(error);
  CHECK(std::string(error->what()).starts_with("socket: "));
}

}  // namespace
