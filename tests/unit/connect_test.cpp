// Connecting: all endpoints of a name under one deadline.
#include <deque>
#include <optional>

#include <jalon/connect.hpp>

#include "catch.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

using jalon::connector;
using jalon::endpoint;
using jalon::listener;
using namespace std::chrono_literals;

namespace {

constexpr auto long_enough = 10s;

// Where nobody listens: a port that was free a moment ago.
endpoint refusing() { return listener(endpoint::loopback(0)).local(); }

// Who listens and does not answer: its queue is full, and the system drops who comes more.
class silent_listener {
 public:
  silent_listener() {
    for (int i = 0; i < 8; ++i) in_queue_.emplace_back(std::vector{at()});
  }
  endpoint at() const { return full_.local(); }

 private:
  static jalon::listen_options no_queue() {
    jalon::listen_options options;
    options.backlog = 0;
    return options;
  }

  listener full_{endpoint::loopback(0), no_queue()};
  std::deque<connector> in_queue_;
};

bool writable(int fd) { return jalon::detail::wait_writable(fd, std::chrono::steady_clock::now()); }

TEST_CASE("connecting gives a socket that does not block, to the one who listens") {
  listener accepting(endpoint::loopback(0));
  const auto socket = jalon::connect({accepting.local()}, long_enough);
  CHECK(socket.remote() == accepting.local());
  CHECK((::fcntl(socket.fd(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("endpoints that refuse are passed over") {
  listener accepting(endpoint::loopback(0));
  const auto socket = jalon::connect(
      {refusing(), *endpoint::unix_path("/no/such"), accepting.local()}, long_enough);
  CHECK(socket.remote() == accepting.local());
}

TEST_CASE("one that is silent has its share of the time, and the next one answers") {
  const silent_listener silent;
  listener accepting(endpoint::loopback(0));
  const auto socket = jalon::connect({silent.at(), accepting.local()}, 20ms);
  CHECK(socket.remote() == accepting.local());
}

TEST_CASE("when all refuse, the error names the last and says why") {
  const endpoint first = refusing();
  const endpoint last = *endpoint::unix_path("/no/such");
  const auto error = support::thrown_by([&] { jalon::connect({first, last}, long_enough); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::no_such_file_or_directory);
  CHECK(std::string(error->what()).starts_with("connect unix:/no/such: "));
}

TEST_CASE("when the last is silent, the error says that the time is up") {
  const silent_listener silent;
  const auto error = support::thrown_by([&] { jalon::connect({refusing(), silent.at()}, 1ms); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::timed_out);
  CHECK(std::string(error->what()).starts_with("connect " + silent.at().to_string() + ": "));
}

TEST_CASE("when one is silent and the last refuses, the error is the last one's own") {
  const silent_listener silent;
  const endpoint last = *endpoint::unix_path("/no/such");
  const auto error = support::thrown_by([&] { jalon::connect({silent.at(), last}, 2ms); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::no_such_file_or_directory);
  CHECK(std::string(error->what()).starts_with("connect unix:/no/such: "));
}

TEST_CASE("with no endpoint at all there is nowhere to connect to") {
  const auto error = support::thrown_by([] { jalon::connect({}, long_enough); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::host_unreachable);
}

TEST_CASE("a connector goes on by itself after a failure, without waiting") {
  listener accepting(endpoint::loopback(0));
  connector attempt({refusing(), accepting.local()});
  for (int i = 0; i < 3 && attempt.status() == connector::state::pending; ++i) {
    REQUIRE(
        jalon::detail::wait_writable(attempt.fd(), std::chrono::steady_clock::now() + long_enough));
    attempt.advance();
  }
  CHECK(attempt.status() == connector::state::connected);
  CHECK(attempt.advance() == connector::state::connected);
  CHECK(attempt.target() == accepting.local());
  CHECK(attempt.left() == 0);
  CHECK(attempt.error() == std::errc::connection_refused);
  CHECK(attempt.take().remote() == accepting.local());
}

TEST_CASE("a connector that waits for one that is silent can be told to skip it") {
  const silent_listener silent;
  connector attempt({silent.at(), *endpoint::unix_path("/no/such")});
  CHECK(attempt.status() == connector::state::pending);
  CHECK(attempt.left() == 1);
  CHECK_FALSE(writable(attempt.fd()));
  CHECK(attempt.skip() == connector::state::failed);
  CHECK(attempt.fd() == -1);
  CHECK(attempt.error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("a family that the system does not have is passed over") {
  sockaddr_storage unknown{};
  unknown.ss_family = 9'999 % 60'000;
  const endpoint strange(reinterpret_cast<const sockaddr*>(&unknown), sizeof unknown);
  listener accepting(endpoint::loopback(0));
  CHECK(jalon::connect({strange, accepting.local()}, long_enough).remote() == accepting.local());
  CHECK(connector({strange}).status() == connector::state::failed);
}

TEST_CASE("out of descriptors, connecting says so and leaves nothing open") {
  listener accepting(endpoint::loopback(0));
  const endpoint at = accepting.local();
  const std::size_t before = support::open_descriptors();
  std::optional<std::system_error> error;
  {
    const support::no_descriptors none_left;
    error = support::thrown_by([&] { jalon::connect({at}, long_enough); });
  }
  REQUIRE(error);
  CHECK(error->code() == std::errc::too_many_files_open);
  CHECK(support::open_descriptors() == before);
}

}  // namespace
