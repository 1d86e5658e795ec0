// Datagrams: whole or not at all.
#include <array>
#include <string>

#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

using jalon::datagram_socket;
using jalon::endpoint;
using jalon::io_status;

namespace {

TEST_CASE("a datagram comes whole, and tells who sent it") {
  datagram_socket here(endpoint::loopback(0));
  datagram_socket there(endpoint::loopback(0));
  CHECK(here.send_to("hello", there.local()).bytes == 5);
  CHECK(here.send_to("again", there.local()).bytes == 5);

  std::array<char, 64> room;
  for (const std::string due : {"hello", "again"}) {
    support::await_readable(there.fd());
    const auto one = there.receive(room);
    CHECK(one.result.status == io_status::ok);
    CHECK(std::string(room.data(), one.result.bytes) == due);
    CHECK(one.from == here.local());
    CHECK_FALSE(one.truncated);
  }
  CHECK(there.receive(room).result.status == io_status::would_block);
}

TEST_CASE("an empty datagram is a datagram, not an end") {
  datagram_socket here(endpoint::loopback(0));
  datagram_socket there(endpoint::loopback(0));
  CHECK(here.send_to("", there.local()).status == io_status::ok);
  support::await_readable(there.fd());
  std::array<char, 8> room;
  const auto one = there.receive(room);
  CHECK(one.result.status == io_status::ok);
  CHECK(one.result.bytes == 0);
  CHECK(one.from == here.local());
}

TEST_CASE("what does not fit is lost, and said so") {
  datagram_socket here(endpoint::loopback(0));
  datagram_socket there(endpoint::loopback(0));
  here.send_to("long", there.local());
  here.send_to("next", there.local());
  std::array<char, 2> room;
  support::await_readable(there.fd());
  const auto one = there.receive(room);
  CHECK(std::string(room.data(), one.result.bytes) == "lo");
  CHECK(one.truncated);
  CHECK(there.receive(room).truncated);
  CHECK(room[0] == 'n');
}

TEST_CASE("a datagram that is too long for the system is refused whole") {
  datagram_socket here(endpoint::loopback(0));
  const auto result = here.send_to(std::string(100'000, 'x'), here.local());
  CHECK(result.status == io_status::error);
  CHECK(result.error == std::errc::message_size);
}

TEST_CASE("a datagram socket's port that is taken is an error that names the endpoint") {
  const datagram_socket first(endpoint::loopback(0));
  const auto error = support::thrown_by([&] { datagram_socket second(first.local()); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::address_in_use);
  CHECK(std::string(error->what()).starts_with("bind " + first.local().to_string() + ": "));
}

}  // namespace
