// Listeners: where they are, who comes, and what happens when descriptors run out.
#include <filesystem>
#include <fstream>
#include <optional>

#include <jalon/socket.hpp>

#include "catch.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

using jalon::endpoint;
using jalon::io_status;
using jalon::listener;
using support::peer;

namespace {

TEST_CASE("a listener on port 0 tells the port that the system chose") {
  const listener accepting(endpoint::loopback(0));
  CHECK(accepting.local().address() == "127.0.0.1");
  CHECK(accepting.local().port() != 0);
}

TEST_CASE("a listener takes who comes, and tells where from") {
  listener accepting(endpoint::loopback(0));
  CHECK(accepting.accept().status == io_status::would_block);

  peer client(accepting.local());
  support::await_readable(accepting.fd());
  auto taken = accepting.accept();
  REQUIRE(taken.status == io_status::ok);
  CHECK(taken.peer == client.socket().local());
  CHECK((::fcntl(taken.socket.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(taken.socket.fd(), F_GETFL) & O_NONBLOCK) != 0);

  taken.socket.write_some("welcome");
  support::await_readable(client.socket().fd());
  CHECK(client.received() == "welcome");
  CHECK(accepting.accept().status == io_status::would_block);
}

TEST_CASE("a port that is taken is an error that names the call and the endpoint") {
  const listener first(endpoint::loopback(0));
  const auto error = support::thrown_by([&] { listener second(first.local()); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::address_in_use);
  CHECK(std::string(error->what()).starts_with("bind " + first.local().to_string() + ": "));
}

TEST_CASE("a server that ends its connections first can be started again on its port at once") {
  std::optional<listener> before(endpoint::loopback(0));
  const endpoint at = before->local();
  peer client(at);
  support::await_readable(before->fd());
  before->accept().socket = {};  // so the port's last connection stays in TIME_WAIT
  support::await_readable(client.socket().fd());
  client.leave();
  before.reset();

  jalon::listen_options unwilling;
  unwilling.reuse_address = false;
  const auto error = support::thrown_by([&] { listener without(at, unwilling); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::address_in_use);
  CHECK_FALSE(support::thrown_by([&] { listener again(at); }));
}

TEST_CASE("a listener that moves goes on listening") {
  listener first(endpoint::loopback(0));
  listener second(std::move(first));
  const peer client(second.local());
  support::await_readable(second.fd());
  CHECK(second.accept().status == io_status::ok);
}

TEST_CASE("out of descriptors, a client is refused at once and the next ones are served") {
  listener accepting(endpoint::loopback(0));
  peer unlucky(accepting.local());
  support::await_readable(accepting.fd());
  jalon::accept_result accepted;
  jalon::accept_result then;
  bool refused = false;
  bool refused_another = false;
  bool learned_it = false;
  {
    const support::no_descriptors none_left;
    accepted = accepting.accept();
    refused = accepting.refuse();
    support::await_readable(unlucky.socket().fd());
    learned_it = unlucky.gone();
    then = accepting.accept();
    refused_another = accepting.refuse();
  }
  CHECK(accepted.status == io_status::error);
  CHECK(jalon::is_out_of_descriptors(accepted.error));
  CHECK(refused);
  CHECK(learned_it);
  INFO("nobody waits any more, so a loop can rest");
  CHECK(then.status == io_status::would_block);
  CHECK_FALSE(refused_another);

  const peer lucky(accepting.local());
  support::await_readable(accepting.fd());
  CHECK(accepting.accept().status == io_status::ok);
}

TEST_CASE("out of descriptors, a connection waits until something is closed") {
  listener accepting(endpoint::loopback(0));
  const peer patient(accepting.local());
  support::await_readable(accepting.fd());
  auto spare = std::make_optional(jalon::stream_socket::pair());
  jalon::accept_result before;
  jalon::accept_result after;
  {
    const support::no_descriptors none_left;
    before = accepting.accept();
    spare.reset();
    after = accepting.accept();
  }
  CHECK(jalon::is_out_of_descriptors(before.error));
  CHECK(after.status == io_status::ok);
}

TEST_CASE("a listener can refuse as many as come, one for each call") {
  listener accepting(endpoint::loopback(0));
  peer first(accepting.local());
  peer second(accepting.local());
  int refused = 0;
  {
    const support::no_descriptors none_left;
    for (peer* unlucky : {&first, &second}) {
      support::await_readable(accepting.fd());
      accepting.refuse();
      support::await_readable(unlucky->socket().fd());
      if (unlucky->gone()) ++refused;
    }
  }
  CHECK(refused == 2);
}

TEST_CASE("a unix listener's file is there while it lives") {
  const support::temporary_folder folder;
  const auto at = *endpoint::unix_path((folder / "socket").string());
  {
    listener accepting(at);
    CHECK(accepting.local() == at);
    CHECK(std::filesystem::is_socket(at.address()));

    peer client(at);
    support::await_readable(accepting.fd());
    auto taken = accepting.accept();
    REQUIRE(taken.status == io_status::ok);
    CHECK(taken.peer.family() == AF_UNIX);
    client.send("hello");
    support::await_readable(taken.socket.fd());
    CHECK(peer(std::move(taken.socket)).received() == "hello");

    const listener moved(std::move(accepting));
    CHECK(std::filesystem::exists(at.address()));
  }
  CHECK_FALSE(std::filesystem::exists(at.address()));
}

TEST_CASE("the file of a server that died is replaced, that of one that lives is not") {
  const support::temporary_folder folder;
  const auto at = *endpoint::unix_path((folder / "socket").string());
  {
    const jalon::unique_fd dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    REQUIRE(::bind(dead.get(), at.data(), at.size()) == 0);
  }
  REQUIRE(std::filesystem::exists(at.address()));

  const listener alive(at);
  const auto error = support::thrown_by([&] { listener second(at); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::address_in_use);
  CHECK(std::filesystem::exists(at.address()));
}

TEST_CASE("a file that is no socket is never replaced by one") {
  const support::temporary_folder folder;
  const auto at = *endpoint::unix_path((folder / "thesis.txt").string());
  std::ofstream(at.address()) << "three years of work";

  const auto error = support::thrown_by([&] { listener careless(at); });
  REQUIRE(error);
  CHECK(error->code() == std::errc::address_in_use);
  std::string content;
  std::getline(std::ifstream(at.address()), content);
  CHECK(content == "three years of work");
}

}  // namespace
