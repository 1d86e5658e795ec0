// Ending one side of a connection and going on to listen, as a client does that has asked all.
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <jalon/connection.hpp>
#include <jalon/reactor.hpp>

#include "catch.hpp"
#include "support/handler.hpp"

namespace {

// A connection on a loop, and the other end as a bare socket.
struct half_close_scene final : jalon::connection_handler {
  std::vector<std::string> events;
  jalon::reactor loop;
  std::pair<jalon::stream_socket, jalon::stream_socket> ends = jalon::stream_socket::pair();
  jalon::stream_socket& peer = ends.second;
  jalon::connection<jalon::reactor> link{loop, std::move(ends.first), *this};

  void received(const jalon::frame& frame) override { events.emplace_back(frame.payload); }
  void ended(std::error_code error) override { events.push_back(error ? "broken" : "ended"); }
  void closed() override { events.emplace_back("closed"); }
  void drained() override { events.emplace_back("drained"); }

  void turn() { loop.run_once(std::chrono::milliseconds(0)); }

  // All that the peer can read now; "<end>" stands for the end.
  std::string read_by_peer() {
    std::string text(4'096, '\0');
    const jalon::io_result result = peer.read_some(text);
    text.resize(result.bytes);
    return result.status == jalon::io_status::end ? "<end>" : text;
  }
};

using events = std::vector<std::string>;

}  // namespace

TEST_CASE("After end_output what waited is sent, then the peer reads the end") {
  half_close_scene scene;
  scene.link.send("last words");
  scene.link.end_output();
  scene.turn();
  CHECK(scene.read_by_peer() == "last words\n");
  CHECK(scene.read_by_peer() == "<end>");
}

TEST_CASE("After end_output the peer's answers are delivered, and its end is told") {
  half_close_scene scene;
  scene.link.end_output();
  scene.turn();
  scene.peer.write_some("answer\n");
  scene.turn();
  CHECK(scene.events == events{"answer"});
  scene.peer = {};
  scene.turn();
  CHECK(scene.events == events{"answer", "ended", "closed"});
}

TEST_CASE("What is sent after end_output is dropped, and a second end_output changes nothing") {
  half_close_scene scene;
  scene.link.end_output();
  scene.link.send("too late");
  scene.link.end_output();
  scene.turn();
  CHECK(scene.read_by_peer() == "<end>");
}

TEST_CASE("A connection that has ended its side can still be closed") {
  half_close_scene scene;
  scene.link.end_output();
  scene.turn();
  scene.link.close();
  scene.turn();
  CHECK(scene.events.empty());
  scene.peer = {};
  scene.turn();
  CHECK(scene.events == events{"closed"});
}

TEST_CASE("It is told when all that waited is sent, and not before") {
  half_close_scene scene;
  const std::string line(1'000'000, 'x');
  scene.link.send(line);
  std::size_t read = 0;
  for (int turns = 0; turns < 10'000 && read < line.size(); ++turns) {
    CHECK(scene.events.empty());
    scene.turn();
    if (scene.link.queued() == 0) break;
    read += scene.read_by_peer().size();
  }
  CHECK(scene.events == events{"drained"});
}

TEST_CASE("A drained handler may close the connection") {
  half_close_scene scene;
  std::string closed;
  jalon::reactor& loop = scene.loop;
  auto ends = jalon::stream_socket::pair();
  std::optional<jalon::connection<jalon::reactor>> link;
  support::function_handler handler;
  handler.on_closed = [&] { closed = "closed"; };
  handler.on_drained = [&] { link->abort(); };
  link.emplace(loop, std::move(ends.first), handler);
  link->send("one line");
  scene.turn();
  CHECK(closed == "closed");
}
