// A client's link to its server: how it ends, and that it never holds the server up.
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jalon/connect.hpp>
#include <jalon/reactor.hpp>

#include "catch.hpp"
#include "program/server_link.hpp"
#include "support/resources.hpp"

namespace {

using events = std::vector<std::string>;

// A link, and its server as a bare socket.
struct link_scene {
  events told;
  jalon::reactor loop;
  jalon::listener listener{jalon::endpoint::loopback(0)};
  program::server_link link{
      loop,
      jalon::connect({listener.local()}, std::chrono::seconds(10)),
      {.line = [this](std::string_view line) { told.emplace_back(line); },
       .malformed = [this] { told.emplace_back("malformed"); },
       .closed = [this] { told.push_back("closed " + std::to_string(link.status())); },
       .busy = [this](bool busy) { told.emplace_back(busy ? "busy" : "not busy"); }}};
  jalon::stream_socket server = accept();

  jalon::stream_socket accept() {
    support::await_readable(listener.fd());
    return listener.accept().socket;
  }

  // Turns until the link has told so many things; loopback needs no time worth speaking of.
  void turn_until(std::size_t count) {
    for (int turns = 0; turns < 1'000 && told.size() < count; ++turns)
      loop.run_once(std::chrono::milliseconds(10));
  }

  // All that the server gets up to the end.
  std::string read_by_server() {
    std::string all;
    std::string piece(65'536, '\0');
    for (int turns = 0; turns < 10'000; ++turns) {
      loop.run_once(std::chrono::milliseconds(0));
      const jalon::io_result result = server.read_some(piece);
      if (result.status == jalon::io_status::would_block) continue;
      if (result.status != jalon::io_status::ok) break;
      all.append(piece, 0, result.bytes);
    }
    return all;
  }
};

}  // namespace

TEST_CASE("A server that closes after the client has finished was asked to: status 0") {
  link_scene scene;
  scene.link.send("question");
  scene.link.finish();
  CHECK(scene.read_by_server() == "question\n");
  scene.server.write_some("answer\n");
  scene.server = {};
  scene.turn_until(2);
  CHECK(scene.told == events{"answer", "closed 0"});
}

TEST_CASE("A server that closes by itself has gone: status 1") {
  link_scene scene;
  scene.server.write_some("last words\n");
  scene.server = {};
  scene.turn_until(2);
  CHECK(scene.told == events{"last words", "closed 1"});
}

TEST_CASE("A connection that breaks before the answers are here is lost: status 1") {
  link_scene scene;
  scene.link.finish();
  CHECK(scene.read_by_server().empty());
  scene.server.reset_on_close();
  scene.server = {};
  scene.turn_until(1);
  CHECK(scene.told == events{"closed 1"});
}

TEST_CASE("A server that makes the client answer, and does not read, is left") {
  link_scene scene;
  const std::string answer(60'000, 'x');
  for (int i = 0; i < 1'000; ++i) {
    scene.link.send(answer);
    scene.loop.run_once(std::chrono::milliseconds(0));
  }
  CHECK(scene.told == events{"busy", "closed 1"});
}

TEST_CASE("A line that is too long is told, and the next one comes") {
  link_scene scene;
  const std::string line(70'000, 'x');
  std::string_view rest = line;
  for (int turns = 0; turns < 1'000 && !rest.empty(); ++turns) {
    rest.remove_prefix(scene.server.write_some(rest).bytes);
    scene.loop.run_once(std::chrono::milliseconds(0));
  }
  scene.server.write_some("\nnext\n");
  scene.turn_until(2);
  CHECK(scene.told == events{"malformed", "next"});
}

TEST_CASE("Whoever sends more than the server takes is asked to pause, once, and to go on, once") {
  link_scene scene;
  const std::string line(60'000, 'x');
  int lines = 0;
  for (; lines < 1'000 && scene.told.empty(); ++lines) {
    scene.link.send(line);
    scene.loop.run_once(std::chrono::milliseconds(0));
  }
  scene.link.send(line);
  CHECK(scene.told == events{"busy"});
  scene.link.finish();
  const std::size_t received = scene.read_by_server().size();
  CHECK(received == static_cast<std::size_t>(lines + 1) * (line.size() + 1));
  CHECK(scene.told == events{"busy", "not busy"});
}

TEST_CASE("What the server makes a client send does not stop its user") {
  link_scene scene;
  const std::string line(60'000, 'x');
  for (int lines = 0; lines < 200; ++lines) scene.link.send_unasked(line);
  scene.link.send("typed");
  scene.loop.run_once(std::chrono::milliseconds(0));
  CHECK(scene.told.empty());
  scene.link.send(line);
  scene.link.send(line);
  CHECK(scene.told == events{"busy"});
}

TEST_CASE("What the server sends is read while more than it takes waits for it") {
  link_scene scene;
  const std::string line(60'000, 'x');
  for (int lines = 0; lines < 200; ++lines) scene.link.send(line);
  scene.loop.run_once(std::chrono::milliseconds(0));
  scene.server.write_some("I speak before I listen\n");
  scene.turn_until(2);
  CHECK(scene.told == events{"busy", "I speak before I listen"});
}
